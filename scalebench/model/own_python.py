"""Modules from factories that the user named: the only place where code of the user's runs."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from scalebench.errors import BuildError
from scalebench.suite.own_files import OwnModel


def from_factory(own: OwnModel) -> nn.Module:
    """Import the file and call its factory without arguments.

    Raises:
        BuildError: either fails, named with the user's own line; or the result is no module.
    """
    factory = getattr(imported(own), own.factory, None)
    if not callable(factory):
        raise BuildError(f"{Path(own.path).name} has no function {own.factory!r}")
    try:
        model = factory()
    except Exception as error:
        raise BuildError(f"{own.factory}() fails: {_where(error, Path(own.root))}", _SIGNATURE) from error
    if not isinstance(model, nn.Module):
        raise BuildError(f"{own.factory}() returns {_described(model)}, not a torch.nn.Module", _SIGNATURE)
    return model


_SIGNATURE = "a factory takes no arguments and returns a torch.nn.Module"


def imported(own: OwnModel) -> ModuleType:
    """The user's module, imported once, with its folder first on Python's path.

    Raises:
        BuildError: importing it fails, named with the user's own line.
    """
    root = _enter(own.root)
    name = own.module if own.module in root.modules or own.module not in sys.modules else f"own_{own.module}"
    if name in root.modules:
        return sys.modules[name]
    before = set(sys.modules)
    try:
        spec = importlib.util.spec_from_file_location(name, own.path)
        if "." in own.module or spec is None or spec.loader is None:
            return importlib.import_module(own.module)
        loaded = importlib.util.module_from_spec(spec)
        sys.modules[name] = loaded  # torch.compile and dataclasses look there for a function's module
        spec.loader.exec_module(loaded)
        return loaded
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # an import may even exit
        sys.modules.pop(name, None)  # else the next attempt would find half a module
        raise BuildError(f"{Path(own.path).name} cannot be imported: {_where(error, Path(own.root))}") from error
    finally:
        root.modules |= set(sys.modules) - before


class _Root(str):
    """A folder of the user's on Python's path, with the modules that imports from it have loaded."""

    modules: set[str]


def _enter(folder: str) -> _Root:
    """Put the folder first on Python's path, in place of other folders of the user's, whose modules are forgotten.

    Two folders may have modules of one name.
    """
    for other in [entry for entry in sys.path if isinstance(entry, _Root) and entry != folder]:
        sys.path.remove(other)
        for name in other.modules:
            if _is_below(sys.modules.get(name), Path(other)):
                del sys.modules[name]
    root = next((entry for entry in sys.path if isinstance(entry, _Root)), None)
    if root is None:
        root = _Root(folder)
        root.modules = set()
        sys.path.insert(0, root)
    return root


def _is_below(module: ModuleType | None, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).is_relative_to(folder)


def _where(error: BaseException, root: Path) -> str:
    """The error, after the innermost line that is the user's own: ``nets.py:12: y = 1 / 0: ZeroDivisionError: ...``."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(root)]
    line = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}: {frames[-1].line}: " if frames else ""
    return f"{line}{type(error).__name__}: {error}"


def _described(value: Any) -> str:
    return (
        "None" if value is None else f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__
    )
