"""The self-test of a device: every check in a process of its own, so that one that crashes has failed and no more."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from scalebench import __version__
from scalebench.errors import WorkerError
from scalebench.execute.abba import describe
from scalebench.execute.abilities import abilities, kept
from scalebench.execute.client import Ending, Worker
from scalebench.execute.events import Listener, Note, silent
from scalebench.execute.lock import machine_lock
from scalebench.machine.accelerators import choose_without_torch, find_accelerators
from scalebench.machine.environment import usable_cores
from scalebench.machine.selfcheck import (
    FORK,
    PEAKS,
    SELF_CHECKS,
    CheckResult,
    SelfCheck,
    Verdict,
    passed,
    unavailable_check,
)
from scalebench.procure.catalogue import catalogue
from scalebench.procure.rated_peaks import RatedDevice, RatedPeak, rate_device
from scalebench.record import Environment
from scalebench.suite.device_kinds import is_device, kind_of
from scalebench.units import si

LIMIT_S = 180.0
"""Of all checks together; those that would begin later are not made."""
_WINDOW_S, _QUICK_WINDOW_S = 1.0, 0.05
_RATED, _RATED_PROCESSOR = (0.5, 1.1), (0.3, 3.0)
"""Plausible shares of a rated peak. A processor is rated at its base clock; a virtual core may be half of one."""
_SETTINGS = (
    "CUDA_VISIBLE_DEVICES", "CUDA_LAUNCH_BLOCKING", "NVIDIA_TF32_OVERRIDE", "PYTORCH_ALLOC_CONF",
    "PYTORCH_CUDA_ALLOC_CONF", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "ZE_AFFINITY_MASK", "OMP_NUM_THREADS",
)  # fmt: skip
"""Variables of the environment that change what the checks see."""


@dataclass(frozen=True)
class FinishedCheck:
    """One check and what it came to; ``seconds`` is its wall time."""

    check: SelfCheck
    result: CheckResult
    seconds: float = 0.0


@dataclass(frozen=True)
class SelfTest:
    """All checks of one device.

    Attributes:
        device: as in ``Case``.
        environment: the machine and its software.
        checks: in the order they ran.
        seconds: wall time of all.
    """

    device: str
    environment: Environment
    checks: Sequence[FinishedCheck]
    seconds: float

    def names(self, verdict: Verdict) -> list[str]:
        """Names of the checks with this verdict."""
        return [checked.check.name for checked in self.checks if checked.result.verdict == verdict]

    def document(self) -> dict[str, Any]:
        """JSON content; it names no host, no user and no path."""
        checks = [
            {"name": c.check.name, "expects": c.check.expects, **asdict(c.result), "seconds": c.seconds}
            for c in self.checks
        ]
        return {
            "schema": 1,
            "scalebench": __version__,
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()}",
            "device": self.device,
            "passed": not self.names("fail"),
            "environment": {**asdict(self.environment), "host": ""},
            "settings": {name: os.environ[name] for name in _SETTINGS if name in os.environ},
            "seconds": self.seconds,
            "checks": checks,
        }


def selftest(word: str, quick: bool = False, announce: Listener = silent) -> SelfTest:
    """Run every check on the device that ``word`` names, three minutes at most; holds the machine's lock.

    ``quick`` takes a twentieth of the time per figure and only reads stored peaks: it shows that the checks run.

    Raises:
        MachineError: no such device, or another run holds the machine's lock.
        WorkerError: no measuring process could be started.
    """
    if is_device(word):
        choose_without_torch(word, find_accelerators())  # a card that is not there is refused at once
    with machine_lock(), Worker() as warm, Worker(fork=False) as fresh:
        return run_checks(word, quick, warm, fresh, announce)


def run_checks(
    word: str,
    quick: bool,
    warm: Worker,
    fresh: Worker,
    announce: Listener = silent,
    clock: Callable[[], float] = time.monotonic,
) -> SelfTest:
    """As ``selftest``, by these workers: one that forks, and one that starts an interpreter for every check."""
    start = clock()
    device, environment = describe(warm, word, announce)
    checked: list[FinishedCheck] = []
    worker = warm if kind_of(device).fork else fresh
    for check in SELF_CHECKS:
        begin = clock()
        left_s = LIMIT_S - (begin - start)
        if check.name == FORK and not kind_of(device).fork:
            result = unavailable_check(f"{kind_of(device).label}: rounds start in fresh interpreters there")
        elif left_s <= 0:
            result = unavailable_check(f"the {LIMIT_S:.0f} s of the self-test were over")
        elif check.name == PEAKS:
            result = _peaks(worker, environment, device, quick, min(left_s, check.timeout_s))
        else:
            result = _run(worker, check, device, quick, min(left_s, check.timeout_s))
        if check.name == FORK and result.verdict == "fail":
            worker = fresh  # else every check would fail for the same reason
        checked.append(FinishedCheck(check, result, clock() - begin))
        announce(Note(f"{check.name}: {result.verdict}"))
    return SelfTest(device, environment, checked, clock() - start)


def _run(worker: Worker, check: SelfCheck, device: str, quick: bool, timeout_s: float) -> CheckResult:
    window_s = _QUICK_WINDOW_S if quick else _WINDOW_S
    job = {"do": "selftest", "check": check.name, "device": device, "threads": usable_cores(), "window_s": window_s}
    try:
        return result_of(worker.run(job, timeout_s))
    except WorkerError as error:
        return passed(False, error.message)


def result_of(ending: Ending) -> CheckResult:
    """The child's answer; a child that ended without one has failed."""
    if 0 in ending.answers:
        return CheckResult(**ending.answers[0])
    if ending.timed_out:
        return passed(False, f"no answer after {ending.wall_s:.0f} s")
    return passed(False, f"the process ended early: {ending.reason}", exit=ending.exit, error=ending.error)


