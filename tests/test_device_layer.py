"""Devices are known by name in one layer: everything else asks it what a device can do.

Outside the layer no code compares a device with a word, takes it as the key of a table, writes it into a device's
name, or reaches for a device's own module of torch.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "scalebench"
LAYER = {"suite/device_kinds.py", "measure/accelerator.py", "measure/tensor_cores.py", "machine/accelerators.py"}
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).as_posix() not in LAYER)
NAME = re.compile(r"(cpu|cuda|rocm|hip|xpu|mps|sim|hpu|npu)(:\d*)?")
MODULES = {"cuda", "xpu", "mps", "mtia"}
OWN_WORDS = {
    "machine/checks.py": "names of the kernel's event sources",
    "claims/registry.py": "the vocabulary of the claims' YAML",
    "procure/chip.py": "the vocabulary of the catalogue's YAML",
    "procure/rated_peaks.py": "words in the names of products",
    "store/timmname.py": "timm's own table names, and facts of imported records",
}


def _named(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(NAME.fullmatch(node.value))


def _facts(tree: ast.AST) -> set[int]:
    """Names that are keys of recorded facts and of the kernel's groups: ``hardware["cpu"]``, ``.get("cpu")``."""
    keys: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            keys.add(id(node.slice))
        elif isinstance(node, ast.JoinedStr):
            keys |= {id(part) for part in node.values}
        elif isinstance(node, ast.Call):
            function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            keys |= {id(argument) for argument in node.args} if function in ("get", "cgroup_folders") else set()
        elif isinstance(node, ast.Dict) and len([key for key in node.keys if key is not None and _named(key)]) == 1:
            keys |= {id(key) for key in node.keys if key is not None and _named(key) and ast.unparse(key) == "'cpu'"}
    return keys


def _words(source: str) -> Iterator[tuple[int, str]]:
    tree = ast.parse(source)
    facts = _facts(tree)
    for node in ast.walk(tree):
        if _named(node) and id(node) not in facts:
            yield node.lineno, ast.unparse(node)  # type: ignore[attr-defined]  # an expression
        elif isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
            start = str(node.values[0].value)
            if NAME.fullmatch(start) and ":" in start:
                yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.Attribute) and node.attr in MODULES:
            owner = ast.unparse(node.value)
            if owner in ("torch", "torch.backends"):
                yield node.lineno, ast.unparse(node)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_device_is_named_outside_the_layer(path: Path) -> None:
    """No comparison, table, device name or module of torch by a word for a kind of device."""
    if path.relative_to(PACKAGE).as_posix() not in OWN_WORDS:
        named = list(_words(path.read_text(encoding="utf-8")))
        assert not named, "; ".join(f"line {line}: {text}" for line, text in named)


@pytest.mark.parametrize(
    "line",
    [
        'if device == "cpu": pass', 'x = device.startswith("cuda")', 'x = device.type != "cuda"',
        'if kind in ("xpu", "mps"): pass', 'TABLE = {"cpu": 1, "cuda": 2}', 'TABLE = {"cuda": 2}',
        'word = f"cuda:{index}"', 'torch.cuda.synchronize()', 'torch.backends.cuda.matmul.allow_tf32 = True',
        'KIND = "cuda"', 'x = "cuda:0" if count else other', 'match kind:\n    case "mps": pass',
    ],
)  # fmt: skip
def test_the_scan_sees_every_way_of_naming_a_device(line: str) -> None:
    """The rule above can fail: each of these lines stood in the package once, or could."""
    assert list(_words(line))


@pytest.mark.parametrize(
    "line", ['x = hardware["cpu"]', 'x = hardware.get("cpu")', 'x = cgroup_folders("cpu", root)', 'x = {"cpu": facts}']
)
def test_the_scan_leaves_keys_of_facts_alone(line: str) -> None:
    """Records store facts of the processor under ``cpu``, whatever the device."""
    assert not list(_words(line))
