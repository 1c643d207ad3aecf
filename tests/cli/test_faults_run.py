"""Whole runs under real faults: nothing finished is lost, the next run completes, the one after measures nothing.

One store goes through all of it, because every start of a run costs ten seconds of importing torch.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

ENDINGS = {
    "resnet18": "ok",
    "resnet14t": "ok",
    "resnet10t": "killed_signal(SIGSEGV)",
    "resnet18d": "timeout",
    "resnet26": "error(BuildError)",
    "resnet26t": "oom_host",
    "resnet26d": "error(MachineError)",
}
SUITE = f"""\
schema: 1
name: faults
models: [{{timm: [{", ".join(ENDINGS)}], resolution: [32]}}]
grid: {{threads: [1]}}
protocol: {{rounds: 2, warmup_s: 0.01, warmup_max_s: 0.1, chunk_s: 0.02, chunk_max_s: 0.2, min_iterations: 3,
           timeout_s: 10, turns: 4, turn_s: 0.01}}
"""
FAULTY = '''\
"""The installed timm, whose models end badly when they are built for a real device."""
import ctypes, os, sys, time

here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:] = [path for path in sys.path if os.path.abspath(path) != here]
del sys.modules["timm"]
import timm, torch

def clock_that_runs_back():
    ticks = iter(range(10**15, 0, -10**6))
    time.perf_counter_ns = lambda: next(ticks)

FAULTS = {
    "resnet10t": lambda: ctypes.string_at(0),
    "resnet18d": lambda: time.sleep(600),
    "resnet26": lambda: __import__("a_kernel_that_was_never_built"),
    "resnet26t": lambda: torch.empty(2**50),
    "resnet26d": clock_that_runs_back,
}
create_model = timm.create_model

def create_faulty(name, *args, **kwargs):
    if torch.get_default_device().type != "meta":
        FAULTS.get(name, lambda: None)()
    return create_model(name, *args, **kwargs)

timm.create_model = create_faulty
'''


@dataclass
class Running:
    """A run in a session of its own, and what it has said so far."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def listen(self, rounds: int = 1, until: str = "") -> None:
        """Read on until so many rounds are announced, or some word is said, or the run has ended."""
        assert self.process.stderr is not None
        while len(self.announced) < rounds and (line := self.process.stderr.readline()):
            self.said.append(line)
            if until and until in line:
                return

    @property
    def announced(self) -> list[str]:
        """Labels of the rounds that the run has said to be finished."""
        return [found[1] for line in self.said if (found := re.match(r"\[\d+/\d+\] (.*?): ", line))]

    def end(self) -> int:
        """Read the rest, wait, and give back the exit code."""
        assert self.process.stderr is not None
        self.said += self.process.stderr.readlines()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.stderr.close()
        return self.process.wait(timeout=120)


