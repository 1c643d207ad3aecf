"""Batch-latency curves: what was measured of one setup, batch by batch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scalebench.analysis.summary import noted
from scalebench.analysis.tails import Tail, tail
from scalebench.procure.serving import Reason, Setup

Objection = tuple[Reason, str]
"""Why something does not serve: in one word, and with the numbers."""
PERCENTILES = (95, 99)


@dataclass(frozen=True)
class Point:
    """One batch.

    Attributes:
        batch: images per pass.
        machine, key: whose rounds these are, and of which case.
        laps: iterations of the rounds that count, seconds.
        tails: of the iterations, by percentile, seconds.
        memory_bytes: most of any round, all copies; NaN where it was not measured.
        notes: doubts, with the number of rounds that raise them.
        failed: why there is no round that counts; None where there are some.
    """

    batch: int
    machine: str
    key: str
    laps: tuple[tuple[float, ...], ...]
    tails: Mapping[int, Tail]
    memory_bytes: float
    notes: tuple[str, ...]
    failed: Objection | None


@dataclass(frozen=True)
class ServiceCurve:
    """All batches of one setup that were tried, smallest first."""

    setup: Setup
    points: tuple[Point, ...]


def curves(rounds: pd.DataFrame) -> tuple[ServiceCurve, ...]:
    """Curves of one machine.

    Args:
        rounds: ``analysis.rounds.with_standing`` of records of mode ``inference`` with one state of the software.

    Returns: in order of first appearance. Where a batch was timed by several protocols, the one with most iterations
        counts: rounds are never pooled across protocols.
    """
    found: dict[Setup, dict[int, Point]] = {}
    for _, group in rounds.groupby("case", sort=False):
        setup, point = _setup(group.iloc[0]), _point(group)
        known = found.setdefault(setup, {})
        if point.batch not in known or _iterations(known[point.batch]) < _iterations(point):
            known[point.batch] = point
    return tuple(ServiceCurve(setup, tuple(by[batch] for batch in sorted(by))) for setup, by in found.items())


def _iterations(point: Point) -> int:
    return sum(map(len, point.laps))


def _setup(row: Any) -> Setup:
    return Setup(
        row["model"], int(row["resolution"]), row["precision"], row["layout"], row["runtime"], int(row["threads"]),
        int(row["instances"]), row["setting"],
    )  # fmt: skip


def _point(group: pd.DataFrame) -> Point:
    used = group[group["used"].astype(bool)]
    laps = tuple(laps for laps in used["laps"] if len(laps))
    last, memory = group.iloc[-1], used["memory_bytes"].max()
    wrong = group[group["outcome"] == "wrong"]
    failed: Objection | None = None
    if len(wrong):  # one wrong answer is enough: the way of running is the same in every round
        failed = ("wrong", wrong.iloc[-1]["why"] or "its answers differ from those of eager fp32")
    elif not laps:
        failed = _ended(last)
    return Point(
        batch=int(last["batch"]),
        machine=last["machine"],
        key=last["case"],
        laps=laps,
        tails={percentile: tail(laps, percentile / 100) for percentile in PERCENTILES},
        memory_bytes=math.nan if pd.isna(memory) else float(memory),
        notes=tuple(noted(used["notes"])),
        failed=failed,
    )


def _ended(row: Any) -> Objection:
    why = f": {row['why']}" if row["why"] else ""
    return ("memory" if row["outcome"] == "oom" else "not_measured"), f"{row['ending']}{why}"
