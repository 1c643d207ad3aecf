"""Steps: the batches of a curve as one device of a node runs them, and what speaks against each."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scalebench.analysis.stats import Estimate
from scalebench.analysis.tails import FEWEST_ROUNDS, NEEDED
from scalebench.procure import formulas as f
from scalebench.procure.purchase_plan import PurchasePlan
from scalebench.procure.resampling import drawn_quantiles, generator
from scalebench.procure.service_curves import Objection, Point, ServiceCurve

USABLE_MEMORY = 0.9
"""Of a device: the rest is for the system and for what grows (F2)."""


@dataclass(frozen=True)
class BatchStep:
    """One batch.

    Attributes:
        batch: images per pass of each copy.
        tail_s: service time at the plan's percentile, seconds.
        drawn_s: the same under resampled rounds, seconds; as long as draws were asked for.
        memory_bytes: of all copies.
        notes: doubts.
        obstacle: why nothing is known of it; then the numbers are NaN.
    """

    batch: int
    tail_s: Estimate
    drawn_s: np.ndarray
    memory_bytes: float = math.nan
    notes: tuple[str, ...] = ()
    obstacle: Objection | None = None


@dataclass(frozen=True)
class BatchBounds:
    """The service level and the memory that a step has to keep.

    Attributes:
        limit_s: longest answer, seconds.
        overhead_s: spent outside the service, seconds.
        careful: whether the upper end of a service time is what counts.
        memory_bytes: of one device; None where nobody says.
    """

    limit_s: float
    overhead_s: float
    careful: bool
    memory_bytes: float | None

    def worst_s(self, step: BatchStep) -> float:
        """Longest answer that is counted on, seconds (F1)."""
        return float(f.worst_latency_s(step.tail_s.high if self.careful else step.tail_s.value, self.overhead_s))

    def objection(self, step: BatchStep) -> Objection | None:
        """What speaks against a step; None where it serves."""
        if step.obstacle is not None:
            return step.obstacle
        if self.worst_s(step) > self.limit_s:
            service_s = step.tail_s.high if self.careful else step.tail_s.value
            return "slo", (
                f"{1e3 * self.worst_s(step):.4g} ms against {1e3 * self.limit_s:.4g} ms: batch {step.batch} takes "
                f"twice {1e3 * service_s:.4g} ms and {1e3 * self.overhead_s:.4g} ms of overhead"
            )
        return self._memory_objection(step)

    def _memory_objection(self, step: BatchStep) -> Objection | None:
        if self.memory_bytes is None:
            return "memory", "the memory of a device is not known: give the node memory_gib"
        if math.isnan(step.memory_bytes):
            return "not_measured", f"memory of batch {step.batch} was not measured"
        if step.memory_bytes > USABLE_MEMORY * self.memory_bytes:
            return "memory", (
                f"batch {step.batch} takes {step.memory_bytes / 2**30:.3g} GiB, more than {USABLE_MEMORY:.0%} of "
                f"{self.memory_bytes / 2**30:.3g} GiB"
            )
        return None

    def drawn_ips(self, step: BatchStep, instances: int) -> np.ndarray:
        """Images per second under resampled rounds; 0 where the service level or the memory is not kept (F1)."""
        if step.obstacle is not None or self._memory_objection(step) is not None:
            return np.zeros_like(step.drawn_s)
        keeps = f.worst_latency_s(step.drawn_s, self.overhead_s) <= self.limit_s
        return np.where(keeps, instances * f.rate(step.batch, step.drawn_s), 0.0)


def level(plan: PurchasePlan, memory_gib: float | None) -> BatchBounds:
    """The plan's service level on a device with so much memory."""
    slo = plan.workload.slo
    return BatchBounds(
        slo.latency_ms.value / 1e3,
        0.0 if slo.overhead_ms is None else slo.overhead_ms.value / 1e3,
        plan.policy.capacity_bound == "lower95",
        None if memory_gib is None else memory_gib * 2**30,
    )


def steps(curve: ServiceCurve, percentile: int, draws: int, seed: int) -> tuple[BatchStep, ...]:
    """Steps of a measured curve.

    Args:
        curve: of one setup.
        percentile: that the service level is about.
        draws: number of resampled tails.
        seed: of the whole decision.
    """
    return tuple(_step(point, percentile, draws, seed) for point in curve.points)


def _step(point: Point, percentile: int, draws: int, seed: int) -> BatchStep:
    obstacle = point.failed or _not_established(point, percentile)
    if obstacle is not None:
        return unknown(point.batch, draws, obstacle)
    estimate = point.tails[percentile].estimate
    assert estimate is not None  # noqa: S101 - _not_established has seen it
    rng = generator(seed, point.machine, point.key)
    drawn = drawn_quantiles(point.laps, percentile / 100, draws, rng)
    return BatchStep(point.batch, estimate, drawn, point.memory_bytes, point.notes)


def unknown(batch: int, draws: int, obstacle: Objection) -> BatchStep:
    """A step of which nothing is known."""
    nan = Estimate(math.nan, math.nan, math.nan, 0)
    return BatchStep(batch, nan, np.full(draws, math.nan), obstacle=obstacle)


def _not_established(point: Point, percentile: int) -> Objection | None:
    """F13, with the two-sided interval that ``analysis.tails`` gives: 72 iterations for p95, 368 for p99."""
    needed, rounds = NEEDED[percentile / 100], len(point.laps)
    iterations = sum(map(len, point.laps))
    missing = [
        f"{more} more {what}{'s' if more > 1 else ''}"
        for more, what in ((needed - iterations, "iteration"), (FEWEST_ROUNDS - rounds, "round"))
        if more > 0
    ]
    if not missing:
        return None
    return "percentile_not_established", (
        f"p{percentile} of batch {point.batch} needs {needed} iterations in {FEWEST_ROUNDS} rounds; there are "
        f"{iterations} in {rounds}: {' and '.join(missing)}"
    )