@dataclass(frozen=True)
class Store:
    """A folder with a suite, and the runs in it."""

    folder: Path

    def run(self, *options: str, timm: Path | None = None) -> Running:
        command = [sys.executable, "-m", "scalebench", "run", "suite.yaml", "--no-peaks", *options]
        environment = {**os.environ, "SCALEBENCH_TEST": str(self.folder)}
        if timm:
            environment["PYTHONPATH"] = f"{timm}{os.pathsep}{environment.get('PYTHONPATH', '')}"
        process = subprocess.Popen(
            command, cwd=self.folder, env=environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        return Running(process)

    def records(self) -> list[dict[str, Any]]:
        """Measured records, without half a line at the end of a file."""
        lines = [line for file in sorted(self.folder.rglob("*.jsonl")) for line in file.read_bytes().split(b"\n")[:-1]]
        found = [json.loads(line) for line in lines if line.startswith(b'{"kind": "record"')]
        return [record for record in found if record["case"]["mode"] != "count"]

    def labels(self) -> Counter[str]:
        """How often each case was measured, by the name under which runs announce it."""
        return Counter("{model}@{resolution} batch {batch} {precision} {runtime} {device}".format(**r["case"])
                       for r in self.records())  # fmt: skip

    def left_over(self) -> list[str]:
        """Command lines of processes of earlier runs that go on."""
        return [
            " ".join(process.info["cmdline"] or ())
            for process in psutil.process_iter(["environ", "cmdline"])  # None of a process that is not ours
            if (process.info["environ"] or {}).get("SCALEBENCH_TEST") == str(self.folder)
        ]


def readable(store: Store, running: Running, before: Counter[str]) -> None:
    """Whatever a run announced is in the store."""
    missing = Counter(running.announced) - (store.labels() - before)
    assert not missing, f"announced and lost: {missing}"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("store")
    (folder / "suite.yaml").write_text(SUITE)
    (folder / "timm-faulty" / "timm").mkdir(parents=True)
    (folder / "timm-faulty" / "timm" / "__init__.py").write_text(FAULTY)
    (folder / "timm-broken").mkdir()
    (folder / "timm-broken" / "timm.py").write_text("raise ImportError('broken on purpose')")
    return Store(folder)


@pytest.mark.timeout(600)
def test_a_store_outlives_every_fault(store: Store) -> None:
    """Children that crash, hang and run out of memory; a second run; SIGKILL; a broken timm; torn lines; read-only."""
    _every_child_ends_badly_and_then_the_run_is_killed(store)
    _a_broken_timm_ends_the_run_and_costs_nothing(store)
    _torn_and_foreign_lines_appear(store)
    _the_next_run_completes(store)
    _the_one_after_measures_nothing(store)


def _every_child_ends_badly_and_then_the_run_is_killed(store: Store) -> None:
    running = store.run(timm=store.folder / "timm-faulty")
    running.listen(until="at least")
    second = subprocess.Popen(
        [sys.executable, "-m", "scalebench", "run", "suite.yaml"],
        cwd=store.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    running.listen(len(ENDINGS))  # the first sweep; the hanging case alone takes longer than the second run's start
    time.sleep(random.Random(20190528).uniform(0, 0.4))
    os.killpg(running.process.pid, signal.SIGKILL)
    _, refused = second.communicate(timeout=60)
    assert second.returncode == 2, refused
    assert "error: another scalebench run is active on this machine" in refused
    assert "hint: two runs would disturb each other" in refused
    assert running.end() == -signal.SIGKILL, "".join(running.said)
    assert len(running.announced) >= len(ENDINGS), "".join(running.said)
    readable(store, running, Counter())
    assert {record["case"]["model"]: record["ending"] for record in store.records()} == ENDINGS
    assert all(record["facts"] == record["samples"] == {} for record in store.records() if record["outcome"] != "ok")
    for _ in range(300):  # a server that was still importing torch ends when it finds its parent gone
        if not store.left_over():
            return
        time.sleep(0.1)
    pytest.fail(f"processes go on without their run: {store.left_over()}")


def _a_broken_timm_ends_the_run_and_costs_nothing(store: Store) -> None:
    before = store.labels()
    running = store.run("--retry-failed", timm=store.folder / "timm-broken")
    assert running.end() == 2
    said = "".join(running.said)
    assert "error: the measuring process did not start" in said
    assert "broken on purpose" in said
    assert store.labels() == before


def _torn_and_foreign_lines_appear(store: Store) -> None:
    file = sorted(store.folder.rglob("*.jsonl"))[-1]
    with file.open("ab") as end:
        end.write(b"\x00\xff not json\n[1, 2]\n" + b'{"kind": "record", "schema": 2, "samples": {"latency_s": [0.0')


def _the_next_run_completes(store: Store) -> None:
    before, kept = store.labels(), store.records()
    running = store.run("--retry-failed")
    assert running.end() == 0, "".join(running.said)
    assert [record for record in store.records() if record in kept] == kept
    readable(store, running, before)
    good = Counter(record["case"]["model"] for record in store.records() if record["outcome"] == "ok")
    assert good.keys() == ENDINGS.keys()
    assert min(good.values()) >= 2
    assert before <= store.labels()
    problems = json.loads((store.folder / "reports" / "faults.json").read_text())["problems"]
    assert sum("damaged" in problem or "half a line" in problem for problem in problems) == 3, problems


def _the_one_after_measures_nothing(store: Store) -> None:
    """Nor does it have to write into the results, which may have been archived by now."""
    before = {file: file.read_bytes() for file in store.folder.rglob("*.jsonl")}
    results = store.folder / "results"
    mounted = os.geteuid() == 0 and all(
        subprocess.run(["mount", *how, results], capture_output=True, check=False).returncode == 0
        for how in (["--bind", results], ["-o", "remount,ro,bind"])
    )
    try:
        running = store.run()
        assert running.end() == 0, "".join(running.said)
    finally:
        if mounted:
            subprocess.run(["umount", results], check=True)
    assert running.announced == []
    assert {file: file.read_bytes() for file in store.folder.rglob("*.jsonl")} == before


@pytest.mark.parametrize("blocked", ["results", "reports"])
def test_a_folder_that_cannot_be_written_is_said_before_anything_is_measured(store: Store, blocked: str) -> None:
    """A file stands in its place: permission bits would not stop root. Finding out after hours would be too late."""
    (store.folder / "in-the-way").touch()
    (store.folder / "suite.yaml").write_text(SUITE.replace("chunk_s: 0.02", "chunk_s: 0.03"))  # so that cases are open
    running = store.run(f"--{blocked}", "in-the-way")
    assert running.end() == 2
    said = "".join(running.said)
    assert "in-the-way" in said
    assert "hint:" in said
    assert "Traceback" not in said
    assert running.announced == []
