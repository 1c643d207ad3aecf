"""Everything that only a real card can tell, in nine minutes at most: one command, one folder to send back.

    python -m tests.gpu.check_card OUT [--device cuda] [--wheels DIR] [--timm-benchmark benchmark.py] [--dry-run]

It runs, each as a process of its own with its log in OUT: the self-test, the tests of this folder, one verified round
per configuration, the core models, and timm's benchmark script. What fails does not keep the next step from running.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.gpu.prepare import ROOT, environment, requirements
from tests.gpu.suites import DRY, FULL, configurations, core_models

LIMIT_S = 540.0
"""Of all steps together; those of the single steps add up to it, so that no step takes the time of a later one."""
_GRACE_S = 10.0
_TIMM_MODELS = ("resnet50", "efficientnet_b0")


@dataclass(frozen=True)
class Step:
    """One command.

    Attributes:
        name: also of its log.
        command: to run in the repository.
        limit_s: it is stopped after this, seconds.
    """

    name: str
    command: tuple[str, ...]
    limit_s: float


@dataclass(frozen=True)
class Ended:
    """How a step ended; ``code`` is None where it was stopped or there was no time left for it."""

    step: Step
    code: int | None
    seconds: float


def steps(python: str, out: Path, device: str, timm: Path | None, dry: bool) -> list[Step]:
    """The commands, in order of what they tell; writes the suites."""
    size = DRY if dry else FULL
    quick = ("--quick",) if dry else ()
    check = (python, "-m", "scalebench", "doctor", "--selftest", device, "--out", str(out / "selftest.json"), *quick)
    tests = (python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/gpu/test_on_card.py")
    planned = [Step("selftest", check, 170.0), Step("tests", tests, 55.0)]
    # Beside its rounds a suite takes time for counting and its page, the second one also for searching its batches.
    suites = (("configurations", configurations, 95.0, 65), ("core_models", core_models, 150.0, 70))
    for name, suite, limit_s, rounds_s in suites:
        file = out / f"{name}.yaml"
        file.write_text(json.dumps(suite(device, size), indent=1) + "\n", encoding="utf-8")
        folders = ("--results", str(out / "results"), "--reports", str(out / "reports"))
        budget = ("--budget", "5s" if dry else f"{rounds_s}s", "--no-peaks")
        planned.append(Step(name, (python, "-m", "scalebench", "run", str(file), *folders, *budget), limit_s))
    if timm is not None:
        planned += [_timm(python, out, device, timm, model, dry) for model in (DRY.models if dry else _TIMM_MODELS)]
    return planned


def _timm(python: str, out: Path, device: str, script: Path, model: str, dry: bool) -> Step:
    options = {"-b": "256"}
    if dry:
        options = {"-b": "2", "--img-size": "32", "--num-warm-iter": "1", "--num-bench-iter": "5"}
    if device != "auto":  # which timm's script does not know
        options["--device"] = device.replace("rocm", "cuda")
    options |= {"--model": model, "--results-format": "json", "--results-file": str(out / f"timm-{model}.json")}
    switches = () if dry else ("--amp", "--channels-last")
    words = [word for pair in options.items() for word in pair]
    command = (python, str(script), "--bench", "inference", *words, *switches)
    return Step(f"timm-{model}", command, 35.0)


def run_steps(
    planned: Sequence[Step], out: Path, limit_s: float = LIMIT_S, clock: Callable[[], float] = time.monotonic
) -> list[Ended]:
    """Run one step after the other, each within its limit and all within ``limit_s``."""
    start, ended = clock(), []
    for step in planned:
        begin = clock()
        left_s = min(step.limit_s, limit_s - (begin - start))
        code = _run(step, out / f"{step.name}.log", left_s) if left_s > 0 else None
        ended.append(Ended(step, code, clock() - begin))
        print(f"{step.name}: {'stopped' if code is None else f'exit {code}'}, {ended[-1].seconds:.0f} s", flush=True)
    return ended


def _run(step: Step, log: Path, timeout_s: float) -> int | None:
    """Exit code; a step that takes too long is interrupted, which lets a run write its page, and then killed."""
    own = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))}
    with log.open("wb") as file:
        process = subprocess.Popen(
            step.command, cwd=ROOT, env=own, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            return process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            for number in (signal.SIGINT, signal.SIGKILL):
                os.killpg(process.pid, number)
                try:
                    process.wait(_GRACE_S)
                    break
                except subprocess.TimeoutExpired:
                    continue
            return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything; 1 where a step failed or was stopped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder for logs, records and pages")
    parser.add_argument("--device", help="as scalebench names it: auto (default), cuda:0, xpu:0; with --dry-run cpu")
    parser.add_argument("--wheels", type=Path, help="folder of wheels that are installed without a network")
    parser.add_argument("--timm-benchmark", type=Path, help="timm's benchmark.py")
    parser.add_argument("--dry-run", action="store_true", help="tiny models and shortest times, to test the script")
    parser.add_argument("--steps", help="only these, separated by commas")
    given = parser.parse_args(arguments)
    out, start = given.out.resolve(), time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    python = sys.executable
    if given.wheels:
        python = str(environment(out / "venv", given.wheels, requirements()))
    script = given.timm_benchmark and given.timm_benchmark.resolve()
    device = given.device or ("cpu" if given.dry_run else "auto")
    planned = steps(python, out, device, script, given.dry_run)
    if given.steps:
        planned = [step for step in planned if step.name in given.steps.split(",")]
    ended = run_steps(planned, out, LIMIT_S - (time.monotonic() - start))
    (out / "summary.json").write_text(json.dumps([asdict(end) for end in ended], indent=1) + "\n", encoding="utf-8")
    return 0 if all(end.code == 0 for end in ended) else 1


if __name__ == "__main__":
    sys.exit(main())
