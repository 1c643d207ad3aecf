"""SIGTERM ends a command as Ctrl-C does, a second signal ends it at once: real processes with real workers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from scalebench.cli import app

ENDLESS = """\
schema: 1
name: endless
models: [{timm: [resnet10t], resolution: [32]}]
grid: {threads: [1]}
protocol: {rounds: 10000, warmup_s: 0.01, warmup_max_s: 0.1, chunk_s: 0.02, chunk_max_s: 0.2, min_iterations: 3,
           turns: 4, turn_s: 0.01}
"""
RUN = [sys.executable, "-m", "scalebench", "run", "endless.yaml", "--no-peaks"]
SLOW_PAGE = """\
import sys, time
from scalebench.cli import main
from scalebench.jobs import publish

def never_done(*_, **__):
    print("writing the page", file=sys.stderr, flush=True)
    time.sleep(600)

publish.publish = never_done
sys.argv[1:] = ["run", "endless.yaml", "--no-peaks"]
main()
"""
Spawn = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Spawn]:
    """Starts a command in a session of its own, beside the endless suite."""
    (tmp_path / "endless.yaml").write_text(ENDLESS)
    started: list[subprocess.Popen[str]] = []

    def start(*command: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:  # closes its pipes
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def measured(folder: Path) -> int:
    """Measured records that are stored whole."""
    lines = [line for file in folder.rglob("*.jsonl") for line in file.read_text().split("\n")[:-1]]
    return sum(json.loads(line).get("case", {}).get("mode") == "inference" for line in lines)


def until(true: Callable[[], bool]) -> None:
    for _ in range(6000):
        if true():
            return
        time.sleep(0.02)
    pytest.fail("waited two minutes in vain")


def are_gone(processes: list[psutil.Process]) -> bool:
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)


def test_a_background_run_that_ignores_sigint_is_stopped_by_sigterm(spawn: Spawn, tmp_path: Path) -> None:
    """POSIX shells ignore SIGINT in what a script starts with ``&``."""
    shell = spawn("sh", "-c", f"{' '.join(RUN)} & echo $!; wait $!; echo ended with $?")
    assert shell.stdout is not None
    run = psutil.Process(int(shell.stdout.readline()))
    until(lambda: measured(tmp_path) >= 1)
    run.send_signal(signal.SIGINT)
    stored = measured(tmp_path)
    until(lambda: measured(tmp_path) >= stored + 2)
    workers = run.children(recursive=True)
    assert workers
    run.terminate()
    out, err = shell.communicate(timeout=60)
    assert out.splitlines()[-1] == "ended with 143"
    assert "stopped; every finished round is kept" in err
    assert "1 cases are open: scalebench run endless.yaml goes on" in err
    assert "stopped by SIGTERM" in err
    assert f"{measured(tmp_path)} rounds" in (tmp_path / "reports" / "endless.html").read_text()
    assert are_gone(workers)


def test_a_second_signal_ends_a_run_at_once(spawn: Spawn, tmp_path: Path) -> None:
    """The first one makes it write the page, which takes ten minutes here."""
    run = spawn(sys.executable, "-c", SLOW_PAGE)
    assert run.stderr is not None
    until(lambda: measured(tmp_path) >= 1)
    workers = psutil.Process(run.pid).children(recursive=True)
    run.terminate()
    errors = run.stderr
    until(lambda: errors.readline() == "writing the page\n")
    stored = measured(tmp_path)
    run.terminate()
    assert run.wait(timeout=60) == 143
    assert measured(tmp_path) == stored >= 1
    until(lambda: are_gone(workers))


@pytest.mark.parametrize(("first", "second"), [("SIGINT", "SIGINT"), ("SIGTERM", "SIGINT"), ("SIGINT", "SIGTERM")])
def test_any_second_signal_gives_its_own_exit_code(spawn: Spawn, first: str, second: str) -> None:
    code = """\
import signal, time
from scalebench.cli.stop_signals import stop_signals
signal.signal(signal.SIGINT, signal.default_int_handler)
with stop_signals():
    try:
        print("running", flush=True)
        time.sleep(600)
    finally:
        print("ending", flush=True)
        time.sleep(600)
"""
    process = spawn(sys.executable, "-c", code)
    assert process.stdout is not None
    for name, line in ((first, "running\n"), (second, "ending\n")):
        assert process.stdout.readline() == line
        process.send_signal(signal.Signals[name])
    assert process.wait(timeout=60) == {"SIGINT": 130, "SIGTERM": 143}[second]


@pytest.mark.parametrize(
    ("command", "job"),
    [
        (["ab", "resnet18", "resnet34"], "scalebench.cli.ab.compare_pairs"),
        (["aa"], "scalebench.cli.aa.measure_floor"),
        (["tune", "resnet18"], "scalebench.cli.tune.tune_model"),
        (["loadtest", "resnet18", "--slo", "50ms"], "scalebench.cli.loadtest.run_loadtest"),
        (["blocks", "resnet18"], "scalebench.cli.blocks.measure_blocks"),
    ],
)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_every_command_that_measures_ends_with_the_code_of_the_signal(
    command: list[str], job: str, number: int, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[bool] = []

    def job_that_is_stopped(*_: object) -> None:
        try:
            os.kill(os.getpid(), number)
            time.sleep(60)
        finally:
            closed.append(True)

    monkeypatch.setattr(job, job_that_is_stopped)
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell ignores it
    try:
        done = CliRunner().invoke(app, command)
        assert signal.getsignal(signal.SIGTERM) == handlers[1]
    finally:
        signal.signal(signal.SIGINT, handlers[0])
    assert (done.exit_code, closed) == (code, [True])
    assert f"stopped by {signal.Signals(number).name}" in done.output