def _peaks(worker: Worker, environment: Environment, device: str, quick: bool, timeout_s: float) -> CheckResult:
    """Peaks measured now, as ``doctor`` does once a week, against the catalogue."""
    threads = usable_cores()
    if quick:
        ability = kept(environment, device, threads)
        if ability is None:
            return unavailable_check("no peaks are stored, and none are measured with --quick")
    else:
        try:
            ability = abilities(worker, environment, device, threads, max_age_days=0.0, timeout_s=timeout_s)
        except WorkerError as error:
            return passed(False, error.message)
    rated = rate_device(environment.hardware, ability, catalogue().values())
    rates = {name: peak.best for name, peak in ability.bandwidth.items()}
    return judge_peaks(rated, rates)


def judge_peaks(rated: RatedDevice, bandwidth: Mapping[str, float]) -> CheckResult:
    """Measured peaks as shares of the rated ones; ``bandwidth`` in bytes per second by name, as in ``Ability``."""
    least, largest = _RATED_PROCESSOR if rated.chip is not None and rated.chip.is_processor else _RATED
    known = [peak for peak in rated.peaks if peak.share is not None and not peak.note]
    wrong = [peak.what for peak in known if not least <= (peak.share or 0.0) <= largest]
    slow_cache = bandwidth.get("llc", bandwidth.get("copy", 0.0)) < bandwidth.get("copy", 0.0)
    figures = {
        "chip": rated.chip.id if rated.chip else None,
        "bandwidth": dict(bandwidth),
        "peaks": [*map(asdict, rated.peaks)],
    }
    finding = ", ".join(map(_share, rated.peaks))
    finding += f"; implausible: {', '.join(wrong)}" if wrong else ""
    finding += "; the cache is slower than the memory" if slow_cache else ""
    if not wrong and not slow_cache and not known:
        missing = "every peak was disturbed" if rated.chip else f"{rated.name} is not in the catalogue"
        return unavailable_check(f"{missing}; {finding}", **figures)
    return passed(not wrong and not slow_cache, finding, **figures)


def _share(peak: RatedPeak) -> str:
    rated = "" if peak.share is None else f" ({peak.share:.0%} of the rated)"
    return f"{peak.what} {si(peak.measured, peak.unit)}{rated}{peak.note and f', {peak.note}'}"
