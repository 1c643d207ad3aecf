"""Discrete-event simulation of a batching server, for load tests; ``latency_table`` is the one that decides purchases.

Requests arrive at random (Poisson). A free copy takes a batch as soon as the largest batch is waiting, or the oldest
request has waited for the delay; its service time is drawn from those that were measured for that batch size.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from simpy import Environment
from simpy.events import Event

from scalebench.analysis.stats import Estimate, of_rounds

Curves = Mapping[int, Sequence[float]]
"""Measured service times in seconds, by images in the batch."""

_IDLE = 0.01
"""Share of saturation at which a server counts as almost idle."""
_ROUNDING_S = 1e-9
"""Waiting ends this much early: the clock of a simulation adds up floats."""
WARM_SHARE = 0.2
"""Share of the requests, from the first on, that arrive before the queue has formed."""


@dataclass(frozen=True)
class Server:
    """A batching server.

    Attributes:
        curves: service times; a batch between two measured sizes is padded to the larger one and takes its time.
        cap: largest batch.
        delay_s: longest time that a request waits for its batch to fill while a copy is free, seconds.
        copies: of the model, each serving one batch at a time.
    """

    curves: Curves
    cap: int
    delay_s: float = 0.0
    copies: int = 1

    def __post_init__(self) -> None:
        if self.cap < 1 or self.copies < 1 or self.delay_s < 0:
            raise ValueError("cap and copies are at least 1, delay_s at least 0")
        if self.cap > max(self.curves, default=0) or not all(self.curves.values()):
            raise ValueError(f"no service times for a batch of {self.cap}")

    def times(self, images: int) -> Sequence[float]:
        """Measured service times of a batch of ``images``, seconds."""
        return self.curves[min(size for size in self.curves if size >= images)]

    @property
    def saturation(self) -> float:
        """Images per second of all copies when every batch is full."""
        return self.copies * self.cap / float(np.mean(self.times(self.cap)))


def percentile_of(times: Sequence[float] | np.ndarray, percentile: float) -> float:
    """Smallest of the times with at least this percentage of them at or below it, seconds."""
    return float(np.quantile(times, percentile / 100, method="inverted_cdf"))


@dataclass(frozen=True)
class Simulated:
    """One run.

    Attributes:
        latencies_s: from arrival to answer, in order of arrival, seconds.
        batches: images of each batch, in the order they were started.
        busy: share of the copies' time spent serving.
    """

    latencies_s: np.ndarray
    batches: np.ndarray
    busy: float

    def latency_s(self, percentile: float) -> float:
        """Percentile of the latencies once the queue has formed, seconds."""
        return percentile_of(self.latencies_s[int(WARM_SHARE * len(self.latencies_s)) :], percentile)


def simulate(server: Server, rate: float, requests: int, seed: str | int = 0) -> Simulated:
    """Serve ``requests`` requests of one image each that arrive at ``rate`` per second.

    Equal seeds give equal gaps between arrivals, in units of their mean, at every rate.
    """
    if rate <= 0 or requests < 1:
        raise ValueError("rate and requests have to be above 0")
    run = _Run(server, requests, random.Random(f"{seed}-service"))
    gaps = random.Random(f"{seed}-arrivals")
    run.env.process(run.arrivals([gaps.expovariate(1.0) / rate for _ in range(requests)]))
    for _ in range(server.copies):
        run.env.process(run.copy())
    run.env.run()
    busy = run.served_s / (server.copies * run.end_s)
    return Simulated(np.array(run.latencies_s), np.array(run.batches), busy)


class _Run:
    """State of one simulation."""

    def __init__(self, server: Server, requests: int, rng: random.Random) -> None:
        self.env = Environment()
        self.server, self.rng = server, rng
        self.waiting: deque[tuple[int, float]] = deque()
        self.arrival = Event(self.env)
        self.latencies_s = [inf] * requests
        self.batches: list[int] = []
        self.served_s = self.end_s = 0.0

    def arrivals(self, gaps_s: Sequence[float]) -> Generator[Event, None, None]:
        for number, gap in enumerate(gaps_s):
            yield self.env.timeout(gap)
            self.waiting.append((number, self.env.now))
            arrival, self.arrival = self.arrival, Event(self.env)
            arrival.succeed()

    def copy(self) -> Generator[Event, None, None]:
        while True:
            while (wait := self._wait_s()) > _ROUNDING_S:
                yield self.arrival if wait == inf else self.arrival | self.env.timeout(wait)
            batch = [self.waiting.popleft() for _ in range(min(self.server.cap, len(self.waiting)))]
            self.batches.append(len(batch))
            service = self.rng.choice(self.server.times(len(batch)))
            yield self.env.timeout(service)
            self.served_s += service
            self.end_s = self.env.now
            for number, arrived in batch:
                self.latencies_s[number] = self.env.now - arrived

    def _wait_s(self) -> float:
        """Seconds until a batch can be taken if nothing else arrives; infinite if nothing is waiting."""
        if not self.waiting:
            return inf
        full = len(self.waiting) >= self.server.cap
        return 0.0 if full else self.waiting[0][1] + self.server.delay_s - self.env.now


@dataclass(frozen=True)
class Search:
    """Effort of a search for a capacity.

    Attributes:
        requests: per simulated run.
        replications: with seeds of their own; the n of the interval.
        steps: bisections of the range up to saturation, each replication.
        seed: of all.
    """

    requests: int = 4000
    replications: int = 10
    steps: int = 9
    seed: int = 0


def capacity_by_simulation(
    server: Server, slo_s: float, percentile: float, overhead_s: float = 0.0, search: Search | None = None
) -> Estimate:
    """Highest arrival rate, images per second, at which this percentage of the latencies is within the service level.

    Returns: mean over the replications with the interval of their spread; 0 if even an almost idle server misses the
    service level. ``overhead_s`` is spent outside the server.
    """
    search = search or Search()
    bound_s = slo_s - overhead_s
    return of_rounds([_capacity(server, bound_s, percentile, search, n) for n in range(search.replications)])


def _capacity(server: Server, bound_s: float, percentile: float, search: Search, replication: int) -> float:
    def within(rate: float) -> bool:
        run = simulate(server, rate, search.requests, f"{search.seed}-{replication}")
        return run.latency_s(percentile) <= bound_s

    high = server.saturation
    low = _IDLE * high
    if not within(low):
        return 0.0
    for _ in range(search.steps):
        middle = (low + high) / 2
        low, high = (middle, high) if within(middle) else (low, middle)
    return low
