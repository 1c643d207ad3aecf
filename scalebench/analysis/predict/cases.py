"""Measured cases as predictions use them: a pass's counts, and the time and memory it took."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
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
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, order=True)
class Place:
    """Machine and configuration of a case, without the protocol, so that suites can be combined; see ``WAY``."""

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
    """A pass as it was counted."""

    model: str
    resolution: int
    batch: int
    facts: Facts = field(hash=False, compare=False)  # of one image

    @property
    def key(self) -> Key:
        """Model and resolution."""
        return self.model, self.resolution

    @property
    def label(self) -> str:
        """``MODEL@PIXELS``."""
        return f"{self.model}@{self.resolution}"

    @property
    def family(self) -> str:
        """Family of the model, from its name."""
        return family_of(self.model)

    @property
    def macs(self) -> float:
        """Multiply-adds of the whole batch."""
        return float(self.facts["macs"]) * self.batch

    @property
    def weight_bytes(self) -> float:
        """Bytes of parameters and buffers, fp32; where buffers were not counted, of parameters alone."""
        return float(self.facts.get("weight_bytes") or 4 * self.facts["params"])

    @property
    def bytes(self) -> float:
        """Least that a pass moves: activations of convolutions and linear layers, and the weights; fp32.

        Not taken from the operators, so that it means the same for passes that were not counted by kind.
        """
        return 4.0 * float(self.facts["activations"]) * self.batch + self.weight_bytes

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of its operators; empty where they were not counted."""
        return frozenset(kind for kind, *_ in self.facts.get("operators") or ())


@dataclass(frozen=True)
class MeasuredCase:
    """A measured case."""

    work: Work
    latency_s: float  # of a pass
    memory_bytes: float = math.nan  # growth of the process


def facts_of(records: Iterable[Record]) -> dict[Key, dict[str, Any]]:
    """Counted facts by model and resolution, the newest value of each."""
    facts: dict[Key, dict[str, Any]] = {}
    for record in records:
        if record.case.mode == COUNT and record.outcome == "ok":
            row = facts.setdefault((record.case.model, record.case.resolution), {})
            row |= {name: value for name, value in record.facts.items() if value is not None}
    return facts


def seen_cases(records: Sequence[Record], facts: Mapping[Key, Facts]) -> dict[Place, tuple[MeasuredCase, ...]]:
    """Measured cases by place, sorted by name; of a case timed by several protocols the one with most rounds.

    Args:
        records: of any number of machines; only those that ran whole models are used.
        facts: counted facts; cases without ``macs``, ``activations`` and ``params`` are left out.
    """
    measured = [record for record in records if record.case.mode in MODELS]
    if not measured:
        return {}
    cases = summarise(with_standing(name_machines(rounds_frame(measured)), measured))
    by_place: dict[Place, dict[Key, MeasuredCase]] = {}
    for row in cases.sort_values(["model", "resolution", "n"], kind="stable").to_dict("records"):
        key = row["model"], int(row["resolution"])
        counted = facts.get(key, {})
        if not row["latency_s"] > 0 or not all(counted.get(name) for name in ("macs", "activations", "params")):
            continue
        place = Place(**{name: row[name] for name in Place.__dataclass_fields__})
        work = Work(*key, int(row["batch"]), counted)
        memory = float(row["memory_bytes"]) if pd.notna(row["memory_bytes"]) else math.nan
        by_place.setdefault(place, {})[key] = MeasuredCase(work, float(row["latency_s"]), memory)
    return {place: tuple(by_place[place].values()) for place in sorted(by_place)}
