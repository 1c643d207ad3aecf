"""Load test: Poisson arrivals sent over loopback to a batching server in another process.

The load is open: the times at which requests are due do not depend on answers, and latency counts from the due time, so
that delays of server or client are not hidden (no coordinated omission).
"""

from __future__ import annotations

import contextlib
import random
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import accumulate
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
"""Time limit for the preparation of a server."""
_SILENCE_S = 60.0
"""Without an answer for this long plus twenty mean gaps, the server counts as dead."""
_IMAGES = 3


class Served(NamedTuple):
    """One answered request; times in seconds since the first request of its run was due.

    Attributes:
        due_s, sent_s: when it was due, and when it was written to the socket.
        arrived_s, started_s, ready_s, ended_s: when the server had read it, took its batch, had the model's input
            ready, had the output in memory.
        received_s: when the answer was read.
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
        """From due time to answer, seconds."""
        return self.received_s - self.due_s


@dataclass(frozen=True)
class Run:
    """Requests at one rate.

    Attributes:
        rate: nominal requests per second.
        round: 0-based number of the server process.
        requests: in the order of their due times.
        load_before: other runnable tasks before the server started; None where unknown.
    """

    rate: float
    round: int
    requests: tuple[Served, ...]
    load_before: float | None = None


@dataclass(frozen=True)
class Load:
    """The load of a test.

    Attributes:
        rates: requests per second; every server gets all of them, in a shuffled order.
        requests: minimum number at each rate, per server.
        rounds: number of servers, each a fresh process.
        seed: of arrivals and orders.
        least_s: minimum duration of each run, seconds: just above saturation a queue fills slowly.
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
    worker: Worker, cases: Sequence[Case], delay_s: float, load: Load, listen: Callable[[Run], None]
) -> list[dict[str, Any]]:
    """Put ``load`` on fresh servers, one after the other. The caller must hold the machine lock.

    ``listen`` receives each completed run; ``cases`` and ``delay_s`` as in ``batching_server.serve``.

    Returns: ``{"batches", "facts"}`` of each server.

    Raises:
        WorkerError: a server ended early, or stopped answering.
    """
    servers = []
    job = {"do": "serve", "cases": [asdict(case) for case in cases], "delay_s": delay_s}
    for number in range(load.rounds):
        rates = list(load.rates)
        random.Random(f"{load.seed}-{number}-order").shuffle(rates)
        drive = partial(_drive, cases[0].resolution, load, rates, number, runnable(), listen)
        ending = worker.run(job, _PREPARE_S + sum(4 * load.requests_at(rate) / rate for rate in rates), drive)
        if outcome_of(ending, cases[0].device)[0] != "ok" or 1 not in ending.answers:
            raise WorkerError(f"the server of {cases[-1].label}: {explain(ending, _PREPARE_S)['message']}")
        servers.append(ending.answers[1])
    return servers


def _drive(
    side: int, load: Load, rates: Sequence[float], number: int, load_before: float | None,
    listen: Callable[[Run], None], index: int, answer: Any,
) -> None:  # fmt: skip
    """Put every rate on the server once it has sent its port."""
    if index == 0:
        with Client(answer["port"], side) as client:
            for rate in rates:
                listen(replace(client.run(rate, load.requests_at(rate), number, load.seed), load_before=load_before))


class Client:
    """Sends images of ``side`` pixels and reads answers on one connection; a context manager.

    Raises:
        WorkerError: the server cannot be reached.
    """

    def __init__(self, port: int, side: int) -> None:
        generator = random.Random(0)
        self._images = [generator.randbytes(image_bytes(side)) for _ in range(_IMAGES)]
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
        """Send ``requests`` at a mean ``rate`` per second, and wait for all answers.

        Arrivals are a Poisson process; ``number`` of the round is part of their seed.

        Raises:
            WorkerError: the server stopped answering.
        """
        generator = random.Random(f"{seed}-{number}-{rate}")
        due = list(accumulate((generator.expovariate(rate) for _ in range(requests - 1)), initial=0.0))
        self._connection.settimeout(_SILENCE_S + 20 / rate)
        start = time.perf_counter()
        try:
            with ThreadPoolExecutor(1) as executor:
                future = executor.submit(self._read, requests)
                try:
                    sent = self._send([start + due_s for due_s in due])
                    answers = future.result()
                except BaseException:  # such as Ctrl-C: the reader would wait for answers to what is never sent
                    with contextlib.suppress(OSError):
                        self._connection.shutdown(socket.SHUT_RDWR)
                    raise
        except OSError as error:
            raise WorkerError(f"the server of the load test stopped answering: {error or 'time-out'}") from None

        def served(request: int) -> Served:
            batch, times = answers[request]
            arrived, started, ready, ended, received = (moment - start for moment in times)
            return Served(due[request], sent[request] - start, arrived, started, ready, ended, received, batch)

        return Run(rate, number, tuple(map(served, range(requests))))

    def _send(self, due: Sequence[float]) -> list[float]:
        """Send each request when it is due, or at once if late; the times of sending."""
        sent = []
        for number, due_s in enumerate(due):
            time.sleep(max(0.0, due_s - time.perf_counter()))
            sent.append(time.perf_counter())
            self._connection.sendall(REQUEST.pack(number) + self._images[number % _IMAGES])
        return sent

    def _read(self, requests: int) -> dict[int, tuple[int, list[float]]]:
        """By request: images in its batch; the server's four times, and when the answer was read."""
        answers: dict[int, tuple[int, list[float]]] = {}
        for _ in range(requests):
            frame = self._answers.read(ANSWER.size)
            received = time.perf_counter()
            if len(frame) < ANSWER.size:
                raise ConnectionError("the connection was closed")
            number, batch, _, *times = ANSWER.unpack(frame)
            answers[number] = (batch, [*times, received])
        return answers
