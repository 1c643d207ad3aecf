"""The house rules, held by reading the source: who may import whom, what stays out, how long things may be."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "scalebench"
FILES = sorted(PACKAGE.rglob("*.py"))

RANKS: dict[str, int] = {
    room: rank
    for rank, rooms in enumerate(
        ["errors units", "metrics flags published", "suite", "record", "model machine", "measure",
         "execute store", "analysis", "claims procure", "report", "jobs", "notebook", "cli"]
    )
    for room in rooms.split()
}  # fmt: skip
"""CONTRIBUTING.md: errors, units, metrics, flags < suite < record < model, machine < measure < execute, store < ..."""

TORCH_ROOMS = {"model", "measure"}
TORCH_FILES = {"scalebench.execute.worker", "scalebench.machine.peaks"}
WORKER = "scalebench.execute.worker"


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_module(path): path for path in FILES}


def _room(module: str) -> str:
    """Room of a module: ``scalebench.suite.case`` is in suite; the package itself and ``__main__`` stand outside."""
    return [*module.split("."), ""][1]


def _imports(module: str) -> Iterator[str]:
    """Every module imported anywhere in the file: in functions and under TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            base = node.module or ""
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in MODULES else base


IMPORTS = {module: sorted(set(_imports(module))) for module in MODULES}
OURS = {module: [name for name in names if name in MODULES] for module, names in IMPORTS.items()}
INSIDE = [module for module in MODULES if _room(module) not in ("", "__main__")]


def test_the_source_was_found() -> None:
    """The rules below are held against files that are there, with imports that were read."""
    assert {"scalebench.suite.load", "scalebench.cli", WORKER} <= set(MODULES)
    assert "scalebench.suite.case" in OURS["scalebench.record"]
    assert "scalebench.errors" in OURS["scalebench.cli"]
    assert sum(map(len, OURS.values())) > 100


def test_every_file_is_in_a_room() -> None:
    """A new folder or top-level module has to find its place in the order first."""
    assert {_room(module) for module in INSIDE} <= set(RANKS) | {"data"}


@pytest.mark.parametrize("module", INSIDE)
def test_a_room_imports_only_from_rooms_before_it(module: str) -> None:
    """Data flows one way: a room knows itself and the rooms before it."""
    here = _room(module)
    for name in OURS[module]:
        there = _room(name)
        if there in ("", here):
            continue
        assert there in RANKS, f"{module} imports {name}"
        assert here in RANKS, f"{module} is data and imports {name}"
        assert RANKS[there] < RANKS[here], f"{module} imports {name}"


def test_units_and_errors_stand_alone() -> None:
    """The first rooms need nothing of ours; metrics needs units only."""
    assert OURS["scalebench.units"] == OURS["scalebench.errors"] == []
    assert OURS["scalebench.metrics"] in (["scalebench.units"], ["scalebench", "scalebench.units"])


@pytest.mark.parametrize("module", MODULES)
def test_torch_stays_where_it_is_needed(module: str) -> None:
    """Only model, measure, the peaks and the worker import torch, timm or fvcore."""
    heavy = {name.split(".")[0] for name in IMPORTS[module]} & {"torch", "timm", "fvcore", "torchvision"}
    if _room(module) not in TORCH_ROOMS and module not in TORCH_FILES:
        assert not heavy


@pytest.mark.parametrize("module", MODULES)
def test_only_the_worker_opens_the_torch_rooms(module: str) -> None:
    """Whoever imports model, measure or the worker needs torch; the parent names the worker by string."""
    if _room(module) in TORCH_ROOMS:
        return
    for name in OURS[module]:
        assert _room(name) not in TORCH_ROOMS or module == WORKER, f"{module} imports {name}"
        assert name != WORKER, f"{module} imports the worker"


def test_no_import_cycle() -> None:
    """No module reaches itself over imports, not even inside one folder or inside functions."""
    left = {module: set(names) for module, names in OURS.items()}
    while free := [module for module, names in left.items() if not names & left.keys()]:
        for module in free:
            del left[module]
    assert not left


@pytest.mark.parametrize("path", FILES, ids=_module)
def test_files_and_functions_are_short(path: Path) -> None:
    """A file has at most 300 lines, a function at most 60."""
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name


@pytest.mark.parametrize("path", FILES, ids=_module)
def test_names_and_notes(path: Path) -> None:
    """No module is a drawer for odds and ends, and nothing is left for later."""
    assert path.stem not in {"util", "utils", "helper", "helpers", "misc", "common"}
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=_module)
def test_nothing_reads_the_environment_at_import(path: Path) -> None:
    """Outside functions nothing asks for environment variables: importing has no hidden input."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inside:
            assert node.attr not in ("environ", "getenv"), f"line {node.lineno}"


def _loaded(code: str) -> set[str]:
    """Top-level packages that a fresh interpreter has after ``code``, less those it had before ``-- mark --``."""
    before, _, after = code.partition("-- mark --")
    program = f"import sys\n{before}\nhad = set(sys.modules)\n{after}\nprint(*sorted(set(sys.modules) - had))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT, timeout=240
    )
    return {name.split(".")[0] for name in done.stdout.split()}


def test_the_command_line_starts_light() -> None:
    """Help and plans need none of the heavy libraries: they are imported where they are used."""
    loaded = _loaded("-- mark --\nimport scalebench.cli")
    assert "scalebench" in loaded
    assert not loaded & {"torch", "timm", "pandas", "numpy", "scipy", "pydantic", "seaborn", "matplotlib", "fvcore"}


def test_the_measuring_process_stays_clean() -> None:
    """Beside torch and timm the measuring process loads nothing heavy of ours that could disturb a number."""
    loaded = _loaded("import torch, timm\n-- mark --\nimport scalebench.measure.probes")
    assert "scalebench" in loaded
    assert not loaded & {"pandas", "pydantic", "seaborn", "matplotlib", "rich", "ruamel", "typer", "scipy", "jinja2"}
