"""The user's own models, built and counted; and hostile files."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from scalebench.errors import BuildError, ScalebenchError, UnknownNameError
from scalebench.model.build import build
from scalebench.model.complexity import count
from scalebench.model.input_images import note_of
from scalebench.suite.own_files import own_model
from scalebench.suite.variant import parse_variant
from tests.suite.literal_onnx import write_tiny

NETS = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, channels=3):
        super().__init__()
        self.conv = nn.Conv2d(channels, 8, 3, 2, 1)
        self.head = nn.Linear(8, 4)

    def forward(self, x):
        return self.head(self.conv(x).relu().mean((2, 3)))


def build():
    return Net()


def grey():
    return Net(1)


class Watching(Net):
    def forward(self, x):
        if x.sum().item() > 1e9:
            raise ValueError("too bright")
        return super().forward(x)


class Silent(Net):
    def forward(self, x):
        return None
"""
MACS = 32 * 32 * 8 * 27 + 8 * 4
"""Of the net at 64 pixels: outputs of the convolution times taps, and the classifier."""


@pytest.fixture
def nets(tmp_path: Path) -> Path:
    """Folder with the factories above."""
    (tmp_path / "nets.py").write_text(NETS)
    return tmp_path


def _name(folder: Path, kind: str, source: str, **fields: Any) -> str:
    return own_model(kind, source, folder, **fields).name


def _counted(name: str, resolution: int = 64) -> int:
    return count(parse_variant(name), resolution).macs


def test_a_factory_is_counted_on_meta(nets: Path) -> None:
    """And built on real tensors to be run, in eval mode."""
    name = _name(nets, "python", "nets.py:build")
    assert _counted(name) == MACS
    assert note_of(build(parse_variant(name), 64, "meta")) == ""
    model = build(parse_variant(name), 64)
    assert model(torch.zeros(2, 3, 64, 64)).shape == (2, 4)
    assert not model.training


def test_a_file_that_fails_on_import_says_where(tmp_path: Path) -> None:
    """Also at the second attempt, on real tensors."""
    (tmp_path / "failing.py").write_text("x = 1\nraise OSError('no disc')\ndef build(): ...\n")
    with pytest.raises(BuildError, match=r"failing.py cannot be imported: failing.py:2: .*OSError: no disc"):
        _counted(_name(tmp_path, "python", "failing.py:build"))


def test_other_channels(nets: Path) -> None:
    """A third of the convolution's products; with three channels the pass fails, and the message says what to do."""
    assert _counted(_name(nets, "python", "nets.py:grey", channels=1)) == 32 * 32 * 8 * 9 + 32
    with pytest.raises(BuildError, match="its forward pass fails on 1 x 3 x 64 x 64") as refusal:
        _counted(_name(nets, "python", "nets.py:grey", channels=3))
    assert "declare channels:" in refusal.value.hint


def test_what_meta_cannot_run_is_counted_on_real_tensors(nets: Path) -> None:
    """The same count, and a note that says why."""
    name = _name(nets, "python", "nets.py:Watching")
    assert _counted(name) == MACS
    assert note_of(build(parse_variant(name), 64, "meta")).startswith("real tensors, because on the meta device: ")


def test_declared_outputs_are_checked(nets: Path) -> None:
    """The number in the message is the model's."""
    assert _counted(_name(nets, "python", "nets.py:build", outputs=4)) == MACS
    with pytest.raises(BuildError, match="gives 4 outputs per image, not 5"):
        _counted(_name(nets, "python", "nets.py:build", outputs=5))
    with pytest.raises(BuildError, match="returns no tensor"):
        _counted(_name(nets, "python", "nets.py:Silent"))


def test_own_models_take_no_multipliers(nets: Path) -> None:
    """Their source is the user's."""
    variant = parse_variant(_name(nets, "python", "nets.py:build") + "[d=2]")
    with pytest.raises(BuildError, match="own models take no depth or width multipliers"):
        build(variant, 64)


def test_an_onnx_file_is_counted_from_its_graph(tmp_path: Path) -> None:
    """Declared outputs are checked as elsewhere."""
    write_tiny(tmp_path / "net.onnx")
    assert _counted(_name(tmp_path, "onnx", "net.onnx")) == MACS
    with pytest.raises(BuildError, match="gives 4 outputs per image, not 7"):
        _counted(_name(tmp_path, "onnx", "net.onnx", outputs=7))


