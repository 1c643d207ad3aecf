"""Entries and command lines that name the user's own models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from scalebench.errors import ScalebenchError, UnknownNameError
from scalebench.suite.load import SuiteFile
from scalebench.suite.model_facts import Known, Spec
from scalebench.suite.own_files import own_model
from scalebench.suite.own_selection import written_names
from scalebench.suite.select_models import Selection, check_size, matching_variants, native, select
from scalebench.suite.variant import parse_at, parse_variant
from tests.suite.literal_onnx import write_tiny

Suites = Callable[[str], SuiteFile]
Catalogue = Mapping[str, Known]


def _selected(file: SuiteFile, catalogue: Catalogue) -> list[tuple[str, int]]:
    selections = [select(entry, catalogue, Path(file.path).parent) for entry in file.suite.models]
    return [(s.variant.name.rpartition("-")[0], s.resolution) for selection in selections for s in selection.specs]


def test_entries_of_every_kind(suite: Suites, catalogue: Catalogue, tmp_path: Path) -> None:
    """Paths start from the suite; sizes are listed, or those of the file, or timm's for a checkpoint."""
    (tmp_path / "nets").mkdir()
    write_tiny(tmp_path / "nets" / "fixed.onnx", (1, 3, 96, 96))
    write_tiny(tmp_path / "nets" / "open.onnx")
    (tmp_path / "nets.py").write_text("def build(): ...\n")
    (tmp_path / "best.safetensors").write_bytes(b"")
    (tmp_path / "script.pt").write_bytes(b"")
    file = suite(
        "models:\n"
        "  - onnx: nets/fixed.onnx\n"
        "  - onnx: [nets/fixed.onnx, nets/open.onnx]\n    resolution: [96]\n"
        "  - python: nets.py:build\n    resolution: [32, 64]\n"
        "  - checkpoint: best.safetensors\n    model: efficientnet_b1\n"
        "  - torchscript: script.pt\n    resolution: [48]\n"
    )
    assert _selected(file, catalogue) == [
        ("onnx:fixed", 96), ("onnx:fixed", 96), ("onnx:open", 96), ("python:nets.build", 32),
        ("python:nets.build", 64), ("checkpoint:efficientnet_b1.best", 240), ("torchscript:script", 48),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "location", "message"),
    [
        ("{onnx: [fixed.onnx, gone.onnx]}", ("onnx", 1), "gone.onnx: no such file"),
        ("{onnx: open.onnx}", (), "does not say how large its images are"),
        ("{onnx: fixed.onnx, resolution: [64]}", ("resolution",), "takes images of 96 pixels only, not 64"),
        ("{onnx: fixed.onnx, channels: 1}", ("channels",), "takes images of 3 channels, not 1"),
        ("{onnx: nets.py}", ("onnx", 0), "nets.py is not an ONNX file"),
        ("{python: 'nets.py:bild'}", ("python", 0), "nets.py defines no 'bild'"),
    ],
)
def test_what_is_wrong_with_an_entry_is_located(
    entry: str, location: tuple[str | int, ...], message: str, suite: Suites, catalogue: Catalogue, tmp_path: Path
) -> None:
    """Before anything is built."""
    write_tiny(tmp_path / "fixed.onnx", (1, 3, 96, 96))
    write_tiny(tmp_path / "open.onnx")
    (tmp_path / "nets.py").write_text("def build(): ...\n")
    with pytest.raises(ScalebenchError, match=message) as refusal:
        _selected(suite(f"models: [{entry}]"), catalogue)
    assert refusal.value.location == location


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ("{onnx: a.onnx, timm: [resnet18]}", "exactly one of timm, family, scale, published, input, onnx, python,"),
        ("{checkpoint: a.pt}", "checkpoint.model: Field required|model: Field required"),
        ("{onnx: a.onnx, model: resnet18}", "models.0..model: unknown key"),
        ("{onnx: []}", "models.0..onnx: "),
        ("{python: 'a.py:b', channels: 0}", "models.0..channels: "),
    ],
)
def test_entries_that_are_not_written_so(entry: str, line: str, suite: Suites) -> None:
    """With their line and key."""
    with pytest.raises(ScalebenchError, match=line):
        suite(f"models: [{entry}]")


def test_commands_name_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, catalogue: Catalogue) -> None:
    """``KIND:FILE@RES`` becomes the name in records, which is also taken as it is; other names stay."""
    monkeypatch.chdir(tmp_path)
    write_tiny(tmp_path / "net.onnx", (1, 3, 96, 96))
    (tmp_path / "nets.py").write_text("def build(): ...\n")
    (tmp_path / "w.pth").write_bytes(b"")
    name, sized, factory, weights, timm, dense = written_names(
        [
            "onnx:net.onnx",
            "onnx:net.onnx@96",
            "python:nets.py:build@64",
            "checkpoint:resnet18:w.pth",
            "resnet18@64",
            "unet:x@32",
        ]
    )
    assert (name, sized) == (own_model("onnx", "net.onnx").name, f"{name}@96")
    assert factory.startswith("python:nets.build-")
    assert factory.endswith("@64")
    assert weights.startswith("checkpoint:resnet18.w-")
    assert (timm, dense) == ("resnet18@64", "unet:x@32")
    assert written_names([sized, factory]) == [sized, factory]
    assert matching_variants(name, catalogue) == [parse_variant(name)]
    assert native(parse_at(sized)[0], catalogue) == 96
    with pytest.raises(UnknownNameError, match="names no model"):
        written_names(["checkpoint:w.pth"])
    with pytest.raises(UnknownNameError, match="takes images of 96 pixels only"):
        check_size(Spec(parse_variant(name), 64), catalogue)


def test_the_same_file_twice_is_a_selection_of_its_own_kind(
    suite: Suites, catalogue: Catalogue, tmp_path: Path
) -> None:
    """So that a case named twice is refused as elsewhere."""
    write_tiny(tmp_path / "net.onnx", (1, 3, 96, 96))
    entry = suite("models: [{onnx: net.onnx}]").suite.models[0]
    assert select(entry, catalogue, tmp_path).kind == "own"
    assert isinstance(select(entry, catalogue, tmp_path), Selection)
