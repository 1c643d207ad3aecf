"""Checks of the device's counters: whose they are, energy against power, and whether reading them disturbs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import torch

from scalebench.machine.gpu import Gpu, Unavailable
from scalebench.machine.power import open_counters
from scalebench.machine.selfcheck import CheckResult, passed, unavailable_check
from scalebench.measure.energy import Instruments, spend
from scalebench.measure.selftest.bench import Bench
from scalebench.measure.selftest.clock_checks import fitting_batch
from scalebench.measure.watch import watching
from scalebench.units import bytes_, digits, percent, seconds

_WITHIN = 0.05
"""Of total memory: NVML counts what the driver reserves, torch does not."""
_GROWTH = (0.9, 2.0)
"""Growth of the memory in use over what was allocated; others may allocate meanwhile."""
_BUFFER, _SHARE = 2**30, 8
_LEAD_S, _ENERGY_S = 2.0, 4.0
"""Seconds of load before and in the energy window: NVML's power is the mean of one second."""
_POWER_WITHIN = 0.10
_LONGER = 0.03
_READ_S = 0.1
"""Between two readings of the energy counter, which moves as often."""
_PERIODS, _STRETCHES = 0.3, 4.0
"""Windows of one stretch, three periods of watching, and of all stretches."""
_LOAD, _LOAD_BATCH = "resnet50", 64

Reason = str


def counters(bench: Bench) -> CheckResult:
    """Memory in use by the counters before and while a buffer is held, and the totals of torch and the counters."""
    gpu = _gpu(bench)
    if isinstance(gpu, Reason):
        return unavailable_check(gpu)
    accelerator = bench.accelerator
    torch.zeros(1, device=accelerator.device)  # the context is not part of the growth
    accelerator.synchronize()
    size = int(min(_BUFFER, accelerator.free_bytes() / _SHARE))
    before = gpu.memory_used_bytes()
    buffer = torch.ones(size, dtype=torch.uint8, device=accelerator.device)
    accelerator.synchronize()
    after, processes = gpu.memory_used_bytes(), gpu.processes()
    total_of_torch = getattr(accelerator.properties, "total_memory", None)
    listed = None if processes is None else os.getpid() in processes
    if before is None or after is None:
        return unavailable_check("the counters give no memory in use")
    return judge_counters(buffer.nbytes, after - before, total_of_torch, gpu.memory_total_bytes(), listed)


def judge_counters(
    size: int, grown: int, total_of_torch: int | None, total: int | None, listed: bool | None = None
) -> CheckResult:
    """``grown`` bytes in use by the counters for ``size`` allocated; totals by torch and by the counters, bytes.

    ``listed``: whether the list of processes has this one, which it may lack in a container.
    """
    same_total = not total or not total_of_torch or abs(total_of_torch / total - 1) <= _WITHIN
    finding = f"{bytes_(size)} allocated: the counters grew by {bytes_(max(0, grown))}"
    if total and total_of_torch:
        finding += f"; total {bytes_(total)}, by torch {bytes_(total_of_torch)}"
    finding += {True: "; lists this process", False: "; does not list this process", None: ""}[listed]
    figures = {"size": size, "grown": grown, "total": total, "total_of_torch": total_of_torch, "listed": listed}
    return passed(_GROWTH[0] <= grown / size <= _GROWTH[1] and same_total, finding, **figures)


def energy(bench: Bench) -> CheckResult:
    """ResNet-50 in a loop: joules of the board's counter per second, and the mean of sampled watts."""
    gpu = _gpu(bench)
    if isinstance(gpu, Reason):
        return unavailable_check(gpu)
    counters_of_board = open_counters(bench.accelerator.kind.name, gpu)
    if isinstance(counters_of_board, Unavailable):
        return unavailable_check(f"{counters_of_board.reason}: {counters_of_board.detail}")
    session = bench.session(_LOAD, fitting_batch(_LOAD, _LOAD_BATCH, bench))
    session.once()  # the first pass takes longer
    passes = max(1, round(_READ_S / max(session.clock.lap(session.run), 1e-6)))
    instruments = Instruments(counters_of_board[:1], watching=lambda: watching(gpu))

    def load() -> None:
        session.clock.chunk(session.run, passes)

    spend(load, _LEAD_S * bench.window_s, instruments)
    with instruments.watching() as report:
        span = spend(load, _ENERGY_S * bench.window_s, instruments)
    sampled = (report() or {}).get("power_mean_w")
    joules = span.of([counters_of_board[0].domain])
    return judge_energy(None if joules is None else joules / span.seconds, sampled)


def judge_energy(counter_w: float | None, sampled_w: float | None) -> CheckResult:
    """Mean power by the energy counter, None where it did not move, and by samples, None where there are none."""
    figures = {"counter_w": counter_w, "sampled_w": sampled_w}
    if counter_w is None:
        return passed(False, "the energy counter did not move under load", **figures)
    if not sampled_w:
        return unavailable_check(f"energy counter {digits(counter_w)} W; no samples of power", **figures)
    share = counter_w / sampled_w - 1
    finding = f"energy counter {digits(counter_w)} W, samples {digits(sampled_w)} W: {percent(share)}"
    return passed(abs(share) <= _POWER_WITHIN, finding, **figures)


def watching_check(bench: Bench) -> CheckResult:
    """Stretches of passes of ResNet-18 at batch 1 with the watching thread and without, by turns."""
    gpu = _gpu(bench)
    if isinstance(gpu, Reason):
        return unavailable_check(gpu)
    session = bench.session("resnet18", 1)
    stretches = {
        "alone_s": lambda: stretch(session.run, bench, lambda: watching(None)),
        "watched_s": lambda: stretch(session.run, bench, lambda: watching(gpu)),
    }
    return judge_watching(**bench.medians(stretches, _STRETCHES))


def stretch(run: Callable[[], None], bench: Bench, watch: Callable[[], AbstractContextManager[object]]) -> float:
    """Mean time of a pass over one stretch, seconds."""
    with watch():
        passes: list[float] = []
        end = time.monotonic() + _PERIODS * bench.window_s
        while not passes or time.monotonic() < end:
            passes.append(bench.host_clock.lap(run))
    return sum(passes) / len(passes)


def judge_watching(alone_s: float, watched_s: float) -> CheckResult:
    """Mean pass without and with watching."""
    longer = watched_s / alone_s - 1
    finding = f"a pass takes {seconds(alone_s)} alone, {seconds(watched_s)} watched: {percent(longer)}"
    return passed(longer <= _LONGER, finding, alone_s=alone_s, watched_s=watched_s)


def _gpu(bench: Bench) -> Gpu | Reason:
    """The counters of the device, or why there are none."""
    gpu = bench.accelerator.readings()
    if gpu is None:
        return f"{bench.accelerator.kind.label}: this check compares the counters of a GPU's driver"
    return f"{gpu.reason}: {gpu.detail}" if isinstance(gpu, Unavailable) else gpu
