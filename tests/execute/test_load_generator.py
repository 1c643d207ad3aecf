"""Real servers around a tiny model, and clients whose server fails."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from scalebench.errors import WorkerError
from scalebench.execute import load_generator
from scalebench.execute.client import Worker
from scalebench.execute.load_generator import Client, Load, Run, load_test
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol
from scalebench.suite.wire_format import ANSWER, LOOPBACK, REQUEST, image_bytes

FAST = Protocol(rounds=1, warmup_s=0.01, warmup_max_s=0.1, timeout_s=60)
SIDE = 32


def cases(runtime: str, *sizes: int, model: str = "mobilenetv3_small_050") -> list[Case]:
    return [Case(model, SIDE, batch=size, runtime=runtime, threads=1, protocol=FAST) for size in sizes]


@pytest.mark.parametrize(("runtime", "sizes"), [("eager", (1, 4)), ("onnxruntime", (4,))])
def test_every_request_is_answered_within_the_cap_at_every_rate(
    worker: Worker, runtime: str, sizes: tuple[int, ...]
) -> None:
    runs: list[Run] = []
    said = load_test(worker, cases(runtime, *sizes), 0.0, Load((100.0, 5000.0), 30, 2), runs.append)
    assert sorted((run.round, run.rate) for run in runs) == [(0, 100), (0, 5000), (1, 100), (1, 5000)]
    for run in runs:
        assert len(run.requests) == 30
        for *moments, images in run.requests:
            assert moments == sorted(moments), "both processes read one clock"
            assert 1 <= images <= 4
    assert len(said) == 2
    for number, server in enumerate(said):
        answered = [images for run in runs if run.round == number for *_, images in run.requests]
        by_size = {int(images): count for images, count in server["batches"].items()}
        assert {images: count // images for images, count in Counter(answered).items()} == by_size
        assert server["facts"]["intraop_threads"] == 1


def test_arrivals_depend_on_the_seed_the_round_and_the_rate_only(worker: Worker) -> None:
    first: list[Run] = []
    load_test(worker, cases("eager", 1), 0.0, Load((300.0, 200.0), 10, 2, seed=1), first.append)
    again: list[Run] = []
    load_test(worker, cases("eager", 2), 0.001, Load((200.0, 300.0), 10, 2, seed=1), again.append)

    def due(runs: list[Run]) -> dict[tuple[int, float], tuple[float, ...]]:
        return {(run.round, run.rate): tuple(one.due_s for one in run.requests) for run in runs}

    assert due(first) == due(again)
    assert len(set(due(first).values())) == 4


def test_a_run_lasts_long_enough_for_a_queue_to_show() -> None:
    load = Load((10.0, 1000.0), 100, 1, least_s=2.0)
    assert [load.requests_at(rate) for rate in load.rates] == [100, 2000]


def test_a_server_that_cannot_start_is_an_error(worker: Worker) -> None:
    with pytest.raises(WorkerError, match=r"efficientnet_b77@32.*unknown model"):
        load_test(worker, cases("eager", 1, model="efficientnet_b77"), 0.0, Load((10.0,), 5, 1), lambda _: None)


def test_a_server_that_is_not_there_is_an_error() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(WorkerError, match="cannot be reached"):
        Client(port, SIDE)


@contextmanager
def server(answers: int, asked: int) -> Iterator[int]:
    """Reads ``asked`` requests, then answers the first ``answers`` of them, all at once, and ends."""

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as stream:
            stream.read(asked * (REQUEST.size + image_bytes(SIDE)))
            connection.sendall(b"".join(ANSWER.pack(n, 1, 0, 0.0, 0.0, 0.0, 0.0) for n in range(answers)))

    with socket.create_server((LOOPBACK, 0)) as listening:
        beside = Thread(target=serve)
        beside.start()
        yield listening.getsockname()[1]
        beside.join()


def test_a_server_that_ends_early_is_an_error() -> None:
    with server(3, 5) as port, Client(port, SIDE) as client, pytest.raises(WorkerError, match="stopped answering"):
        client.run(1000.0, 5)


def test_a_stalled_server_does_not_hold_the_load_back() -> None:
    """No coordinated omission: all is sent before anything is answered, and latencies count from when it was due."""
    with server(20, 20) as port, Client(port, SIDE) as client:
        run = client.run(200.0, 20)
    assert max(one.sent_s for one in run.requests) <= min(one.received_s for one in run.requests)
    assert all(one.latency_s == one.received_s - one.due_s for one in run.requests)
    assert run.requests[0].latency_s > run.requests[-1].latency_s, "due earliest, answered with the last"


@pytest.mark.timeout(30)  # half the silence after which a server counts as dead
def test_a_stopped_load_does_not_wait_for_answers_to_what_is_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server waits for ten requests and is silent; the third is never sent."""
    pauses = iter([None, None])

    def sleep(_: float) -> None:
        if next(pauses, "stop"):
            raise KeyboardInterrupt

    monkeypatch.setattr(load_generator.time, "sleep", sleep)
    with server(0, 10) as port, Client(port, SIDE) as client, pytest.raises(KeyboardInterrupt):
        client.run(1000.0, 10)
