"""Factories of the user's: what they return, and what goes wrong in them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from torch import nn

from scalebench.errors import BuildError
from scalebench.model.own_python import from_factory, imported
from scalebench.suite.own_files import OwnModel, own_model


@pytest.fixture(autouse=True)
def untouched_imports() -> Iterator[None]:
    """What the tests import is forgotten."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith(("nets", "own_", "layers", "pkg")):
            del sys.modules[name]


def _own(folder: Path, text: str, name: str = "nets.py:build") -> OwnModel:
    path = folder / name.partition(":")[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return own_model("python", name, folder)


def test_a_factory_imports_from_beside_it(tmp_path: Path) -> None:
    """As ``python nets.py`` would; two folders may have modules of one name."""
    for width in (8, 16):
        folder = tmp_path / str(width)
        folder.mkdir()
        (folder / "layers.py").write_text(f"WIDTH = {width}\n")
        own = _own(
            folder, "import layers\nfrom torch import nn\ndef build():\n    return nn.Conv2d(3, layers.WIDTH, 1)\n"
        )
        layer = from_factory(own)
        assert isinstance(layer, nn.Conv2d)
        assert layer.out_channels == width


def test_a_module_of_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With relative imports; it is loaded once."""
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("")
    (tmp_path / "pkg" / "parts.py").write_text("from torch.nn import Identity\n")
    (tmp_path / "pkg" / "nets.py").write_text("from .parts import Identity as build\n")
    monkeypatch.chdir(tmp_path)
    own = own_model("python", "pkg.nets:build")
    assert isinstance(from_factory(own), nn.Identity)
    assert imported(own) is imported(own)


def test_a_file_named_as_a_library_does_not_replace_it(tmp_path: Path) -> None:
    """``json.py`` of the user's is loaded beside Python's."""
    import json

    own = _own(tmp_path, "from torch.nn import Identity as build\n", "json.py:build")
    assert isinstance(from_factory(own), nn.Identity)
    assert sys.modules["json"] is json


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n\ndef build():\n    return 1 / 0\n", r"build\(\) fails: nets.py:4: return 1 / 0: ZeroDivisionError"),
        ("x = 1\nraise OSError('no disc')\ndef build(): ...\n", r"cannot be imported: nets.py:2: .*OSError: no disc"),
        ("import no_such_thing\ndef build(): ...\n", r"nets.py:1: import no_such_thing: ModuleNotFoundError"),
        ("import sys\nsys.exit(3)\ndef build(): ...\n", r"nets.py:2: sys.exit\(3\): SystemExit: 3"),
        ("def build():\n    return None\n", r"build\(\) returns None, not a torch.nn.Module"),
        ("from torch.nn import Identity\ndef build():\n    return Identity\n", "returns the class Identity, not a"),
        ("def build(width):\n    return None\n", "missing 1 required positional argument: 'width'"),
        ("build = 3\n", "nets.py has no function 'build'"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_shown_with_the_users_line(text: str, message: str, tmp_path: Path) -> None:
    """Each ends in an error of ours."""
    with pytest.raises(BuildError, match=message):
        from_factory(_own(tmp_path, text))
