"""Kills runs with SIGKILL at random moments and counts what was lost: ``python tests/bench/kills.py --kills 100``.

Every run works on the same store. A round is announced on stderr after its record is stored, so whatever was announced
has to be found there. In the end one run completes and another one measures nothing. Each start imports torch, which
takes 5 to 10 s: a hundred kills need a quarter of an hour or more.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from scalebench.store.jsonl import Results, read_results
from scalebench.suite.case import COUNT

ANNOUNCED = re.compile(r"\[\d+/\d+\] (.*?): ")
SUITE = """\
schema: 1
name: kills
models: [{{timm: [resnet10t, resnet18], resolution: [32]}}]
grid: {{threads: [1]}}
protocol: {{rounds: {rounds}, warmup_s: 0.01, warmup_max_s: 0.1, chunk_s: 0.02, chunk_max_s: 0.2, min_iterations: 3,
           timeout_s: 60}}
"""
MARK = "SCALEBENCH_KILLS"
MOMENTS = ("at least", "[1/", "[1/", "[1/")
"""A quarter of the kills are counted from the plan's line, while the server imports, the rest from the first round."""


def main() -> None:
    """Kill, count, complete; exit code 1 where anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100, help="runs to kill (default %(default)s)")
    parser.add_argument("--longest", type=float, default=3.0, help="seconds at most from the first round to a kill")
    parser.add_argument("--seed", type=int, default=20190528, help="of the moments (default %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "suite.yaml").write_text(SUITE.format(rounds=3 * options.kills + 4))
        sys.exit(campaign(folder, options.kills, options.longest, random.Random(options.seed)))


def campaign(folder: Path, kills: int, longest: float, dice: random.Random) -> int:
    """All kills on one store, then the two runs that are left alone; 1 where something is wrong."""
    announced: Counter[str] = Counter()
    unreadable = left_over = 0
    for number in range(1, kills + 1):
        said = killed_run(folder, dice.choice(MOMENTS), dice.uniform(0, longest))
        announced += said
        lost = announced - stored(folder)
        unreadable = len(results(folder).problems)
        left_over += survivors(folder)
        say(f"kill {number}: {said.total()} rounds announced, {announced.total()} in all, {lost.total()} lost, "
            f"{unreadable} unreadable lines, {left_over} processes left over")  # fmt: skip
    done, rest = whole_run(folder)
    again, nothing = whole_run(folder)
    lost = announced + rest - stored(folder)
    say(
        f"\nkills: {kills}\nrounds finished: {stored(folder).total()}, {announced.total()} of them announced by "
        f"killed runs\nrounds lost: {lost.total()}\nunreadable lines: {unreadable}\nprocesses left over: {left_over}\n"
        f"the next run: exit {done}, {rest.total()} rounds\nthe one after: exit {again}, {nothing.total()} rounds"
    )
    return int(bool(lost or unreadable or left_over or done or again or nothing or not rest))  # fmt: skip


def start(folder: Path) -> subprocess.Popen[str]:
    """A run in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "scalebench", "run", "suite.yaml", "--no-peaks"],
        cwd=folder, env={**os.environ, MARK: str(folder)}, text=True, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def killed_run(folder: Path, word: str, after_s: float) -> Counter[str]:
    """Labels of the rounds that a run announced before it was killed, ``after_s`` after it had said ``word``."""
    with start(folder) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if word in line:
                break
        else:
            sys.exit(f"the run ended by itself:\n{''.join(said)}")
        time.sleep(after_s)
        os.killpg(process.pid, signal.SIGKILL)
        said += process.stderr.readlines()
    return labels(said)


def whole_run(folder: Path) -> tuple[int, Counter[str]]:
    """Exit code and announced rounds of a run that is left alone."""
    with start(folder) as process:
        assert process.stderr is not None
        said = process.stderr.readlines()
    if process.returncode:
        say("".join(said))
    return process.returncode, labels(said)


def labels(lines: list[str]) -> Counter[str]:
    """Announced rounds by case; half a line announces nothing."""
    return Counter(found[1] for line in lines if line.endswith("\n") and (found := ANNOUNCED.match(line)))


def results(folder: Path) -> Results:
    """What the store holds, as every later run reads it."""
    return read_results(sorted((folder / "results").rglob("*.jsonl")))


def stored(folder: Path) -> Counter[str]:
    """Measured rounds in the store by case."""
    return Counter(record.case.label for record in results(folder).records if record.case.mode != COUNT)


def survivors(folder: Path, patience_s: float = 30.0) -> int:
    """Processes of killed runs that still go on; a server that was importing torch ends when it has done so."""
    end, found = time.monotonic() + patience_s, 1
    while found and time.monotonic() < end:
        found = 0
        for process in Path("/proc").glob("[0-9]*/environ"):
            try:
                found += f"{MARK}={folder}".encode() in process.read_bytes().split(b"\0")
            except OSError:  # it has ended, or is not ours
                continue
        time.sleep(0.1 if found else 0)
    return found


def say(text: str) -> None:
    """Print at once: a quarter of an hour is long."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
