"""The house rules, held by reading the source: who may import whom, what stays out, how long things may be.

Who may import whom stands in ``pyproject.toml``, as contracts of import-linter.
"""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "scalebench"
FILES = sorted(PACKAGE.rglob("*.py"))


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_the_source_was_found() -> None:
    """The rules below are held against files that are there."""
    assert {"scalebench.suite.load", "scalebench.cli", "scalebench.execute.worker"} <= {_module(path) for path in FILES}


def test_the_contracts_on_imports_are_kept() -> None:
    """Rooms, torch, the terminal and cycles, as ``tox -e lint`` checks them."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 kept, 0 broken" in done.stdout


def test_no_file_name_has_two_meanings() -> None:
    """A name leads to one file; only a command in cli/ and its job in jobs/ share theirs."""
    rooms = defaultdict(list)
    for path in FILES:
        if path.stem != "__init__":
            rooms[path.stem].append(_module(path).split(".")[1])
    twice = {name for name, where in rooms.items() if len(where) > 1 and sorted(where) != ["cli", "jobs"]}
    assert not twice


def test_no_class_name_has_two_meanings() -> None:
    """A class name leads to one definition."""
    defined = defaultdict(list)
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                defined[node.name].append(_module(path))
    assert not {name for name, modules in defined.items() if len(modules) > 1}


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
    """Top-level packages of ``_modules``."""
    return {name.split(".")[0] for name in _modules(code)}


def _modules(code: str) -> set[str]:
    """Modules that a fresh interpreter has after ``code``, less those it had before ``-- mark --``."""
    before, _, after = code.partition("-- mark --")
    program = f"import sys\n{before}\nhad = set(sys.modules)\n{after}\nprint(*sorted(set(sys.modules) - had))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT, timeout=240
    )
    return set(done.stdout.split())


def test_the_command_line_starts_light() -> None:
    """Help and plans need none of the heavy libraries: they are imported where they are used."""
    loaded = _loaded("-- mark --\nimport scalebench.cli")
    assert "scalebench" in loaded
    assert not loaded & {"torch", "timm", "pandas", "numpy", "scipy", "pydantic", "seaborn", "matplotlib", "fvcore"}


def test_a_run_loads_what_analyses_and_draws_only_where_something_was_measured() -> None:
    """A finished suite is looked at again without tables or figures, a second each."""
    assert not _loaded("-- mark --\nimport scalebench.cli.run") & {"torch", "pandas", "scipy", "matplotlib", "jinja2"}


def test_claims_are_judged_without_the_library_of_tests_and_distributions() -> None:
    """``scipy.stats`` takes half a second; only comparisons of two runs and studies of many families need it."""
    loaded = _modules("-- mark --\nimport scalebench.analysis.analyse, scalebench.claims.judge")
    assert "scipy.special" in loaded
    assert "scipy.stats" not in loaded


def test_the_measuring_process_stays_clean() -> None:
    """Beside torch and timm the measuring process loads nothing heavy of ours that could disturb a number."""
    loaded = _loaded("import torch, timm\n-- mark --\nimport scalebench.measure.probes")
    assert "scalebench" in loaded
    assert not loaded & {"pandas", "pydantic", "seaborn", "matplotlib", "rich", "ruamel", "typer", "scipy", "jinja2"}
