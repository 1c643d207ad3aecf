"""Factories found, and their imports followed, without running a line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scalebench.errors import BuildError
from scalebench.suite.python_sources import find_factory, imported_files


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_a_file_and_a_module_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a file, from the folder, and from Python's path; the module's own code does not run."""
    _write(tmp_path, {"nets.py": "raise SystemExit\ndef build(): ...\n", "pkg/deep/tiny.py": "class Net: ...\n"})
    by_file = find_factory("nets.py:build", tmp_path)
    assert (by_file.path, by_file.name, by_file.root, by_file.module) == (
        tmp_path / "nets.py",
        "build",
        tmp_path,
        "nets",
    )
    by_module = find_factory("pkg.deep.tiny:Net", tmp_path)
    assert (by_module.path, by_module.module) == (tmp_path / "pkg" / "deep" / "tiny.py", "pkg.deep.tiny")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert find_factory("nets:build", tmp_path / "pkg").root == tmp_path


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("nets.py", "'nets.py' names no factory", "file.py:factory"),
        ("nets.py:2x", "names no factory", "file.py:factory"),
        ("gone.py:build", "gone.py: no such file", "file.py:factory"),
        ("no_such_package_here.nets:build", "no module 'no_such_package_here.nets'", "file.py:factory"),
        ("../x:build", "'../x' is not the name of a module", "package.module:factory"),
        ("nets.py:bild", "nets.py defines no 'bild'", "it defines build"),
        ("broken.py:build", "broken.py:2: not valid Python", "def build(:"),
    ],
)
def test_a_source_that_cannot_be_used(source: str, message: str, hint: str, tmp_path: Path) -> None:
    """Each names the file, and the user's own line where there is one."""
    _write(tmp_path, {"nets.py": "def build(): ...\n", "broken.py": "x = 1\ndef build(:\n"})
    with pytest.raises(BuildError) as refusal:
        find_factory(source, tmp_path)
    assert message in refusal.value.message
    assert hint in refusal.value.hint


@pytest.mark.parametrize("text", ["from other import build", "build = partial(Net, 3)", "from other import *"])
def test_a_factory_need_not_be_a_function_of_the_file(text: str, tmp_path: Path) -> None:
    """Imported and assigned names count."""
    _write(tmp_path, {"nets.py": text})
    assert find_factory("nets.py:build", tmp_path).name == "build"


def test_imports_are_followed_below_the_root(tmp_path: Path) -> None:
    """Directly, through others, relative and inside functions; what is elsewhere or installed is left out."""
    late = "import torch, blocks\nfrom pkg import layers\ndef build():\n    from pkg.late import x\n"
    relative = "from . import norm\nfrom .act import relu\n"
    empty = ("pkg/norm.py", "pkg/act.py", "pkg/late.py", "pkg/__init__.py", "unused.py", "json2.py")
    _write(tmp_path, {"nets.py": late, "blocks.py": "import json\nimport nets\n", "pkg/layers.py": relative})
    _write(tmp_path, dict.fromkeys(empty, ""))
    files = imported_files(tmp_path / "nets.py", tmp_path)
    assert [str(file.relative_to(tmp_path)) for file in files] == [
        "blocks.py", "pkg/__init__.py", "pkg/act.py", "pkg/late.py", "pkg/layers.py", "pkg/norm.py",
    ]  # fmt: skip
