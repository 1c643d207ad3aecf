"""Durations and sizes as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from scalebench.cli.arguments import duration_s, size_bytes, with_channels
from scalebench.errors import BuildError
from scalebench.suite.own_files import channels_of
from tests.suite.literal_onnx import write_tiny


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("50ms", 0.05), ("90s", 90), ("20m", 1200), ("20 min", 1200), ("1.5h", 5400), ("45", 45), (" 2h ", 7200)],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "20 minutes", "-5s", "0", "0m", "1d", "h", "1e3s", "nan"])
def test_what_is_no_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="90s, 20m or 2h"):
        duration_s(text)


@pytest.mark.parametrize(("text", "size"), [("4GiB", 2**32), ("500MB", 500_000_000), ("1024", 1024), ("2 KiB", 2048)])
def test_sizes(text: str, size: int) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize("text", ["", "much", "-1GiB", "0", "4 gibibytes"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"memory|size"):
        size_bytes(text)


def test_channels_are_those_of_the_users_models(tmp_path: Path) -> None:
    """A file that says how many it takes contradicts; without a file of the user's there is nothing to declare."""
    (tmp_path / "nets.py").write_text("def build(): ...\n")
    write_tiny(tmp_path / "net.onnx", (1, 3, 32, 32))
    factory, onnx = f"python:{tmp_path / 'nets.py'}:build@64", f"onnx:{tmp_path / 'net.onnx'}"
    assert with_channels([factory], None) == [factory]
    name, timm = with_channels([factory, "resnet18"], 1)
    assert timm == "resnet18"
    assert name.endswith("@64")
    assert channels_of(name.partition("@")[0]) == 1
    with pytest.raises(BuildError, match="takes images of 3 channels, not 1"):
        with_channels([onnx], 1)
    with pytest.raises(typer.BadParameter, match="none is named"):
        with_channels(["resnet18"], 1)
