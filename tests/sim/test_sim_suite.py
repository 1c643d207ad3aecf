"""From suite to page on the simulated device: one run in which every case ends in another way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sim.conftest import stored_records
from tests.sim.model import Fault, Model

ENDINGS = {
    "resnet18": "ok",
    "convnext_atto": "ok",  # and unstable: its activation slows
    "lcnet_035": "killed_signal(SIGSEGV)",
    "darknet17": "timeout",
    "seresnet18": "error(RuntimeError)",
    "resnet50": "oom_device",
}
FAULTS = (
    Fault("hardswish", "crash"),
    Fault("leaky_relu", "hang"),
    Fault("sigmoid", "error"),
    Fault("gelu", "slows"),
)
"""Each is an operator of one of the models only."""
SUITE = f"""\
schema: 1
name: simulated
models: [{{timm: [{", ".join(ENDINGS)}], resolution: [32]}}]
grid: {{device: [sim], threads: [1]}}
protocol: {{rounds: 2, warmup_s: 0.001, warmup_cuda_s: 0.001, warmup_max_s: 0.5, chunk_s: 0.01, chunk_max_s: 0.1,
           min_iterations: 9, timeout_s: 8}}
"""
CAPACITY = 96 * 2**20
"""Holds all models but ResNet-50, whose 25.6 million weights take 102 MB."""


@pytest.fixture(scope="module")
def run(run_suite: Callable[..., None], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the run."""
    folder = tmp_path_factory.mktemp("suite")
    run_suite(folder, SUITE, Model(capacity=CAPACITY, faults=FAULTS), "--no-skip")
    return folder


def test_every_case_ends_as_its_device_lets_it(run: Path) -> None:
    assert {record["case"]["model"]: record["ending"] for record in stored_records(run)} == ENDINGS
    assert {record["case"]["device"] for record in stored_records(run)} == {"sim:0"}


def test_times_and_memory_are_those_of_the_model(run: Path) -> None:
    """Kernels of 200 us without a launch cost: latency is a whole number of them, throughput its inverse."""
    for record in stored_records(run):
        if record["case"]["model"] == "resnet18":
            kernels = record["facts"]["latency_s"] / 200e-6
            assert kernels == pytest.approx(round(kernels))
            assert record["facts"]["throughput_ips"] == pytest.approx(1 / record["facts"]["latency_s"])
            assert 4 * 11_689_512 < record["facts"]["memory_bytes"] < CAPACITY


def test_the_report_tells_the_endings(run: Path) -> None:
    content = json.loads((run / "reports" / "simulated.json").read_text())
    status = {row["model"]: row["status"] for row in content["cases"]}
    assert status["resnet18"] == "fixed"
    assert status["convnext_atto"] == "unstable"
    failed = {row["case"].partition("@")[0]: row["outcome"] for row in content["failures"]}
    assert failed == {"lcnet_035": "crashed", "darknet17": "timeout", "seresnet18": "failed", "resnet50": "oom"}
    assert content["problems"] == []
    page = (run / "reports" / "simulated.html").read_text()
    assert "sim:0" in page
    assert "Simulated One" in page
