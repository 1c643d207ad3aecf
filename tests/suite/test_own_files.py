"""Names of the user's own models, and what they stand for."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from scalebench.errors import BuildError, UnknownNameError
from scalebench.suite.case import Case
from scalebench.suite.families import family_of
from scalebench.suite.own_files import channels_of, declared, fixed_batch, opened, own_model, remembered
from scalebench.suite.variant import parse_variant
from tests.suite.literal_onnx import write_tiny

NET = "def build(): ...\n"
NET_SHA = hashlib.sha256(NET.encode()).hexdigest()


def test_a_name_says_file_and_hash(tmp_path: Path) -> None:
    """The name is safe for files and shells, reads back as a variant, and the path is remembered, not named."""
    (tmp_path / "my net (2).onnx").write_bytes(write_tiny(tmp_path / "x.onnx", (1, 1, 32, 32)).read_bytes())
    own = own_model("onnx", "my net (2).onnx", tmp_path)
    sha = hashlib.sha256((tmp_path / "x.onnx").read_bytes()).hexdigest()
    assert own.name == f"onnx:my_net_2_-{sha[:8]}"
    assert (own.channels, own.resolution, own.batch, own.sha256) == (1, 32, 1, sha)
    assert remembered(own.name) == own
    assert parse_variant(own.name).name == own.name
    assert parse_variant(own.name).is_base
    assert (channels_of(own.name), channels_of("resnet18"), fixed_batch(own.name), fixed_batch("resnet18")) == (
        1,
        3,
        1,
        None,
    )
    assert family_of(own.name) == "onnx:my"
    assert declared(own.name) == ["1", "None"]
    assert declared("onnx:net-12345678") == []


def test_a_factory_is_named_by_module_and_function(tmp_path: Path) -> None:
    """Its hash covers what it imports from beside it, so that its records are not pooled with those of other code."""
    (tmp_path / "nets.py").write_text(NET)
    alone = own_model("python", "nets.py:build", tmp_path)
    assert alone.name == f"python:nets.build-{NET_SHA[:8]}"
    (tmp_path / "nets.py").write_text("import blocks\n" + NET)
    (tmp_path / "blocks.py").write_text("WIDTH = 8\n")
    narrow = own_model("python", "nets.py:build", tmp_path)
    (tmp_path / "blocks.py").write_text("WIDTH = 16\n")
    wide = own_model("python", "nets.py:build", tmp_path)
    assert len({alone.name, narrow.name, wide.name}) == 3
    assert Case(narrow.name, 64).case_key != Case(wide.name, 64).case_key


def test_a_checkpoint_is_named_with_its_model(tmp_path: Path) -> None:
    """One file for two of timm's models is two models."""
    (tmp_path / "best.pth").write_bytes(b"weights")
    sha = hashlib.sha256(b"weights").hexdigest()[:8]
    assert own_model("checkpoint", "best.pth", tmp_path, timm="resnet18").name == f"checkpoint:resnet18.best-{sha}"


def test_a_file_that_is_gone_or_has_changed(tmp_path: Path) -> None:
    """A run that has begun refuses it; reports need the name alone."""
    (tmp_path / "nets.py").write_text(NET)
    name = own_model("python", "nets.py:build", tmp_path).name
    assert opened(name).factory == "build"
    (tmp_path / "nets.py").write_text(NET + "# another\n")
    with pytest.raises(BuildError, match=r"nets.py has changed since the run began"):
        opened(name)
    (tmp_path / "nets.py").unlink()
    with pytest.raises(BuildError, match=r"nets.py is gone since the run began"):
        opened(name)
    assert remembered(name).sha256 == NET_SHA


def test_names_and_files_that_are_not_there(tmp_path: Path) -> None:
    """A name from another machine, a missing file, and channels that the file contradicts."""
    with pytest.raises(UnknownNameError, match="no file is known here for 'onnx:net-12345678'") as refusal:
        remembered("onnx:net-12345678")
    assert refusal.value.hint == "write onnx:model.onnx"
    with pytest.raises(BuildError, match=r"gone.onnx: no such file"):
        own_model("onnx", "gone.onnx", tmp_path)
    write_tiny(tmp_path / "grey.onnx", (1, 1, 32, 32))
    with pytest.raises(BuildError, match="takes images of 1 channels, not 3") as wrong:
        own_model("onnx", "grey.onnx", tmp_path, channels=3)
    assert wrong.value.location == ("channels",)
