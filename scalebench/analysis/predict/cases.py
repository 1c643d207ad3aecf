"""Measured cases as a prediction sees them: what a pass does on paper, and what it took."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from scalebench.analysis.rounds import name_machines, with_standing
from scalebench.analysis.summary import summarise
from scalebench.record import Record
from scalebench.store.frame import rounds_frame
from scalebench.suite.case import COUNT, MODELS, configuration_text
from scalebench.suite.families import family_of

Facts = Mapping[str, Any]
Key = tuple[str, int]
"""Model and resolution."""


@dataclass(frozen=True, order=True)
class Place:
    """Where and how a case ran; the protocol that timed it is left out, so that suites can be put together.

    Attributes are those of ``analysis.way.WAY``.
    """

    machine: str
    device: str
    mode: str
    precision: str
    layout: str
    runtime: str
    threads: int
    setting: str
    batch: int

    @property
    def label(self) -> str:
        """Short text for tables, without the machine."""
        return configuration_text(vars(self))


@dataclass(frozen=True)
class Work:
    """A pass on paper.

    Attributes:
        model, resolution, batch: as in ``Case``.
        facts: counted facts of one image.
    """

    model: str
    resolution: int
    batch: int
    facts: Facts = field(hash=False, compare=False)

    @property
    def key(self) -> Key:
        """Model and resolution."""
        return self.model, self.resolution

    @property
    def family(self) -> str:
        """Family of the model, by name."""
        return family_of(self.model)

    @property
    def macs(self) -> float:
        """Multiply-adds of the whole batch."""
        return float(self.facts["macs"]) * self.batch

    @property
    def weight_bytes(self) -> float:
        """Bytes of parameters and buffers, fp32; from the parameters where nothing else is known."""
        return float(self.facts.get("weight_bytes") or 4 * self.facts["params"])

    @property
    def bytes(self) -> float:
        """Least that a pass moves: activations of convolutions and linear layers, and the weights; fp32.

        Never taken from the operators, so that it means the same for passes that were counted by kind and others.
        """
        return 4.0 * float(self.facts["activations"]) * self.batch + self.weight_bytes

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of operators in it; empty where they were not counted."""
        return frozenset(kind for kind, *_ in self.facts.get("operators") or ())


@dataclass(frozen=True)
class MeasuredCase:
    """A measured case.

    Attributes:
        work: what was run.
        latency_s: time of a pass, seconds.
        memory_bytes: growth of the process, bytes; NaN where it was not measured.
    """

    work: Work
    latency_s: float
    memory_bytes: float = math.nan


def facts_of(records: Iterable[Record]) -> dict[Key, dict[str, Any]]:
    """Counted facts by model and resolution, the newest word on each fact."""
    known: dict[Key, dict[str, Any]] = {}
    for record in records:
        if record.case.mode == COUNT and record.outcome == "ok":
            row = known.setdefault((record.case.model, record.case.resolution), {})
            row |= {name: value for name, value in record.facts.items() if value is not None}
    return known


def seen_cases(records: Sequence[Record], facts: Mapping[Key, Facts]) -> dict[Place, tuple[MeasuredCase, ...]]:
    """Measured cases by place, in order of their names; of a case timed by several protocols the one of most rounds.

    Args:
        records: rounds of any number of machines; counts and other modes among them are passed over.
        facts: counted facts; cases without ``macs``, ``activations`` and ``params`` are left out.
    """
    measured = [record for record in records if record.case.mode in MODELS]
    if not measured:
        return {}
    cases = summarise(with_standing(name_machines(rounds_frame(measured)), measured))
    found: dict[Place, dict[Key, MeasuredCase]] = {}
    for row in cases.sort_values(["model", "resolution", "n"], kind="stable").to_dict("records"):
        key = row["model"], int(row["resolution"])
        counted = facts.get(key, {})
        if not row["latency_s"] > 0 or not all(counted.get(name) for name in ("macs", "activations", "params")):
            continue
        place = Place(**{name: row[name] for name in Place.__dataclass_fields__})
        work = Work(*key, int(row["batch"]), counted)
        memory = float(row["memory_bytes"]) if pd.notna(row["memory_bytes"]) else math.nan
        found.setdefault(place, {})[key] = MeasuredCase(work, float(row["latency_s"]), memory)
    return {place: tuple(found[place].values()) for place in sorted(found)}
