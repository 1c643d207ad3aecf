"""Bound 2 t(b) of a deterministic schedule, and the bounds that a load test sets; ``simulate`` gives a third one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan
from statistics import fmean

from scalebench.execute.load_generator import Run, Served
from scalebench.procure import formulas as f
from scalebench.procure.simulate import WARM_SHARE, Curves, percentile_of


@dataclass(frozen=True)
class ServiceLevel:
    """This percentage of the requests is answered within ``slo_s`` seconds, overhead included."""

    slo_s: float
    percentile: float = 99
    overhead_s: float = 0.0


@dataclass(frozen=True)
class Rule:
    """Bound of a deterministic schedule, 2 t(b): the feasible batch with the highest rate, and its service time.

    Without a feasible batch ``batch`` and ``images_per_s`` are 0, ``tail_s`` (at the percentile) is NaN.
    """

    batch: int
    images_per_s: float
    tail_s: float


@dataclass(frozen=True)
class RateResult:
    """Requests at one rate on all servers, without the first ones of each run.

    Attributes:
        rate: requests per second that were sent.
        latency_s: percentile over all of them, overhead included, seconds.
        by_round: the same of each server.
        kept: whether every server met the service level.
        images_per_batch: mean over batches.
        late_s, transport_s, queue_s, fill_s, model_s: mean parts of a latency: client behind its schedule, loopback
            both ways and the server's reader, waiting for a batch, pixels to input, model.
        established: whether there were enough requests for the percentile (F13).
    """

    rate: float
    latency_s: float
    by_round: tuple[float, ...]
    kept: bool
    images_per_batch: float
    late_s: float
    transport_s: float
    queue_s: float
    fill_s: float
    model_s: float
    established: bool


@dataclass(frozen=True)
class Tested:
    """Bounds that a load test sets on the capacity.

    Attributes:
        low: highest rate within the service level with all lower ones; 0 if the lowest was not.
        high: lowest rate that missed the service level; infinite if none did.
        rates: each rate, lowest first.
    """

    low: float
    high: float
    rates: tuple[RateResult, ...]

    @property
    def nearest(self) -> RateResult:
        """The highest rate within the service level; the lowest of all if none was."""
        return next((result for result in reversed(self.rates) if result.rate <= self.low), self.rates[0])


def by_rule(curves: Curves, level: ServiceLevel, cap: int | None = None) -> Rule:
    """Highest rate of full batches, each in its service time at the percentile, with 2 t(b) within the level.

    ``curves`` are measured service times by images in the batch; ``cap`` allows only this batch.
    """
    best = Rule(0, 0.0, nan)
    for batch, times in sorted(curves.items()):
        tail = percentile_of(times, level.percentile)
        rate = float(f.rate(batch, tail))
        feasible = f.just_missed_s(tail, level.overhead_s) <= level.slo_s
        if feasible and rate > best.images_per_s and cap in (None, batch):
            best = Rule(batch, rate, tail)
    return best


def by_load(runs: Sequence[Run], level: ServiceLevel) -> Tested:
    """Bounds that the runs of a load test set."""
    by_rate: defaultdict[float, list[Run]] = defaultdict(list)
    for run in runs:
        by_rate[run.rate].append(run)
    results = tuple(_at_rate(of_rate, level) for _, of_rate in sorted(by_rate.items()))
    low = 0.0
    for result in results:
        if not result.kept:
            return Tested(low, result.rate, results)
        low = result.rate
    return Tested(low, inf, results)


def _at_rate(runs: Sequence[Run], level: ServiceLevel) -> RateResult:
    by_run = [run.requests[int(WARM_SHARE * len(run.requests)) :] for run in runs]
    together = [request for requests in by_run for request in requests]

    def tail(requests: Sequence[Served]) -> float:
        return percentile_of([request.latency_s for request in requests], level.percentile) + level.overhead_s

    by_round = tuple(map(tail, by_run))
    return RateResult(
        runs[0].rate,
        tail(together),
        by_round,
        max(by_round) <= level.slo_s,
        images_per_batch=len(together) / sum(1 / request.batch for request in together),
        late_s=fmean(r.sent_s - r.due_s for r in together),
        transport_s=fmean(r.arrived_s - r.sent_s + r.received_s - r.ended_s for r in together),
        queue_s=fmean(r.started_s - r.arrived_s for r in together),
        fill_s=fmean(r.ready_s - r.started_s for r in together),
        model_s=fmean(r.ended_s - r.ready_s for r in together),
        established=len(together) >= f.samples_for(level.percentile / 100),
    )
