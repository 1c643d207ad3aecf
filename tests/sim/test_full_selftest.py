"""The whole self-test on a simulated T4 as a user types it, and a fault for every check.

Large operators take their time and compute nothing, and sleeping advances the virtual clock.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scalebench.execute.client import Worker
from scalebench.machine.selfcheck import FORK, MODEL_PASSES, SELF_CHECKS
from tests.sim.model import CARD_FILE, MODEL_FILE, NVML_FILE, UUID, Fault, Model
from tests.sim.replay import device
from tests.sim.test_sim_selftest import check

GIB, MIB = 2**30, 2**20
T4 = Model(
    name="Tesla T4", kernel_s=2e-4, launch_s=2e-5, flops_per_s=6e12, half_speedup=8.0, bytes_per_s=280e9,
    host_bytes_per_s=1e10, cache=256 * MIB, capacity=16 * GIB, context=400 * MIB, precisions=("fp16",),
    telemetry="nvml", virtual_waits=True, computed_calls=50, computed_bytes=4 * MIB, macs_per_s=2e12, peaks_s=20.0,
)  # fmt: skip
"""Rated at 8.1 TFLOP/s in fp32, 65 in fp16, and 320 GB/s."""
COUNTERS = {
    "energy_mj": "@20/40", "power_mw": 60_000, "is_mig": 0, "virtual": 0,
    "memory": [f"{16 * GIB}/{used}" for used in (GIB, 2 * GIB, 2 * GIB)],
}  # fmt: skip


@pytest.fixture(scope="module")
def document(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The JSON file of a run, with the exit code and what was printed."""
    folder = tmp_path_factory.mktemp("selftest")
    names = {MODEL_FILE: "model.json", CARD_FILE: "cards", NVML_FILE: "nvml"}
    T4.write(folder / "model.json")
    (folder / "nvml").write_text(device(f"GPU-{UUID}", **COUNTERS))
    own = {**environment, **{name: str(folder / file) for name, file in names.items()}}
    done = subprocess.run(
        [sys.executable, "-m", "tests.sim.command", "doctor", "--selftest", "sim", "--out", "card.json"],
        cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, timeout=800, check=False,
    )  # fmt: skip
    assert (folder / "card.json").exists(), done.stderr
    content = json.loads((folder / "card.json").read_text())
    return {**content, "exit": done.returncode, "text": done.stdout}


def results(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in document["checks"]}


def test_a_sound_card_passes_every_check(document: dict[str, Any]) -> None:
    verdicts = {name: check["verdict"] for name, check in results(document).items()}
    assert verdicts == dict.fromkeys((check.name for check in SELF_CHECKS), "pass"), results(document)
    assert (document["exit"], document["passed"], document["device"]) == (0, True, "sim:0")
    assert "13 passed, 0 failed" in document["text"]


def test_watching_takes_no_virtual_time(document: dict[str, Any]) -> None:
    """A question to this library costs the host nothing: 68 kernels of ResNet-18 take as long with it."""
    figures = results(document)["watching"]["figures"]
    assert figures["watched_s"] == pytest.approx(figures["alone_s"], rel=1e-3)
    assert figures["alone_s"] > 68 * T4.kernel_s


def test_its_figures_are_those_of_the_model(document: dict[str, Any]) -> None:
    """ResNet-50 has 4.09 GMACs: 256 images take 256 x 8.18e9 / 6e12 s, and some time for bytes and kernels."""
    figures = {name: check["figures"] for name, check in results(document).items()}
    assert figures["resnet50 batch 256"]["batch"] == 256
    assert 0.349 < figures["resnet50 batch 256"]["lap_s"] < 0.7
    assert figures["efficientnet_b0 batch 8"]["batch"] == 8
    assert figures["energy"]["counter_w"] == pytest.approx(60, rel=0.02)
    assert figures["memory"]["allocated"] == 256 * MIB
    assert figures["counters"]["grown"] == GIB
    rated = {peak["what"]: peak["share"] for peak in figures["peaks"]["peaks"]}
    assert rated["fp32"] == pytest.approx(6 / 8.1, rel=0.05)
    assert rated["fp16"] == pytest.approx(48 / 65, rel=0.05)
    assert rated["memory"] == pytest.approx(280 / 320, rel=0.05)


Changes = dict[str, Any]
FAULTS: dict[str, tuple[Changes, Changes]] = {
    FORK: ({"faults": (Fault("sum", "error"),)}, {}),
    "clocks": ({"event_speed": 1.05}, {}),
    **dict.fromkeys(MODEL_PASSES, ({"event_speed": 1.1}, {})),
    "memory": ({"leaks": True}, {}),
    "out of memory": ({"leaks": True}, {}),
    "precisions": ({"precisions": ("fp16", "tf32")}, {}),
    "counters": ({}, {"memory": f"{16 * GIB}/{GIB}"}),
    "energy": ({}, {"energy_mj": "@10/20"}),
    "watching": ({"reading_s": 5.0}, {}),
}
"""Changes of the card and of its counters: events by a clock that runs fast, memory that is kept when it is freed, tf32
that is not in effect, another card's counters, an energy counter that counts half of what is drawn, and a library that
keeps the host busy. Peaks are compared with the catalogue by ``tests/jobs/test_selftest.py``."""


def test_every_check_has_a_fault() -> None:
    assert {check.name for check in SELF_CHECKS} == {*FAULTS, "peaks"}


@pytest.mark.parametrize("name", FAULTS)
def test_a_check_fails_by_its_fault_alone(
    sim_worker: Worker, simulate: Callable[..., None], environment: dict[str, str], model_file: Path, name: str
) -> None:
    card, counters = FAULTS[name]
    for verdict, of_card, of_counters in (("pass", {}, {}), ("fail", card, counters)):
        Path(environment[NVML_FILE]).write_text(device(f"GPU-{UUID}", **{**COUNTERS, **of_counters}))
        replace(T4, **of_card).write(model_file)
        result = check(sim_worker, name)
        assert result.verdict == verdict, result.finding
