"""Three capacities of one server: by the 2 t(b) rule, by simulation (in ``simulate``), and as a load test bounds it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from statistics import fmean

import numpy as np

from scalebench.execute.load_generator import Run, Served
from scalebench.procure import formulas as f
from scalebench.procure.simulate import WARM_SHARE, Curves


@dataclass(frozen=True)
class ServiceLevel:
    """A service level: a share of the requests, percent, is answered within ``slo_s`` seconds, overhead included."""

    slo_s: float
    percentile: float = 99
    overhead_s: float = 0.0


@dataclass(frozen=True)
class Rule:
    """What the 2 t(b) rule gives (F1, F2).

    Attributes:
        batch: largest rate's batch among those that are feasible; 0 where none is.
        images_per_s: its rate; 0 where none is feasible.
        tail_s: its service time at the percentile, seconds; NaN where none is.
    """

    batch: int
    images_per_s: float
    tail_s: float


@dataclass(frozen=True)
class RateResult:
    """Requests at one rate, over all servers, the first of each run left out.

    Attributes:
        rate: requests per second asked for.
        latency_s: percentile over all of them, overhead included, seconds.
        by_round: the same of each server.
        kept: whether it was within the service level on every server.
        images_per_batch: mean over batches.
        late_s, transport_s, queue_s, fill_s, model_s: mean parts of a latency: the client was behind its schedule, both
            ways over loopback and through the server's reader, waiting for a batch, pixels to input, the model.
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
    """What the load test bounds.

    Attributes:
        low: highest rate that was kept together with all lower ones; 0 where the lowest was not.
        high: lowest rate that was not kept; infinite where all were.
        rates: each rate, lowest first.
    """

    low: float
    high: float
    rates: tuple[RateResult, ...]

    @property
    def nearest(self) -> RateResult:
        """The highest rate that was kept; the lowest of all where none was."""
        return next((rated for rated in reversed(self.rates) if rated.rate <= self.low), self.rates[0])


def by_rule(curves: Curves, level: ServiceLevel, cap: int | None = None) -> Rule:
    """Highest rate of full batches, each in its service time at the percentile, with 2 t(b) within the level.

    Args:
        curves: measured service times by images in the batch.
        level: the service level.
        cap: only this batch; None chooses.
    """
    best = Rule(0, 0.0, float("nan"))
    for batch, times in sorted(curves.items()):
        tail = percentile_of(times, level.percentile)
        rate = float(f.rate(batch, tail))
        feasible = f.worst_latency_s(tail, level.overhead_s) <= level.slo_s
        if feasible and rate > best.images_per_s and cap in (None, batch):
            best = Rule(batch, rate, tail)
    return best


def percentile_of(times: Sequence[float], percentile: float) -> float:
    """Smallest of the times that bounds the share, seconds."""
    return float(np.quantile(times, percentile / 100, method="inverted_cdf"))


def by_load(runs: Sequence[Run], level: ServiceLevel) -> Tested:
    """What the runs of a load test say about the level."""
    by_rate: defaultdict[float, list[Run]] = defaultdict(list)
    for run in runs:
        by_rate[run.rate].append(run)
    rates = tuple(_rated(found, level) for _, found in sorted(by_rate.items()))
    low = 0.0
    for rated in rates:
        if not rated.kept:
            return Tested(low, rated.rate, rates)
        low = rated.rate
    return Tested(low, inf, rates)


def _rated(runs: Sequence[Run], level: ServiceLevel) -> RateResult:
    kept = [run.requests[int(WARM_SHARE * len(run.requests)) :] for run in runs]
    together = [one for requests in kept for one in requests]

    def tail(requests: Sequence[Served]) -> float:
        return percentile_of([one.latency_s for one in requests], level.percentile) + level.overhead_s

    by_round = tuple(map(tail, kept))
    return RateResult(
        runs[0].rate,
        tail(together),
        by_round,
        max(by_round) <= level.slo_s,
        images_per_batch=len(together) / sum(1 / one.batch for one in together),
        late_s=fmean(one.sent_s - one.due_s for one in together),
        transport_s=fmean(one.arrived_s - one.sent_s + one.received_s - one.ended_s for one in together),
        queue_s=fmean(one.started_s - one.arrived_s for one in together),
        fill_s=fmean(one.ready_s - one.started_s for one in together),
        model_s=fmean(one.ended_s - one.ready_s for one in together),
        established=len(together) >= f.samples_for(level.percentile / 100),
    )
