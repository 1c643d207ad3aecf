"""Real small models in every runtime that is installed, each in a process of its own, verified against eager fp32."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from scalebench.execute.client import Worker
from scalebench.measure.runtimes.compiled import Compiled, fill_cache
from scalebench.suite.case import Case
from scalebench.suite.precisions import PRECISIONS
from scalebench.suite.protocol import Protocol

FAST = Protocol(rounds=1, warmup_s=0.01, warmup_max_s=0.1, chunk_s=0.05, chunk_max_s=0.5, min_iterations=3)
CASE = Case("resnet18", 32, batch=2, threads=1, protocol=FAST)
EXPORTED = [
    {"runtime": "onnxruntime"}, {"runtime": "onnxruntime", "precision": "int8"},
    {"runtime": "openvino"}, {"runtime": "openvino", "precision": "bf16"},
]  # fmt: skip


def facts(worker: Worker, case: Case) -> dict[str, Any]:
    ending = worker.run({"do": "measure", "case": asdict(case)}, 120)
    assert ending.error is None, ending
    found: dict[str, Any] = ending.answers[0]["facts"]
    return found


@pytest.mark.parametrize(
    "way", [{"layout": "channels_last"}, {"precision": "bf16"}, {"precision": "amp_bf16"}], ids=str
)
def test_eager_in_another_precision_or_layout_is_verified(worker: Worker, way: dict[str, str]) -> None:
    found = facts(worker, replace(CASE, **way))
    assert found["verified"] == "ok"
    assert found["mean_error"] <= PRECISIONS[way.get("precision", "fp32")].bound
    assert (found["relative_error"] > 1e-4) == ("precision" in way)


def test_half_precision_halves_the_file(worker: Worker) -> None:
    whole, half = (facts(worker, replace(CASE, precision=p))["file_bytes"] for p in ("fp32", "bf16"))
    assert half == pytest.approx(whole / 2, rel=0.01)


@pytest.mark.parametrize("way", EXPORTED, ids=str)
def test_an_exported_model_computes_the_same(worker: Worker, way: dict[str, str]) -> None:
    """Another library with the same weights; its memory holds no torch module."""
    if importlib.util.find_spec(way["runtime"]) is None:
        pytest.skip(f"{way['runtime']} is not installed")
    found = facts(worker, replace(CASE, **way))
    assert found["verified"] == "ok"
    assert found["top1_agreement"] >= 0.75
    assert found["prepare_s"] > 0
    weights = 11_689_512 * (1 if way.get("precision") == "int8" else 4)
    assert found["file_bytes"] == pytest.approx(weights, rel=0.05)


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_a_compiled_module_computes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    module, images = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()).eval(), torch.randn(2, 3, 8, 8)
    case = replace(CASE, runtime="compile")
    fill_cache(module, images, case, tmp_path)
    assert any(tmp_path.iterdir())
    runtime = Compiled(case)
    with torch.inference_mode():
        expected = module(images)
    assert torch.allclose(runtime.prepare(module, images)(images), expected, atol=1e-5)
    assert runtime.describe()["load_s"] > 0
