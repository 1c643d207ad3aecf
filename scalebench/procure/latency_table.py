"""Latency of a batching server over the rate of random arrivals, simulated, and the highest rate within a limit.

The server is that of ``simulate`` without a delay: requests arrive at random (Poisson), and a free copy takes what
waits, up to the largest batch. All rates and replications run side by side, with the same arrivals in units of their
mean gap. One table answers for every limit, and for every speed: with service times ``f`` times as long the latencies
at ``rate / f`` are ``f`` times as long.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.stats import t as student_t

REPLICATIONS = 24
REQUESTS = 2000
"""Of each replication; 36,000 in all count towards a percentile."""
WARM = 500
"""Requests of each replication, from the first on, that do not count: the queue has not formed yet."""
SHARES = (0.01, *np.linspace(0.05, 0.9, 18).tolist())
"""Rates, as shares of saturation. Above the last one a queue takes longer to form than a replication lasts."""
CONFIDENCE = 0.95
"""One-sided, that the true percentile is not above the latency of the table."""
_SEED = 19090101

Rounds = tuple[tuple[float, ...], ...]
"""Service times of consecutive passes, seconds, by round."""
Sizes = tuple[tuple[int, Rounds], ...]
"""Rounds by images in the batch, smallest first; a batch between two sizes is padded to the larger one."""


@dataclass(frozen=True)
class LatencyTable:
    """Percentile of the latencies of one server at each rate.

    Attributes:
        rates_ips: arrivals per second, rising.
        latency_s: upper confidence bound of the percentile, seconds; never falls.
    """

    rates_ips: np.ndarray
    latency_s: np.ndarray


@lru_cache(maxsize=256)
def latency_table(sizes: Sizes, copies: int, percentile: float) -> LatencyTable:
    """Simulate a server with so many copies of the model and the largest of the sizes as its largest batch."""
    rng = np.random.default_rng(_SEED)
    arrivals = np.cumsum(rng.exponential(size=(REPLICATIONS, REQUESTS)), axis=1)
    service_s = np.stack([_consecutive(rounds, rng) for _, rounds in sizes])
    saturation = copies * max(batch / float(times.mean()) for (batch, _), times in zip(sizes, service_s, strict=True))
    rates = saturation * np.array(SHARES)
    batches = np.array([batch for batch, _ in sizes])
    one_by_one = copies == batches[-1] == 1
    latencies = (
        _one_by_one(arrivals, service_s[0], rates) if one_by_one
        else _latencies(arrivals, service_s, batches, copies, rates)
    )  # fmt: skip
    bounds = [_bound(of_rate, percentile / 100) for of_rate in latencies[:, :, WARM:]]
    return LatencyTable(rates, np.maximum.accumulate(bounds))


def highest_rate(rates_ips: np.ndarray, latency_s: np.ndarray, limit_s: float) -> np.ndarray:
    """Highest rate up to which the latency is within the limit, linear between rates; 0 if it is at none.

    Linear interpolation errs towards lower rates, as latencies rise faster and faster.

    Args:
        rates_ips, latency_s: shape (cases, rates); latencies do not fall along the rates.

    Returns: shape (cases,).
    """
    within = (latency_s <= limit_s).sum(axis=1)
    below, above = np.maximum(within - 1, 0), np.minimum(within, latency_s.shape[1] - 1)
    case = np.arange(len(within))
    low_s, high_s = latency_s[case, below], latency_s[case, above]
    gap_s = np.where(high_s > low_s, high_s - low_s, np.inf)
    part = np.clip((limit_s - low_s) / gap_s, 0.0, 1.0)
    highest = rates_ips[case, below] + part * (rates_ips[case, above] - rates_ips[case, below])
    return np.where(within > 0, highest, 0.0)


def _consecutive(rounds: Rounds, rng: np.random.Generator) -> np.ndarray:
    """Service times of the passes of each replication: whole rounds drawn at random, each from a random pass on.

    Slow passes come in groups, and stay together. Shape (replications, requests).
    """
    laps, length = np.concatenate(rounds), np.array([len(of_round) for of_round in rounds])
    drawn = rng.integers(len(rounds), size=(REPLICATIONS, -(-REQUESTS // int(length.min()))))
    of_drawn, offset = length[drawn], rng.integers(length[drawn])
    before = np.cumsum(of_drawn, axis=1)
    series = []
    for replication in range(REPLICATIONS):
        position = np.arange(REQUESTS)
        draw = np.searchsorted(before[replication], position, side="right")
        since = position - (before - of_drawn)[replication, draw]
        lap = (offset[replication, draw] + since) % of_drawn[replication, draw]
        series.append(laps[(np.cumsum(length) - length)[drawn[replication, draw]] + lap])
    return np.stack(series)


def _latencies(
    arrivals: np.ndarray, service_s: np.ndarray, batches: np.ndarray, copies: int, rates: np.ndarray
) -> np.ndarray:
    """Latency of every request, seconds, shape (rates, replications, requests).

    Args:
        arrivals: in units of the mean gap, shape (replications, requests).
        service_s: of the n-th batch, if it has this size, shape (sizes, replications, requests).
        batches: largest batch of each size, rising.
    """
    replications, requests = arrivals.shape
    rate, run = np.repeat(rates, replications), np.tile(np.arange(replications), len(rates))
    span, largest = float(arrivals.max()) + 1.0, int(batches[-1])
    flat, in_one_row = arrivals.ravel(), (arrivals + span * np.arange(replications)[:, None]).ravel()
    size_of = np.searchsorted(batches, np.arange(largest + 1)) * replications
    of_number = np.ascontiguousarray(service_s.transpose(2, 0, 1)).reshape(requests, -1)
    ended, leader = np.zeros(len(rate) * requests), np.zeros(len(rate) * requests, dtype=np.int32)
    at, free, row = np.zeros(len(rate), dtype=int), np.zeros((len(rate), copies)), np.arange(len(rate))
    lane_rate, lane_run, in_arrivals, in_ended = rate, run, run * requests, row * requests
    for number in range(requests):  # of the batch, in every lane that still has requests
        copy = free.argmin(axis=1) if copies > 1 else 0
        start = np.maximum(free[row, copy], flat.take(in_arrivals + at))
        arrived = np.searchsorted(in_one_row, np.minimum(start, span) + span * lane_run, side="right")
        images = np.minimum(np.maximum(arrived - in_arrivals - at, 1), largest)
        end = start + lane_rate * of_number[number].take(size_of.take(images) + lane_run)
        free[row, copy] = end
        first = in_ended + at
        ended[first], leader[first] = end, at
        at = at + images
        if at.max() >= requests:
            going = at < requests
            at, free, lane_rate, lane_run, in_arrivals, in_ended = (
                values[going] for values in (at, free, lane_rate, lane_run, in_arrivals, in_ended)
            )
            row = np.arange(len(at))
            if not len(at):
                break
    of_batch = np.maximum.accumulate(leader.reshape(-1, requests), axis=1)
    taken = np.take_along_axis(ended.reshape(-1, requests), of_batch, axis=1)
    latency: np.ndarray = (taken - arrivals[run]) / rate[:, None]
    return latency.reshape(len(rates), replications, requests)


def _one_by_one(arrivals: np.ndarray, service_s: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """The same for one copy that takes one image at a time, by the recursion of Lindley (1952)."""
    service = rates[:, None, None] * service_s
    work = np.cumsum(service, axis=2) - service - arrivals  # done before each request, less the time that has passed
    wait = work - np.minimum.accumulate(work, axis=2)
    latency: np.ndarray = (wait + service) / rates[:, None, None]
    return latency


def _bound(latencies: np.ndarray, share: float) -> float:
    """Upper confidence bound of the latency that this share keeps, from its spread over the replications.

    Args:
        latencies: shape (replications, requests).
    """
    together, apart = (np.quantile(latencies, share, axis=axis, method="inverted_cdf") for axis in (None, 1))
    error = float(apart.std(ddof=1)) / math.sqrt(len(apart))
    return float(together) + float(student_t.ppf(CONFIDENCE, len(apart) - 1)) * error
