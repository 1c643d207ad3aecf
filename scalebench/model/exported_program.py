"""Programs of torch.export, loaded only where nothing in the file can run code.

``torch.export.load`` trusts its file: it unpickles some weights, evaluates the expressions of symbolic sizes and
guards, and looks operators up anywhere in torch. Programs with fixed sizes need none of that.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from scalebench.errors import BuildError
from scalebench.suite.file_shapes import program_text

_OPERATORS = re.compile(r"torch\.ops\.(aten|prims|torchvision)\.[A-Za-z0-9_]+\.[A-Za-z0-9_]+|_operator\.getitem")
_HINT = "export it with fixed sizes, without pickled objects or custom operators; or name its source as python:"
_FORCE = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"


class _Program(nn.Module):
    """The program as a module that can be put into eval mode, in which it was exported."""

    def __init__(self, program: nn.Module) -> None:
        super().__init__()
        self.program = program

    def train(self, mode: bool = True) -> _Program:  # noqa: ARG002 - torch's signature
        """Leaves it as exported."""
        return self

    def forward(self, images: torch.Tensor) -> Any:
        return self.program(images)


def load_program(path: Path) -> nn.Module:
    """The program's module, on the device it was exported on.

    Raises:
        BuildError: something in the file could run code, or torch cannot load it.
    """
    _refuse_code(path)
    try:
        with _weights_only():
            program = torch.export.load(str(path))
        return _Program(program.module())
    except Exception as error:  # torch's own, of many kinds
        raise BuildError(f"{path.name} cannot be loaded: {type(error).__name__}: {error}") from error


def _refuse_code(path: Path) -> None:
    text = program_text(path)
    nodes = [node for node in _nested(text) if "target" in node and "inputs" in node]
    operators = sorted({str(node["target"]) for node in nodes if not _OPERATORS.fullmatch(str(node["target"]))})
    keys = {key for node in _nested(text) for key in node}
    reasons = [f"it calls {operators[0]}"] if operators else []
    if keys & {"as_expr", "expr_str"}:
        reasons.append("its sizes are symbolic")
    if text.get("guards_code") or text["graph_module"].get("guards_code"):
        reasons.append("it has guards")
    if _pickled(path):
        reasons.append("it has pickled weights")
    if reasons:
        raise BuildError(f"{path.name} is not loaded, because it could run code: {', '.join(reasons)}", _HINT)


def _nested(tree: Any) -> Iterator[dict[str, Any]]:
    """All mappings in nested lists and mappings."""
    if isinstance(tree, dict):
        yield tree
    for branch in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nested(branch)


def _pickled(path: Path) -> bool:
    """Whether weights or constants are stored as pickles, or in the older format that is one."""
    import json

    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        configs = [json.loads(archive.read(name)) for name in names if name.endswith("_config.json")]
    folders = [name for name in names if re.search(r"/data/(weights|constants)/[^/]*\.pt$", name)]
    flags = [node.get("use_pickle") for config in configs for node in _nested(config)]
    return bool(folders) or any(flags)


@contextmanager
def _weights_only() -> Iterator[None]:
    """Torch unpickles tensors alone meanwhile, also where its own code asks for more."""
    before = os.environ.get(_FORCE)
    os.environ[_FORCE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_FORCE]
        else:
            os.environ[_FORCE] = before
