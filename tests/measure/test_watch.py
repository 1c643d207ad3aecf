"""The GPU watcher: samples made by hand, and a thread over a GPU that is a plain object."""

from __future__ import annotations

import json
import os
import threading
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from scalebench.machine.gpu import Gpu, Unavailable, doubts
from scalebench.machine.nvml import NvmlGpu
from scalebench.measure.accelerator import accelerator_of
from scalebench.measure.watch import Sample, low_clock_share, mean_power, process_peak, sampled, summary, watching

PATIENCE_S = 30.0  # only a broken watcher is waited for so long


def fake_gpu(**answers: Any) -> Gpu:
    """Answers come from the functions given, which take the handle."""
    return NvmlGpu(SimpleNamespace(**answers), "handle")


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "scalebench-watch"]


def test_on_the_cpu_nothing_is_started_and_nothing_seen() -> None:
    with watching(accelerator_of("cpu").readings()) as seen:
        assert threads() == []
    assert seen() is None
    assert accelerator_of("cpu").readings() is None


def test_a_gpu_that_cannot_be_asked_says_why() -> None:
    with watching(Unavailable("no_nvml", "driver not loaded")) as seen:
        assert threads() == []
    assert seen() == {"unavailable": "no_nvml", "detail": "driver not loaded"}


def test_what_samples_have_in_common() -> None:
    samples = [
        Sample(0.0, 0x01, 345, 40, 100.0, 2**30, (7,)),
        Sample(1.0, 0x44, 1980, 61, 300.0),
        Sample(3.0, 0x00, 1755, 60, 500.0, 2**31, (9, 7)),
    ]
    assert summary(samples) == {
        "samples": 3,
        "clock_event_reasons": 0x45,
        "throttled": ["hw_thermal"],
        "sm_clock_min_mhz": 345,
        "sm_clock_max_mhz": 1980,
        "temperature_max_c": 61,
        "power_mean_w": pytest.approx((200.0 * 1 + 400.0 * 2) / 3),
        "process_peak_bytes": 2**31,
        "other_pids": [7, 9],
    }


def test_a_gpu_that_tells_nothing_gives_none_and_no_zeros() -> None:
    found = summary([Sample(0.0), Sample(1.0)])
    assert found.pop("samples") == 2
    assert set(found.values()) == {None}


def test_alone_and_unknown_are_different() -> None:
    """An empty list says that nobody else was there; None that nobody could tell."""
    assert summary([Sample(0.0, others=()), Sample(1.0)])["other_pids"] == []
    assert summary([Sample(0.0, reasons=0)])["throttled"] == []


def test_mean_power_weighs_by_time() -> None:
    """Irregular samples, one without a reading: the trapezoid rule over those that have one."""
    known = [Sample(0.0, power_w=100.0), Sample(1.0), Sample(4.0, power_w=200.0), Sample(5.0, power_w=200.0)]
    assert mean_power(known) == pytest.approx((150.0 * 4 + 200.0) / 5)
    assert mean_power(known[:2]) is None
    assert mean_power([Sample(1.0, power_w=100.0), Sample(1.0, power_w=100.0)]) is None


def test_samples_come_while_the_block_runs_and_once_after_it() -> None:
    """Numbers count from 0; the last sample, which sees the end of the work, is number 0 again."""
    numbers: list[int] = []
    enough = threading.Event()

    def take(number: int) -> Sample:
        numbers.append(number)
        if number == 3:
            enough.set()
        return Sample(float(len(numbers)))

    with sampled(take, 0.001) as samples:
        assert threads() == ["scalebench-watch"]
        assert enough.wait(PATIENCE_S)
    assert threads() == []
    assert numbers[:4] == [0, 1, 2, 3]
    assert numbers[-1] == 0
    assert [sample.at_s for sample in samples] == [float(i + 1) for i in range(len(numbers))]


def test_a_block_that_fails_leaves_no_thread() -> None:
    with pytest.raises(ValueError, match="model"), sampled(lambda _: Sample(0.0), 0.001):
        raise ValueError("model")
    assert threads() == []


