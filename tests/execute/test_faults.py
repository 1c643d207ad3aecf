"""Every ending of a round is a record, and the worker goes on afterwards."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from scalebench.errors import WorkerError
from scalebench.execute.client import Worker
from scalebench.execute.isolate import run_round
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


def test_a_child_that_is_killed_is_crashed_with_its_signal(worker: Worker) -> None:
    assert worker._process is not None
    server = worker._process.pid

    def kill_the_child() -> None:
        children: list[str] = []
        while not children:
            time.sleep(0.05)
            children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)

    killer = threading.Thread(target=kill_the_child)
    killer.start()
    record = run_round(worker, "s", replace(CASE, protocol=replace(ENDLESS, timeout_s=60)), 0, HERE)
    killer.join()
    assert record.outcome == "crashed"
    assert record.error is not None
    assert "SIGKILL" in record.error["message"]


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


def test_a_server_that_dies_is_replaced(worker: Worker) -> None:
    """Killing the server itself costs one round, which is recorded; the next one starts a new server."""
    worker.run({"do": "environment", "devices": ["cpu"]}, 60)
    assert worker._process is not None
    os.killpg(worker._process.pid, signal.SIGKILL)
    worker._process.wait()


def test_the_parent_sleeps_while_a_child_measures(worker: Worker) -> None:
    """The parent's CPU time during a round of a second is a small part of it."""
    case = replace(CASE, protocol=replace(FAST, chunk_s=1.0, chunk_max_s=1.0))
    before = time.process_time()
    run_round(worker, "s", case, 0, HERE)
    assert time.process_time() - before < 0.2


def test_a_fresh_interpreter_measures_too() -> None:
    with Worker(fork=False) as fresh:
        assert run_round(fresh, "s", CASE, 0, HERE).outcome == "ok"
