"""From suite to page on the simulated device: one run in which every case ends in another way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sim.model import CARD_FILE, MODEL_FILE, Fault, Model

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
def run(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the run. A process of its own measures, as a user's does."""
    folder = tmp_path_factory.mktemp("suite")
    (folder / "suite.yaml").write_text(SUITE)
    own = {**environment, MODEL_FILE: str(folder / "model.json"), CARD_FILE: str(folder / "cards")}
    Model(capacity=CAPACITY, faults=FAULTS).write(folder / "model.json")
    done = subprocess.run(
        [sys.executable, "-m", "tests.sim.command", "run", "suite.yaml", "--no-peaks", "--no-skip"],
        cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def records(folder: Path) -> list[dict[str, Any]]:
    lines = [line for file in folder.rglob("*.jsonl") for line in file.read_text().splitlines()]
    measured = [json.loads(line) for line in lines if '"kind": "record"' in line]
    return [record for record in measured if record["case"]["mode"] != "count"]


def test_every_case_ends_as_its_device_lets_it(run: Path) -> None:
    assert {record["case"]["model"]: record["ending"] for record in records(run)} == ENDINGS
    assert {record["case"]["device"] for record in records(run)} == {"sim:0"}


def test_times_and_memory_are_those_of_the_model(run: Path) -> None:
    """Kernels of 200 us without a launch cost: latency is a whole number of them, throughput its inverse."""
    for record in records(run):
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