def test_a_watched_gpu_is_summed_up_in_json() -> None:
    """Every sample asks for clocks, and processes are asked for at every tenth: the list is the dearest question."""
    enough = threading.Event()
    asked: dict[str, int] = {"clock": 0, "processes": 0}

    def clock(*_: Any) -> int:
        asked["clock"] += 1
        if asked["clock"] == 25:
            enough.set()
        return 1000 + asked["clock"]

    def processes(_: Any) -> list[Any]:
        asked["processes"] += 1
        pids = (os.getpid(), 4711)
        return [SimpleNamespace(pid=pid, usedGpuMemory=asked["processes"] * 2**20) for pid in pids]

    times = count()
    gpu = fake_gpu(
        nvmlDeviceGetClockInfo=clock,
        nvmlDeviceGetComputeRunningProcesses=processes,
        nvmlDeviceGetPowerUsage=lambda _: 250_000,
    )
    with watching(gpu, 0.001, lambda: float(next(times))) as seen:
        assert enough.wait(PATIENCE_S)
    found = json.loads(json.dumps(seen()))
    assert found["samples"] == asked["clock"] == next(times)
    assert asked["processes"] == (found["samples"] - 2) // 10 + 2
    assert found["sm_clock_min_mhz"] == 1001
    assert found["sm_clock_max_mhz"] == 1000 + found["samples"]
    assert found["power_mean_w"] == pytest.approx(250.0)
    assert found["process_peak_bytes"] == asked["processes"] * 2**20
    assert found["other_pids"] == [4711]
    assert found["temperature_max_c"] is None


def test_peak_memory_of_this_process_is_seen_even_between_two_looks() -> None:
    """The allocator keeps what it took, so the look after the run sees its peak however short the run was."""
    held = {"bytes": 300 * 2**20}
    gpu = fake_gpu(
        nvmlDeviceGetComputeRunningProcesses=lambda _: [SimpleNamespace(pid=os.getpid(), usedGpuMemory=held["bytes"])]
    )

    def run() -> None:
        held["bytes"] = 900 * 2**20

    assert process_peak(gpu, run, every_s=PATIENCE_S) == 900 * 2**20


def test_clocks_are_judged_by_the_default_one() -> None:
    """An H100's default is 1590 MHz here: 1192 are below three quarters of it, 1193 are not."""
    samples = [Sample(0.0, sm_clock_mhz=clock) for clock in (1980, 1980, 1192, 1193, None, 400)]
    assert low_clock_share(samples, 1590) == 0.4
    assert low_clock_share(samples, None) is low_clock_share([Sample(0.0)], 1590) is None
    assert doubts({"low_clock_share": 0.5}) == ("gpu_clock_low: in 50% of the samples",)
    assert doubts({"low_clock_share": 0.1}) == doubts({"low_clock_share": None}) == ()


def test_in_a_container_the_process_is_the_growth_of_the_card() -> None:
    """The library lists the host's process ids. 500 MiB were in use before, 1400 are at the peak."""
    used = {"bytes": 500 * 2**20}
    gpu = fake_gpu(
        nvmlDeviceGetComputeRunningProcesses=lambda _: [SimpleNamespace(pid=-1, usedGpuMemory=7)],
        nvmlDeviceGetMemoryInfo=lambda _: SimpleNamespace(used=used["bytes"]),
    )

    def run() -> None:
        used["bytes"] = 1400 * 2**20

    assert process_peak(gpu, run, PATIENCE_S, used_before=500 * 2**20) == 900 * 2**20


@pytest.mark.parametrize(
    "gpu",
    [
        None,
        Unavailable("no_nvml"),
        fake_gpu(),
        fake_gpu(nvmlDeviceGetComputeRunningProcesses=lambda _: [SimpleNamespace(pid=-1, usedGpuMemory=2**30)]),
    ],
    ids=["cpu", "no nvml", "no list", "another's numbers"],
)
def test_memory_that_cannot_be_told_is_none_and_the_work_is_done(gpu: Gpu | Unavailable | None) -> None:
    done: list[int] = []
    assert process_peak(gpu, lambda: done.append(1), every_s=0.001) is None
    assert done == [1]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_torch_and_nvml_mean_the_same_device() -> None:
    """The device found by torch's identity has torch's memory, give or take what the driver keeps."""
    device = torch.device("cuda:0")
    gpu = accelerator_of(device).readings()
    assert isinstance(gpu, Gpu), gpu
    assert gpu.memory_total_bytes() == pytest.approx(torch.cuda.get_device_properties(device).total_memory, rel=0.1)
