"""A suite of the user's own models, from their files to the page; and suites whose files cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from scalebench.errors import SuiteError
from scalebench.execute.client import Worker
from scalebench.jobs.measure_rounds import MeasureOptions
from scalebench.jobs.page_options import PageOptions
from scalebench.jobs.prepare import prepare_suite
from scalebench.jobs.run_suite import RunOptions, run_suite
from tests.suite.literal_onnx import write_tiny

NETS = """\
from torch import nn


def build():
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(8, 4))


def broken():
    return nn.Linear(3, wide)
"""
SUITE = """\
schema: 1
name: mine
models:
  - python: nets.py:build
    resolution: [32]
  - onnx: damage.onnx
grid: {threads: [1], runtime: [eager, onnxruntime]}
protocol: {rounds: 1, turns: 0, warmup_s: 0.01, warmup_max_s: 0.1, chunk_s: 0.02, chunk_max_s: 0.2, min_iterations: 3,
           timeout_s: 60}
"""


def _write(folder: Path, suite: str = SUITE) -> Path:
    (folder / "nets.py").write_text(NETS)
    write_tiny(folder / "damage.onnx", (1, 3, 32, 32))
    (folder / "mine.yaml").write_text(suite)
    return folder / "mine.yaml"


def test_own_models_from_file_to_page(tmp_path: Path) -> None:
    """Both are measured and verified in ONNX Runtime; the ONNX file in eager is listed as not offered."""
    options = RunOptions(tmp_path / "results", MeasureOptions(peaks=False))
    result = run_suite(_write(tmp_path), options, PageOptions(tmp_path / "reports"))
    (file,) = (tmp_path / "results" / "mine").glob("*.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    records = {(r["case"]["model"].rpartition("-")[0], r["case"]["runtime"]): r
               for r in lines if r["kind"] == "record" and r["case"]["mode"] != "count"}  # fmt: skip
    endings = {key: record["ending"] for key, record in records.items()}
    assert endings == {
        ("python:nets.build", "eager"): "ok",
        ("python:nets.build", "onnxruntime"): "ok",
        ("onnx:damage", "eager"): "skipped_not_offered",
        ("onnx:damage", "onnxruntime"): "ok",
    }
    for key in [("python:nets.build", "onnxruntime"), ("onnx:damage", "onnxruntime")]:
        assert records[key]["facts"]["verified"] == "ok"
    assert str(records["onnx:damage", "onnxruntime"]["facts"]["built_by"]).startswith("damage.onnx, sha256 ")
    macs = {r["case"]["model"].rpartition("-")[0]: r["facts"]["macs"] for r in lines
            if r["kind"] == "record" and r["case"]["mode"] == "count"}  # fmt: skip
    assert macs == dict.fromkeys(("python:nets.build", "onnx:damage"), 16 * 16 * 8 * 27 + 32)
    assert str(tmp_path) not in file.read_text()
    assert result.page is not None
    page = result.page.read_text()
    assert "python:nets.build-" in page
    assert "onnx:damage-" in page


@pytest.mark.parametrize(
    ("entry", "line", "key", "message", "hint"),
    [
        ("onnx: gone.onnx", 4, "models[0].onnx[0]", "gone.onnx: no such file", "write onnx:model.onnx"),
        ("onnx: nets.py", 4, "models[0].onnx[0]", "nets.py is not an ONNX file", "torch.onnx.export"),
        ("{onnx: damage.onnx, resolution: [64]}", 4, "models[0].resolution", "takes images of 32 pixels only", "[32]"),
        ("{onnx: damage.onnx, outputs: 10}", 4, "models[0]", "gives 4 outputs per image, not 10", "declare outputs: 4"),
        ("python: nets.py:bild", 4, "models[0].python[0]", "nets.py defines no 'bild'", "it defines build, broken"),
        ("{python: 'nets.py:broken', resolution: [32]}", 4, "models[0]", "nets.py:10: return nn.Linear(3, wide)",
         "a factory takes no arguments"),
        ("{python: 'nets.py:build', resolution: [32], channels: 1}", 4, "models[0]", "pass fails on 1 x 1 x 32",
         "declare channels:"),
        ("python: nets.py:build", 4, "models[0]", "does not say how large its images are", "resolution: [224]"),
        ("{checkpoint: w.pth, model: resnet18, resolution: [32]}", 4, "models[0]", "w.pth holds no weights of resnet18",
         "name the model that it was saved from"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_its_line(
    entry: str, line: int, key: str, message: str, hint: str, worker: Worker, tmp_path: Path
) -> None:
    """Before anything is measured."""
    torch.save({"x": torch.zeros(1)}, tmp_path / "w.pth")
    suite = _write(tmp_path, f"schema: 1\nname: mine\nmodels:\n  - {entry}\ngrid: {{threads: [1]}}\n")
    with pytest.raises(SuiteError) as refusal:
        prepare_suite(suite, worker)
    assert refusal.value.message.startswith(f"{suite}:{line}: {key}: ")
    assert message in refusal.value.message
    assert hint in refusal.value.hint
