"""Batch-latency curves: what was measured of one setup, batch by batch, and which batches meet the service level."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scalebench.analysis.resampling import drawn_means, generator
from scalebench.analysis.stats import Estimate
from scalebench.analysis.summary import noted
from scalebench.analysis.tails import Tail, round_quantiles, tail
from scalebench.procure.latency_table import SHARES
from scalebench.procure.purchase_plan import PurchasePlan
from scalebench.procure.quantity import Number
from scalebench.procure.serving import Objection, Setup

PERCENTILES = (95, 99)
USABLE_MEMORY = 0.9
"""Share of a device's memory; the rest is for the system and for growth (F2)."""


@dataclass(frozen=True)
class MeasuredBatch:
    """One batch size of a setup.

    Attributes:
        key: of the case.
        laps: iterations of the rounds that count, seconds.
        tails: of the iterations, by percentile, seconds.
        memory_bytes: highest of all rounds, all copies; NaN if it was not measured.
        notes: doubts, with the number of rounds that raise them.
        failed: why no round counts; None if some do.
    """

    batch: int
    machine: str
    key: str
    laps: tuple[tuple[float, ...], ...]
    tails: Mapping[int, Tail]
    memory_bytes: float
    notes: tuple[str, ...]
    failed: Objection | None

    @property
    def iterations(self) -> int:
        """Of all rounds that count."""
        return sum(map(len, self.laps))


@dataclass(frozen=True)
class ServiceCurve:
    """All batch sizes of one setup that were tried, smallest first."""

    setup: Setup
    batches: tuple[MeasuredBatch, ...]


def curves(rounds: pd.DataFrame) -> tuple[ServiceCurve, ...]:
    """Curves of one machine.

    Args:
        rounds: ``analysis.rounds.with_standing`` of records of mode ``inference`` with one software version.

    Returns: in order of first appearance. Rounds are never pooled across protocols: of a batch timed by several, the
        protocol with most iterations counts.
    """
    by_setup: dict[Setup, dict[int, MeasuredBatch]] = {}
    for _, group in rounds.groupby("case", sort=False):
        measured, batches = _measured(group), by_setup.setdefault(_setup(group.iloc[0]), {})
        if measured.batch not in batches or batches[measured.batch].iterations < measured.iterations:
            batches[measured.batch] = measured
    return tuple(ServiceCurve(setup, tuple(by[size] for size in sorted(by))) for setup, by in by_setup.items())


def _setup(row: Any) -> Setup:
    return Setup(
        row["model"], int(row["resolution"]), row["precision"], row["layout"], row["runtime"], int(row["threads"]),
        int(row["instances"]), row["setting"],
    )  # fmt: skip


def _measured(group: pd.DataFrame) -> MeasuredBatch:
    used = group[group["used"].astype(bool)]
    laps = tuple(laps for laps in used["laps"] if len(laps))
    last, memory = group.iloc[-1], used["memory_bytes"].max()
    wrong = group[group["outcome"] == "wrong"]
    failed: Objection | None = None
    if len(wrong):  # one wrong answer is enough: every round runs the same configuration
        failed = ("wrong", wrong.iloc[-1]["why"] or "its answers differ from those of eager fp32")
    elif not laps:
        why = f": {last['why']}" if last["why"] else ""
        failed = ("memory" if last["outcome"] == "oom" else "not_measured"), f"{last['ending']}{why}"
    return MeasuredBatch(
        batch=int(last["batch"]),
        machine=last["machine"],
        key=last["case"],
        laps=laps,
        tails={percentile: tail(laps, percentile / 100) for percentile in PERCENTILES},
        memory_bytes=math.nan if pd.isna(memory) else float(memory),
        notes=tuple(noted(used["notes"])),
        failed=failed,
    )


@dataclass(frozen=True)
class BatchStep:
    """One batch size as one device of a node runs it.

    Attributes:
        batch: images per pass of each copy.
        tail_s: service time at the plan's percentile, seconds.
        drawn_s: the same drawn from its distribution, one for each draw.
        laps: service times that were measured, by round, seconds.
        pace: how many times as long a pass takes here as where it was measured.
        memory_bytes: of all copies.
        obstacle: why its numbers are unknown, that is NaN.
    """

    batch: int
    tail_s: Estimate
    drawn_s: np.ndarray
    laps: tuple[tuple[float, ...], ...] = ()
    pace: float = 1.0
    memory_bytes: float = math.nan
    notes: tuple[str, ...] = ()
    obstacle: Objection | None = None

    def factor(self, tail_s: Number) -> Number:
        """How many times as long as measured passes take if their percentile is this one, seconds."""
        return self.pace * tail_s / self.tail_s.value


