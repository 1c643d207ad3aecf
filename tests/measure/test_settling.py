"""Settled statistics make a random network one whose outputs can be compared."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from scalebench.measure.runtimes.eager import Eager
from scalebench.measure.scenes import scenes
from scalebench.measure.session import build_seeded, example
from scalebench.measure.settling import load_settled
from scalebench.suite.case import Case

CASE = Case("efficientnetv2_s", 64, threads=1)
DEVICE = torch.device("cpu")


def test_settled_statistics_make_exact_arithmetic_agree() -> None:
    """Deep random networks with fresh statistics blow up; with settled ones fp32 agrees with fp64."""
    model, _ = example(CASE)
    images = torch.from_numpy(scenes(2, 64))
    found = Eager(CASE).prepare(model, images)(images)
    with torch.inference_mode():
        exact = model.double()(images.double())
    assert float((found - exact).norm() / exact.norm()) < 1e-3
    assert 0.1 < float(exact.norm()) < 1e3


def test_only_statistics_and_constant_parameters_differ() -> None:
    """Other weights are those of every other process."""
    fresh, settled = build_seeded(CASE, DEVICE), example(CASE)[0]
    pairs = zip(fresh.state_dict().items(), settled.state_dict().values(), strict=True)
    changed = {name.rpartition(".")[2] for (name, a), b in pairs if not torch.equal(a, b)}
    assert changed == {"running_mean", "running_var", "weight", "bias"}
    assert torch.equal(fresh.state_dict()["conv_stem.weight"], settled.state_dict()["conv_stem.weight"])


def test_statistics_that_a_gpu_wrote_are_read_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file names the device of its tensors, which need not be the one that reads it, or be there at all."""
    model = torch.nn.BatchNorm2d(2)
    monkeypatch.setattr(torch.serialization, "location_tag", lambda _storage: "cuda:1")
    torch.save({"running_mean": torch.tensor([3.0, 4.0])}, tmp_path / "settled.pt")
    monkeypatch.undo()
    load_settled(model, tmp_path / "settled.pt")
    assert model.running_mean is not None
    assert model.running_mean.tolist() == [3.0, 4.0]
