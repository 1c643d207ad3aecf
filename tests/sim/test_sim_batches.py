"""Batches that a suite leaves open, searched on the simulated device until its memory ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.sim.model import CARD_FILE, MODEL_FILE, Model

SUITE = """\
schema: 1
name: open
models: [{timm: [lcnet_035, resnet10t], resolution: [32]}]
grid: {batch: [1], device: [sim], threads: [1]}
grid_on: {accelerator: {batch: [1, best, largest]}}
protocol: {rounds: 1, warmup_s: 0.001, warmup_cuda_s: 0.001, warmup_max_s: 0.5, chunk_s: 0.01, chunk_max_s: 0.1,
           min_iterations: 6, timeout_s: 60}
"""
MIB = 2**20


@pytest.fixture(scope="module")
def run(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a run, and what it printed.

    Kernels take 200 us and the bytes they move 10 GB/s: the former decide with one image, the latter with many.
    """
    folder = tmp_path_factory.mktemp("open")
    (folder / "suite.yaml").write_text(SUITE)
    own = {**environment, MODEL_FILE: str(folder / "model.json"), CARD_FILE: str(folder / "cards")}
    Model(capacity=48 * MIB, kernel_s=200e-6, bytes_per_s=1e10).write(folder / "model.json")
    done = subprocess.run(
        [sys.executable, "-m", "scalebench", "run", "suite.yaml", "--no-peaks"],
        cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, done.stdout + done.stderr


def records(folder: Path, suite: str) -> list[dict[str, Any]]:
    lines = [line for file in (folder / "results" / suite).glob("*.jsonl") for line in file.read_text().splitlines()]
    rows = [json.loads(line) for line in lines if '"kind": "record"' in line]
    return [row for row in rows if row["case"]["mode"] != "count"]


def endings(rows: list[dict[str, Any]], model: str) -> dict[int, str]:
    return {row["case"]["batch"]: row["ending"] for row in rows if row["case"]["model"] == model}


def test_the_largest_batch_is_found_by_running_out_of_memory(run: tuple[Path, str]) -> None:
    """Every batch up to it runs, the next one that was tried does not, and they are less than a sixteenth apart."""
    tried = endings(records(run[0], "open-search"), "resnet10t")
    fits = [batch for batch, ending in tried.items() if ending == "ok"]
    fails = [batch for batch, ending in tried.items() if ending == "oom_device"]
    assert fails
    assert len(tried) == len(fits) + len(fails)
    assert max(fits) < min(fails) <= max(fits) * 17 / 16 + 1
    measured = endings(records(run[0], "open"), "resnet10t")
    assert measured[max(fits)] == "ok"
    assert max(measured) == max(fits)


def test_all_models_have_the_same_batches(run: tuple[Path, str]) -> None:
    rows = records(run[0], "open")
    batches = [sorted(endings(rows, model)) for model in ("lcnet_035", "resnet10t")]
    assert batches[0] == batches[1]
    assert len(batches[0]) == 3
    assert {row["ending"] for row in rows} == {"ok"}
    assert all(row["case"]["batch_search"] == "" for row in rows)


def test_the_page_says_how_they_were_found(run: tuple[Path, str]) -> None:
    assert "largest batch fp32 eager sim:0" in run[1]
    assert "(oom_device)" in run[1]
