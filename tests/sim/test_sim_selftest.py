"""The self-test on the simulated device, which has the faults that a real one may have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scalebench.execute.client import Worker
from scalebench.jobs import selftest
from scalebench.jobs.selftest import result_of, run_checks
from scalebench.machine.selfcheck import FORK, MODEL_PASSES, SELF_CHECKS, CheckResult
from tests.sim.model import NVML_FILE, UUID, Fault
from tests.sim.replay import device

MIB = 2**20
GIB = 2**30
Simulate = Callable[..., None]
HONEST = ("fp16", "bf16")
"""Precisions whose rounding is simulated: that of tf32 is not."""


def check(worker: Worker, name: str) -> CheckResult:
    job = {"do": "selftest", "check": name, "device": "sim:0", "threads": 1, "window_s": 0.01}
    return result_of(worker.run(job, 60))


def test_a_sound_device_fails_no_check(sim_worker: Worker, simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without counters and stored peaks, which are not available. One small model stands for all."""
    others = [name for name in MODEL_PASSES if name != "resnet18 batch 1"]
    checks = [check for check in SELF_CHECKS if check.name not in others]
    monkeypatch.setattr(selftest, "SELF_CHECKS", checks)
    monkeypatch.setattr(selftest, "usable_cores", lambda: 1)  # two threads wait for each other on a busy machine
    simulate(kernel_s=1e-3, launch_s=1e-5, precisions=HONEST)
    test = run_checks("sim", True, sim_worker, sim_worker)
    assert test.names("not available") == ["peaks", "counters", "energy", "watching"]
    assert test.names("pass") == [FORK, "clocks", "resnet18 batch 1", "memory", "out of memory", "precisions"]
    results = {finished.check.name: finished.result for finished in test.checks}
    assert results["clocks"].figures["events_s"] == pytest.approx(0.05, rel=1e-3)
    figures = results["resnet18 batch 1"].figures
    assert figures["issue_s"] == pytest.approx(1e-2 * figures["lap_s"], rel=0.05), "10 us of every millisecond"


def test_a_device_that_crashes_has_failed(sim_worker: Worker, simulate: Simulate) -> None:
    simulate(faults=(Fault("mm", "crash", after=2),), precisions=HONEST)
    result = check(sim_worker, "clocks")
    assert (result.verdict, result.figures["exit"]) == ("fail", -11)
    assert check(sim_worker, FORK).verdict == "pass", "the next process is not hurt"


def test_tf32_that_rounds_nothing_was_not_in_effect(sim_worker: Worker, simulate: Simulate) -> None:
    simulate(precisions=(*HONEST, "tf32"))
    result = check(sim_worker, "precisions")
    assert result.verdict == "fail"
    assert "outside the bounds: tf32" in result.finding


@pytest.mark.parametrize(
    ("used", "total", "verdict"),
    [((100, 230), 1024, "pass"), ((100, 100), 1024, "fail"), ((100, 230), 2048, "fail")],
)
def test_counters_of_another_card_fail(
    sim_worker: Worker, simulate: Simulate, environment: dict[str, str],
    used: tuple[int, int], total: int, verdict: str,
) -> None:  # fmt: skip
    """The device has 1024 MiB, of which an eighth is allocated between two readings."""
    memory = [f"{total * MIB}/{mebibytes * MIB}" for mebibytes in (*used, used[1])]
    Path(environment[NVML_FILE]).write_text(device(f"GPU-{UUID}", memory=memory))
    simulate(telemetry="nvml")
    result = check(sim_worker, "counters")
    assert result.verdict == verdict, result.finding


def test_an_energy_counter_that_is_stuck_fails(
    sim_worker: Worker, simulate: Simulate, environment: dict[str, str]
) -> None:
    Path(environment[NVML_FILE]).write_text(device(f"GPU-{UUID}", energy_mj=5_000_000, power_mw=300_000))
    simulate(telemetry="nvml", kernel_s=1e-2)
    result = check(sim_worker, "energy")
    assert (result.verdict, result.finding) == ("fail", "the energy counter did not move under load")
