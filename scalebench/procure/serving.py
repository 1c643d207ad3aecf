"""What one node serves at the service level with one setup, or why it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from scalebench.analysis.stats import Estimate
from scalebench.procure import formulas as f
from scalebench.suite.case import AXES, configuration_text

Origin = Literal["measured", "extrapolated", "imported"]
Reason = Literal[
    "slo", "percentile_not_established", "memory", "accuracy", "accuracy_not_assessed", "input_pipeline",
    "not_measured", "imported", "wrong", "price_expired", "does_not_fit_machine",
]  # fmt: skip
Objection = tuple[Reason, str]
"""Why something does not serve, and the sentence with its numbers, such as ``72 ms against 60 ms``."""


@dataclass(frozen=True)
class Setup:
    """A model and its configuration on one node.

    Attributes:
        resolution: side of the input, pixels.
        threads: of each copy.
        instances: concurrent copies in all.
        setting: other settings that are not the default, see ``Case.setting``.
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
    def configuration(self) -> str:
        """How the model is run, for tables."""
        text = configuration_text({"precision": self.precision, "layout": self.layout, "runtime": self.runtime})
        copies = f", {self.instances} copies of {AXES['threads'].words(self.threads)}" if self.instances > 1 else ""
        return text + copies

    @property
    def label(self) -> str:
        """Model and configuration, for tables."""
        return f"{self.model}@{self.resolution} {self.configuration}"


@dataclass(frozen=True)
class LatencyCurve:
    """Percentile of the latencies over the rate of random arrivals on a whole node, overhead included, in seconds."""

    rates_ips: tuple[float, ...]
    latency_s: tuple[float, ...]


@dataclass(frozen=True)
class Capacity:
    """What one node serves with one setup within the service level.

    Attributes:
        node: id of the plan's node.
        batch: largest batch, the one with which the node may be planned for most; of equal ones the smallest.
        images_per_s: of the whole node in full batches back to back, with the interval over rounds (F1), capped by the
            input pipeline; ``max_utilisation`` is a share of it.
        slo_images_per_s: highest rate of random arrivals at which the service level is met, simulated (F2).
        counted_on, slo_counted_on: the ends of these intervals the plan's ``capacity_bound`` counts on.
        tail_s: service time of the batch at the plan's percentile, seconds.
        latency_s: percentile of the latencies at the highest rate the node is planned for, simulated, overhead
            included, seconds.
        draws, slo_draws: both rates of the drawn service times; equally many for all capacities of a decision.
        limit: what sets it, in words: the service level, memory, the input pipeline, the largest batch measured.
        origin: whether it was measured on this node; an offer that was not is marked wherever it appears.
        n: rounds behind it.
        memory_bytes: peak at the batch, all copies.
        notes: doubts about the records.
        sessions: the fewest that any case of the machine was measured in.
        curves: simulated latencies behind ``slo_images_per_s``, by its ends: ``value``, ``low`` and ``high``.
        accuracy: measured share of images that the setup classifies correctly; None where none was measured.
        accurate: probability that it is at least the plan's minimum. The setup serves in no draw in which it is not.
    """

    node: str
    setup: Setup
    batch: int
    images_per_s: Estimate
    counted_on: float
    slo_images_per_s: Estimate
    slo_counted_on: float
    tail_s: Estimate
    latency_s: float
    draws: tuple[float, ...]
    slo_draws: tuple[float, ...]
    limit: str
    origin: Origin
    machine: str
    n: int
    memory_bytes: float
    notes: tuple[str, ...] = ()
    sessions: int = 1
    curves: Mapping[str, LatencyCurve] = field(default_factory=dict)
    accuracy: Estimate | None = None
    accurate: float = 1.0

    @property
    def most_ips(self) -> float:
        """Images per second that are counted on at any utilisation."""
        return self.planned_ips(1.0)

    def planned_ips(self, max_utilisation: float) -> float:
        """Most images per second that the node is planned for (F2)."""
        return float(f.planned_ips(self.counted_on, self.slo_counted_on, max_utilisation))


@dataclass(frozen=True)
class Refusal:
    """Why a node does not serve with a setup; ``setup`` is None where it serves with none, ``text`` has the numbers."""

    node: str
    setup: Setup | None
    reason: Reason
    text: str