def _prefixed(prefix: str, state: Any) -> dict[str, Any]:
    return {f"{prefix}{name}": value for name, value in state.items()}


@pytest.mark.parametrize("save", [
    pytest.param(torch.save, id="state dict"),
    pytest.param(save_file, id="safetensors"),
    pytest.param(lambda state, path: torch.save({"state_dict": _prefixed("module.", state), "epoch": 3}, path),
                 id="training loop"),
    pytest.param(lambda state, path: torch.save({"state_dict": _prefixed("model.", state)}, path), id="Lightning"),
])  # fmt: skip
def test_a_checkpoint_keeps_its_weights(save: Callable[[Any, Path], None], tmp_path: Path) -> None:
    """Four classes are read from the classifier; every weight is the file's own."""
    torch.manual_seed(7)
    model = timm.create_model("resnet10t", num_classes=4).eval()
    path = tmp_path / ("w.safetensors" if save is save_file else "w.pth")
    save(model.state_dict(), path)
    name = _name(tmp_path, "checkpoint", path.name, timm="resnet10t")
    loaded = build(parse_variant(name), 64)
    images = torch.randn(2, 3, 64, 64)
    assert torch.equal(loaded(images), model(images))
    assert _counted(name) == count(parse_variant("resnet10t"), 64).macs - 996 * 512


def test_a_checkpoint_of_another_model(tmp_path: Path) -> None:
    """Refused on the meta device already, with the first names that differ."""
    torch.save(timm.create_model("resnet10t").state_dict(), tmp_path / "w.pth")
    with pytest.raises(BuildError) as refusal:
        _counted(_name(tmp_path, "checkpoint", "w.pth", timm="resnet18"))
    assert refusal.value.message.startswith("w.pth holds no weights of resnet18: ")
    assert "tensors are missing (conv1.weight, " in refusal.value.message
    assert "tensors are not in the model (conv1.0.weight, " in refusal.value.message
    with pytest.raises(UnknownNameError, match="unknown model 'resnet81'"):
        _counted(_name(tmp_path, "checkpoint", "w.pth", timm="resnet81"))
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(BuildError, match=r"list.pth (is not a state dict|cannot be read)"):
        _counted(_name(tmp_path, "checkpoint", "list.pth", timm="resnet18"))


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_a_torchscript_file(nets: Path) -> None:
    """Its operators are counted; it runs as saved."""
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4)
    ).eval()
    torch.jit.trace(model, torch.zeros(1, 3, 64, 64)).save(str(nets / "net.pt"))
    name = _name(nets, "torchscript", "net.pt")
    assert _counted(name) == MACS
    images = torch.randn(2, 3, 64, 64)
    assert torch.allclose(build(parse_variant(name), 64)(images), model(images))


class Bomb:
    """Creates a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize(("kind", "name"), [
    ("checkpoint", "w.pth"), ("checkpoint", "w.safetensors"), ("checkpoint", "plain.pkl"), ("torchscript", "w.pth"),
    ("torchscript", "plain.pkl"), ("onnx", "w.pth"), ("export", "w.pth"), ("export", "plain.pkl"),
])  # fmt: skip
def test_a_hostile_pickle_is_not_run(kind: str, name: str, tmp_path: Path) -> None:
    """Whatever it is named as, and whatever its suffix."""
    marker = tmp_path / "marker"
    bomb = OrderedDict({"conv1.weight": Bomb(marker)})
    if name == "plain.pkl":
        (tmp_path / name).write_bytes(pickle.dumps(bomb))
    else:
        torch.save(bomb, tmp_path / name)
    with pytest.raises(ScalebenchError):
        _counted(_name(tmp_path, kind, name, timm="resnet18"))
    assert not marker.exists()


def test_a_whole_pickled_model_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """The hint says why, and what to save instead."""
    torch.save(nn.Conv2d(3, 8, 3), tmp_path / "model.pt")
    with pytest.raises(BuildError, match=r"model.pt cannot be read as weights alone") as refusal:
        _counted(_name(tmp_path, "checkpoint", "model.pt", timm="resnet18"))
    assert "save model.state_dict(), or safetensors" in refusal.value.hint
