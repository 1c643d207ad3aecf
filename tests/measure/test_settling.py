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
from scalebench.suite.own_files import own_model

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


NETS = """\
from torch import nn


def fresh():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten())


def trained():
    model = fresh()
    model[1].running_mean += 0.5
    return model


def plain():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten())
    nn.init.zeros_(model[0].bias)
    return model
"""


@pytest.mark.parametrize(("factory", "settles"), [("fresh", True), ("trained", False), ("plain", False)])
def test_a_factory_keeps_weights_that_may_be_trained(factory: str, settles: bool, tmp_path: Path) -> None:
    """Only fresh batch normalisation shows that a network was never trained; images have the factory's channels."""
    (tmp_path / "nets.py").write_text(NETS)
    case = Case(own_model("python", f"nets.py:{factory}", tmp_path, channels=1).name, 16, threads=1)
    model, images = example(case)
    assert images.shape == (1, 1, 16, 16)
    built = build_seeded(case, DEVICE).state_dict()
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, built[name])}
    assert changed == ({"1.running_mean", "1.running_var", "1.weight", "1.bias"} if settles else set())


def test_a_checkpoint_is_never_settled(tmp_path: Path) -> None:
    """Not even one of an untrained network: its weights are the user's."""
    weights = build_seeded(Case("test_resnet", 32, threads=1), DEVICE).state_dict()
    torch.save(weights, tmp_path / "w.pth")
    case = Case(own_model("checkpoint", "w.pth", tmp_path, timm="test_resnet").name, 32, threads=1)
    loaded = example(case)[0].state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in weights.items())
