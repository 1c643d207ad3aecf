"""Every ending of a round is a record, and the worker goes on afterwards."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from scalebench.errors import WorkerError
from scalebench.execute.client import Worker
from scalebench.execute.one_round import RoundOptions, run_round
from scalebench.record import Environment
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol

FAST = Protocol(
    rounds=1, warmup_s=0.01, warmup_max_s=0.1, chunk_s=0.02, chunk_max_s=0.2, min_iterations=3, timeout_s=60
)
ENDLESS = Protocol(rounds=1, warmup_s=600, warmup_max_s=600, timeout_s=1.5)
CASE = Case("resnet18", 64, threads=1, protocol=FAST)
HERE = Environment("test", "hw", "sw")


@pytest.fixture(autouse=True)
def still_alive(worker: Worker) -> Iterator[None]:
    """After every fault the same server measures an ordinary case."""
    yield
    assert run_round(worker, "s", CASE, 0, HERE).outcome == "ok"


def test_a_good_round_is_ok(worker: Worker) -> None:
    record = run_round(worker, "s", CASE, 2, HERE)
    assert (record.outcome, record.round, record.error) == ("ok", 2, None)
    assert record.wall_s >= sum(record.samples["latency_s"])


def test_a_child_that_raises_is_failed_with_its_words(worker: Worker) -> None:
    record = run_round(worker, "s", replace(CASE, model="resnet5O"), 0, HERE)
    assert record.outcome == "failed"
    assert record.error is not None
    assert record.error["type"] == "UnknownNameError"
    assert "resnet5O" in record.error["message"]
    assert "UnknownNameError: unknown model 'resnet5O'" in record.error["stderr"]
    assert record.facts == record.samples == {}


def test_a_child_that_hangs_is_a_timeout(worker: Worker) -> None:
    record = run_round(worker, "s", replace(CASE, protocol=ENDLESS), 0, HERE)
    assert record.outcome == "timeout"
    assert record.error is not None
    assert "1.5 s" in record.error["message"]


@contextmanager
def shot(worker: Worker, choose: Callable[[int, int], int], after_s: float) -> Iterator[list[int]]:
    """SIGKILL to server or child, ``after_s`` after the child has appeared; yields both their numbers."""
    worker.run({"do": "environment", "devices": ["cpu"]}, 60)
    assert worker._process is not None
    server, both = worker._process.pid, []

    def shoot() -> None:
        children: list[str] = []
        while not children:
            time.sleep(0.01)
            children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        both.extend((server, int(children[0])))
        time.sleep(after_s)
        os.kill(choose(*both), signal.SIGKILL)

    killer = threading.Thread(target=shoot)
    killer.start()
    yield both
    killer.join()


@pytest.mark.parametrize("seed", range(3))
def test_a_child_that_is_killed_at_any_moment_is_crashed_with_its_signal(worker: Worker, seed: int) -> None:
    """While it builds, warms up or times: no half-made number stays."""
    with shot(worker, lambda _, child: child, random.Random(seed).uniform(0, 1)):
        record = run_round(worker, "s", replace(CASE, protocol=replace(ENDLESS, timeout_s=60)), 0, HERE)
    assert (record.outcome, record.ending) == ("crashed", "killed_signal(SIGKILL)")
    assert record.error is not None
    assert "SIGKILL" in record.error["message"]
    assert record.facts == record.samples == {}


def test_a_server_that_is_killed_takes_its_child_along_and_is_replaced(worker: Worker) -> None:
    """It costs one round, which is recorded; no child stays behind as noise for the next server's."""
    with shot(worker, lambda server, _: server, 0.3) as both:
        record = run_round(worker, "s", replace(CASE, protocol=replace(ENDLESS, timeout_s=60)), 0, HERE)
    assert (record.outcome, record.ending) == ("crashed", "killed_signal(SIGKILL)")
    stat = Path(f"/proc/{both[1]}/stat")
    for _ in range(100):
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.05)
    else:
        pytest.fail("the child goes on without its server")


def test_a_case_beyond_its_limit_is_oom_and_the_next_one_has_its_memory_again(worker: Worker) -> None:
    """The limit is the child's alone."""
    record = run_round(
        worker, "s", replace(CASE, batch=64, resolution=224), 0, HERE, RoundOptions(limit_bytes=50 * 2**20)
    )
    assert (record.outcome, record.ending) == ("oom", "oom_host")
    assert record.error is not None
    assert "memory" in record.error["message"]


def test_a_case_that_needs_too_much_memory_is_oom(worker: Worker) -> None:
    record = run_round(worker, "s", replace(CASE, batch=2_000_000, resolution=224), 0, HERE)
    assert record.outcome == "oom"
    assert record.facts == {}


def test_a_worker_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken timm on the path is named, not waited for."""
    (tmp_path / "timm.py").write_text("raise ImportError('broken on purpose')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Worker() as broken, pytest.raises(WorkerError, match="broken on purpose"):
        broken.run({"do": "measure", "case": asdict(CASE)}, 5)


def test_the_parent_sleeps_while_a_child_measures(worker: Worker) -> None:
    """The parent's CPU time during a round of a second is a small part of it."""
    case = replace(CASE, protocol=replace(FAST, chunk_s=1.0, chunk_max_s=1.0))
    before = time.process_time()
    run_round(worker, "s", case, 0, HERE)
    assert time.process_time() - before < 0.2


def test_a_fresh_interpreter_measures_too() -> None:
    with Worker(fork=False) as fresh:
        assert run_round(fresh, "s", CASE, 0, HERE).outcome == "ok"
