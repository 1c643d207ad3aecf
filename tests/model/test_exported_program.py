"""Programs of torch.export: loaded where nothing in them can run code."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from scalebench.errors import BuildError
from scalebench.model.build import build
from scalebench.model.complexity import count
from scalebench.model.exported_program import load_program
from scalebench.suite.own_files import own_model
from scalebench.suite.variant import parse_variant


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> tuple[nn.Module, Path]:
    """A small model, and the file that torch.export has made of it."""
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8192, 4)
    ).eval()
    path = tmp_path_factory.mktemp("export") / "net.pt2"
    torch.export.save(torch.export.export(model, (torch.zeros(1, 3, 64, 64),)), path)
    return model, path


def test_a_program_is_counted_and_runs(program: tuple[nn.Module, Path]) -> None:
    """With the file's own size and weights."""
    model, path = program
    own = own_model("export", str(path))
    assert (own.resolution, own.channels, own.batch) == (64, 3, 1)
    assert count(parse_variant(own.name), 64).macs == 32 * 32 * 8 * 27 + 8192 * 4
    images = torch.randn(1, 3, 64, 64)
    assert torch.allclose(build(parse_variant(own.name), 64)(images), model(images), atol=1e-5)


def _rewritten(path: Path, folder: Path, change: Callable[[dict[str, Any]], None], member: str) -> Path:
    """A copy whose member is changed."""
    copy = folder / "changed.pt2"
    shutil.copy(path, copy)
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(copy, "w") as changed:
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith(member):
                tree = json.loads(content)
                change(tree)
                content = json.dumps(tree).encode()
            changed.writestr(name, content)
    return copy


def _calls_the_system(tree: dict[str, Any]) -> None:
    node = tree["graph_module"]["graph"]["nodes"][0]
    node["target"] = "torch.os.mkdir"
    node["inputs"] = [{"name": "path", "arg": {"as_string": "marker"}, "kind": 1}]


def _has_guards(tree: dict[str, Any]) -> None:
    tree["guards_code"] = ["__import__('os').mkdir('marker')"]


def _is_symbolic(tree: dict[str, Any]) -> None:
    tree["graph_module"]["graph"]["tensor_values"]["x"] = {
        "sizes": [{"as_expr": {"expr_str": "exec('1')", "hint": None}}]
    }


def _is_pickled(tree: dict[str, Any]) -> None:
    next(iter(tree["config"].values()))["use_pickle"] = True


@pytest.mark.parametrize(
    ("change", "member", "reason"),
    [
        (_calls_the_system, "model.json", "it calls torch.os.mkdir"),
        (_has_guards, "model.json", "it has guards"),
        (_is_symbolic, "model.json", "its sizes are symbolic"),
        (_is_pickled, "model_weights_config.json", "it has pickled weights"),
    ],
)
def test_what_could_run_code_is_not_loaded(
    change: Callable[[dict[str, Any]], None], member: str, reason: str, program: tuple[nn.Module, Path],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """``torch.export.load`` would run each of these."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BuildError, match=f"is not loaded, because it could run code: {reason}") as refusal:
        load_program(_rewritten(program[1], tmp_path, change, member))
    assert "export it with fixed sizes" in refusal.value.hint
    assert not (tmp_path / "marker").exists()
