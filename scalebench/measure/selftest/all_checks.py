"""The checks of the self-test by name, each run in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import torch

from scalebench.machine.selfcheck import FORK, MODEL_PASSES, CheckResult, passed
from scalebench.measure.selftest.bench import Bench
from scalebench.measure.selftest.clock_checks import clocks, model_pass
from scalebench.measure.selftest.counter_checks import counters, energy, watching_check
from scalebench.measure.selftest.memory_checks import memory, out_of_memory
from scalebench.measure.selftest.precision_checks import precisions
from scalebench.units import seconds

_ONES = 1024


def first_use(bench: Bench) -> CheckResult:
    """Compute something at once; whether the device bears the fork shows in whether this returns."""
    start = time.monotonic()
    total = float(torch.ones(_ONES, device=bench.accelerator.device).sum())
    elapsed = time.monotonic() - start
    finding = f"sum of {_ONES} ones {total:g}, {seconds(elapsed)} after the fork"
    return passed(total == _ONES, finding, sum=total, first_use_s=elapsed)


CHECKS: Mapping[str, Callable[[Bench], CheckResult]] = {
    FORK: first_use,
    "clocks": clocks,
    **{name: model_pass(name) for name in MODEL_PASSES},
    "memory": memory,
    "out of memory": out_of_memory,
    "precisions": precisions,
    "counters": counters,
    "energy": energy,
    "watching": watching_check,
}
"""All but the peaks, which ``doctor`` measures anyway and their parent compares with the catalogue."""
