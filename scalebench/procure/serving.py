"""Capacity: what one node serves at the service level, as measured, or why it serves nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scalebench.analysis.stats import Estimate
from scalebench.suite.case import AXES, configuration_text

Origin = Literal["measured", "extrapolated", "imported"]


@dataclass(frozen=True)
class Setup:
    """A model and the way it is run on one node.

    Attributes:
        model: written form of the variant.
        resolution: side of the input, pixels.
        precision, layout, runtime: as in a case.
        threads: of each copy.
        instances: copies at once, in all.
        setting: what else is not as usual, see ``Case.setting``.
    """

    model: str
    resolution: int
    precision: str
    layout: str
    runtime: str
    threads: int
    instances: int
    setting: str = ""

    @property
    def label(self) -> str:
        """Short text for tables."""
        return f"{self.model}@{self.resolution} {self.configuration}"

    @property
    def configuration(self) -> str:
        """How it runs, in words."""
        text = configuration_text({"precision": self.precision, "layout": self.layout, "runtime": self.runtime})
        copies = f", {self.instances} copies of {AXES['threads'].words(self.threads)}" if self.instances > 1 else ""
        return text + copies


@dataclass(frozen=True)
class Capacity:
    """What one node serves with one setup while it keeps the service level.

    Attributes:
        node: id of the plan's node.
        setup: model and way of running.
        batch: the one that serves most within the service level; of equal ones the smallest.
        images_per_s: of the whole node with the interval of its rounds (F2); what the input pipeline caps is capped.
        counted_on: the end of that interval the plan's ``capacity_bound`` counts on, images per second.
        tail_s: service time of the batch at the plan's percentile, seconds.
        worst_s: longest answer counted on, seconds: twice the tail's upper end (its value where the bound is the
            median), and the overhead.
        draws: capacity under resampled rounds, images per second; equally many for all capacities of a decision.
        limit: what sets it, in words: the service level, memory, the input pipeline, the largest batch measured.
        origin: whether it was measured on this node; nothing else may win silently.
        machine: machine of the records.
        n: rounds behind it.
        memory_bytes: peak at the batch, all copies.
        notes: doubts of the records in words.
    """

    node: str
    setup: Setup
    batch: int
    images_per_s: Estimate
    counted_on: float
    tail_s: Estimate
    worst_s: float
    draws: tuple[float, ...]
    limit: str
    origin: Origin
    machine: str
    n: int
    memory_bytes: float
    notes: tuple[str, ...] = ()


Reason = Literal[
    "slo", "percentile_not_established", "memory", "accuracy", "accuracy_not_assessed", "input_pipeline",
    "not_measured", "imported", "wrong", "price_expired", "does_not_fit_machine",
]  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """Why a node does not serve with a setup, or an offer is not considered.

    Attributes:
        node: id of the plan's node.
        setup: None where nothing of the node serves.
        reason: in one word.
        text: with the numbers, such as ``72 ms against 60 ms``.
    """

    node: str
    setup: Setup | None
    reason: Reason
    text: str