@dataclass(frozen=True)
class BatchBounds:
    """The service level and the memory that a batch has to stay within.

    Attributes:
        percentile: of the latencies that the limit is for.
        limit_s: longest answer, seconds.
        overhead_s: spent outside the service, seconds.
        careful: whether the upper end of a service time counts, not its value.
        memory_bytes: of one device; None if unknown.
    """

    percentile: int
    limit_s: float
    overhead_s: float
    careful: bool
    memory_bytes: float | None

    @classmethod
    def of(cls, plan: PurchasePlan, memory_gib: float | None) -> BatchBounds:
        """The plan's service level on a device with so much memory."""
        slo = plan.workload.slo
        overhead_s = 0.0 if slo.overhead_ms is None else slo.overhead_ms.value / 1e3
        careful, memory_bytes = plan.policy.capacity_bound == "lower95", memory_gib and memory_gib * 2**30
        return cls(slo.percentile, slo.latency_ms.value / 1e3, overhead_s, careful, memory_bytes)

    def service_s(self, step: BatchStep) -> float:
        """Service time that counts, seconds."""
        return step.tail_s.high if self.careful else step.tail_s.value

    @property
    def service_limit_s(self) -> float:
        """Longest latency of the service itself, seconds."""
        return self.limit_s - self.overhead_s

    def too_slow(self, step: BatchStep, idle_s: float) -> Objection | None:
        """Why a batch does not serve even if hardly anything arrives.

        Args:
            idle_s: percentile of the latencies at the lowest simulated rate, at the pace at which the batch was
                measured.
        """
        latency_s = float(step.factor(self.service_s(step))) * idle_s
        return None if latency_s <= self.service_limit_s else (
            "slo",
            f"{1e3 * (latency_s + self.overhead_s):.4g} ms against {1e3 * self.limit_s:.4g} ms: p{self.percentile} at "
            f"{100 * SHARES[0]:g} % of the capacity of batch {step.batch}, and {1e3 * self.overhead_s:.4g} ms of "
            "overhead",
        )  # fmt: skip

    def objection(self, step: BatchStep) -> Objection | None:
        """Why a batch cannot be used; None if it can."""
        if step.obstacle is not None:
            return step.obstacle
        if self.memory_bytes is None:
            return "memory", "the memory of a device is unknown: set memory_gib of the node"
        if math.isnan(step.memory_bytes):
            return "not_measured", f"memory of batch {step.batch} was not measured"
        if step.memory_bytes > USABLE_MEMORY * self.memory_bytes:
            return "memory", (
                f"batch {step.batch} takes {step.memory_bytes / 2**30:.3g} GiB, more than {USABLE_MEMORY:.0%} of "
                f"{self.memory_bytes / 2**30:.3g} GiB"
            )
        return None


def steps(curve: ServiceCurve, percentile: int, draws: int, seed: int) -> tuple[BatchStep, ...]:
    """Steps of a measured curve, with ``draws`` drawn tails each; ``seed`` is that of the whole decision."""
    return tuple(_step(measured, percentile, draws, seed) for measured in curve.batches)


def _step(measured: MeasuredBatch, percentile: int, draws: int, seed: int) -> BatchStep:
    obstacle = measured.failed or _not_established(measured, percentile)
    if obstacle is not None:
        return unknown(measured.batch, draws, obstacle)
    estimate = measured.tails[percentile].estimate
    assert estimate is not None  # noqa: S101 - it is established
    rng = generator(seed, measured.machine, measured.key)
    drawn = drawn_means(round_quantiles(measured.laps, percentile / 100), draws, rng)
    return BatchStep(
        measured.batch, estimate, drawn, measured.laps, memory_bytes=measured.memory_bytes, notes=measured.notes
    )


def unknown(batch: int, draws: int, obstacle: Objection) -> BatchStep:
    """A step without numbers, and the reason."""
    return BatchStep(batch, Estimate(math.nan, math.nan, math.nan, 0), np.full(draws, math.nan), obstacle=obstacle)


def _not_established(measured: MeasuredBatch, percentile: int) -> Objection | None:
    """F13: too few rounds or iterations for the interval of ``analysis.tails``."""
    why = measured.tails[percentile].why
    return ("percentile_not_established", f"p{percentile} of batch {measured.batch}: {why}") if why else None
