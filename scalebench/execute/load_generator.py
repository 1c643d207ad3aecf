"""Load test: Poisson arrivals sent to a batching server in a process of its own, over loopback.

The load is open: requests are due at times that do not depend on answers, and a latency counts from when the request
was due, so that a server or client that falls behind cannot hide it (no coordinated omission).
"""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from math import ceil
from types import TracebackType
from typing import Any, NamedTuple

from scalebench.errors import WorkerError
from scalebench.execute.client import Worker
from scalebench.execute.one_round import explain, outcome_of
from scalebench.machine.telemetry import runnable
from scalebench.suite.case import Case
from scalebench.suite.wire_format import ANSWER, LOOPBACK, REQUEST, image_bytes

_PREPARE_S = 600.0
"""Longest time in which a server may prepare itself."""
_SILENCE_S = 60.0
"""Without an answer for this long, and twenty mean gaps, the server is taken for dead."""
_IMAGES = 3


class Served(NamedTuple):
    """One request; times in seconds since the first one of its run was due.

    Attributes:
        due_s, sent_s: when it was due, and when it was handed to the socket.
        arrived_s, started_s, ready_s, ended_s: when the server had read it, took its batch, had the model's input
            filled, had the output in memory.
        received_s: when the answer had been read.
        batch: images in its batch.
    """

    due_s: float
    sent_s: float
    arrived_s: float
    started_s: float
    ready_s: float
    ended_s: float
    received_s: float
    batch: int

    @property
    def latency_s(self) -> float:
        """From when it was due to its answer, seconds."""
        return self.received_s - self.due_s


@dataclass(frozen=True)
class Run:
    """Requests at one rate.

    Attributes:
        rate: requests per second asked for.
        round: 0-based number of the server process.
        requests: in the order they were due.
        load_before: tasks of the machine that wanted to run before the server was started, beside this one; None where
            unknown.
    """

    rate: float
    round: int
    requests: tuple[Served, ...]
    load_before: float | None = None


@dataclass(frozen=True)
class Load:
    """What is sent.

    Attributes:
        rates: requests per second; every server gets all of them, in an order of its own.
        requests: at each rate, per server, at least.
        rounds: servers, each a fresh process.
        seed: of arrivals and orders.
        least_s: of each run, seconds: a rate just past saturation takes time to fill a queue.
    """

    rates: tuple[float, ...]
    requests: int
    rounds: int
    seed: int = 0
    least_s: float = 0.0

    def requests_at(self, rate: float) -> int:
        """Requests of one run at ``rate`` per second."""
        return max(self.requests, ceil(self.least_s * rate))


def load_test(
    worker: Worker, cases: Sequence[Case], delay_s: float, load: Load, heard: Callable[[Run], None]
) -> list[dict[str, Any]]:
    """Put ``load`` on fresh servers, one after the other. Whoever calls this holds the machine's lock.

    Args:
        worker: forks on the CPU, starts afresh on CUDA.
        cases: one per size that batches are padded to; the largest is the cap.
        delay_s: longest time that a request waits for its batch to fill, seconds.
        load: what is sent.
        heard: hears each run as it ends.

    Returns: what each server said when it ended: ``{"batches", "facts"}``.

    Raises:
        WorkerError: a server ended early, or stopped answering.
    """
    said = []
    job = {"do": "serve", "cases": [asdict(case) for case in cases], "delay_s": delay_s}
    for number in range(load.rounds):
        rates = list(load.rates)
        random.Random(f"{load.seed}-{number}-order").shuffle(rates)

        drive = partial(_drive, cases[0].resolution, load, rates, number, runnable(), heard)
        ending = worker.run(job, _PREPARE_S + sum(4 * load.requests_at(rate) / rate for rate in rates), drive)
        if outcome_of(ending, cases[0].device)[0] != "ok" or 1 not in ending.answers:
            raise WorkerError(f"the server of {cases[-1].label}: {explain(ending, _PREPARE_S)['message']}")
        said.append(ending.answers[1])
    return said


def _drive(
    side: int, load: Load, rates: Sequence[float], number: int, load_before: float | None,
    heard: Callable[[Run], None], index: int, answer: Any,
) -> None:  # fmt: skip
    """Put every rate on the server once it has said its port."""
    if index == 0:
        with Client(answer["port"], side) as client:
            for rate in rates:
                heard(replace(client.run(rate, load.requests_at(rate), number, load.seed), load_before=load_before))


class Client:
    """Sends requests and reads answers on one connection; a context manager.

    Args:
        port: of the server, on loopback.
        side: of its images, pixels.

    Raises:
        WorkerError: the server is not there.
    """

    def __init__(self, port: int, side: int) -> None:
        pixels = random.Random(0)
        self._images = [pixels.randbytes(image_bytes(side)) for _ in range(_IMAGES)]
        try:
            self._connection = socket.create_connection((LOOPBACK, port), _SILENCE_S)
        except OSError as error:
            raise WorkerError(f"the server of the load test cannot be reached: {error}") from None
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._connection.makefile("rb")

    def __enter__(self) -> Client:  # noqa: PYI034 - Self is not in Python 3.10
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._answers.close()
        self._connection.close()

    def run(self, rate: float, requests: int, number: int = 0, seed: int = 0) -> Run:
        """Send ``requests`` at ``rate`` per second, and wait for all answers.

        Args:
            rate: mean of the Poisson process, per second.
            requests: how many.
            number: of the round, stored with the run and part of the seed.
            seed: of the arrivals.

        Raises:
            WorkerError: the server stopped answering.
        """
        gaps, due, at = random.Random(f"{seed}-{number}-{rate}"), [], 0.0
        for _ in range(requests):
            due.append(at)
            at += gaps.expovariate(rate)
        self._connection.settimeout(_SILENCE_S + 20 / rate)
        start = time.perf_counter()
        try:
            with ThreadPoolExecutor(1) as beside:
                reading = beside.submit(self._read, requests)
                sent = self._send([start + moment for moment in due])
                answers = reading.result()
        except OSError as error:
            raise WorkerError(f"the server of the load test stopped answering: {error or 'time-out'}") from None

        def served(asked: int) -> Served:
            batch, readings = answers[asked]
            arrived, started, ready, ended, received = (reading - start for reading in readings)
            return Served(due[asked], sent[asked] - start, arrived, started, ready, ended, received, batch)

        return Run(rate, number, tuple(map(served, range(requests))))

    def _send(self, due: Sequence[float]) -> list[float]:
        """Send each request when it is due, or at once where that has passed; when each was handed over."""
        sent = []
        for number, moment in enumerate(due):
            time.sleep(max(0.0, moment - time.perf_counter()))
            sent.append(time.perf_counter())
            self._connection.sendall(REQUEST.pack(number) + self._images[number % _IMAGES])
        return sent

    def _read(self, requests: int) -> dict[int, tuple[int, list[float]]]:
        """By request: images in its batch; the server's four readings, and when the answer had been read."""
        found: dict[int, tuple[int, list[float]]] = {}
        for _ in range(requests):
            frame = self._answers.read(ANSWER.size)
            received = time.perf_counter()
            if len(frame) < ANSWER.size:
                raise ConnectionError("it closed the connection")
            number, batch, _, *readings = ANSWER.unpack(frame)
            found[number] = (batch, [*readings, received])
        return found
