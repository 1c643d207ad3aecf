"""Fixtures for all tests: one warm worker, golden files, and a cache folder of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from scalebench.execute.client import Worker
from scalebench.execute.lock import LOCK_VARIABLE

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite golden files with what was found")


# How long an example takes is the machine's affair. The same examples every time: a change is judged by what it
# changes; `--hypothesis-profile explore` looks for new ones.
settings.register_profile("explore", deadline=None)
settings.register_profile("steady", settings.get_profile("explore"), derandomize=True)
settings.load_profile("steady")

MEASURING = {"cli", "jobs", "execute", "machine", "measure", "bench", "gpu", "test_quickstart.py", "test_notebook.py",
             "test_sim_rounds.py", "test_sim_suite.py", "test_sim_selftest.py", "test_sim_batches.py",
             "test_sim_cards.py", "test_sim_modes.py", "test_sim_open_batches.py", "test_sim_halves.py",
             "test_full_selftest.py"}  # fmt: skip
"""Where tests measure or need the warm worker."""
ON_PAPER = {
    "test_paper_commands.py", "test_claims.py", "test_report.py", "test_compare.py", "test_arguments.py",
    "test_export.py",     "test_hardware.py", "test_import.py", "test_procure.py", "test_predict.py", "test_choose.py",
}  # fmt: skip
"""Tests of commands that do none of this."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of two processes (``-n 2``) one has a whole file, and what takes longest comes first."""
    for item in items:
        if MEASURING & set(item.path.relative_to(Path(__file__).parent).parts) and item.path.name not in ON_PAPER:
            item.add_marker(pytest.mark.measuring)
    items.sort(key=lambda item: item.get_closest_marker("measuring") is None)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Answers on paper are cached per test session, so that a stale one can never make a test pass."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def own_lock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nor does a test wait for a run elsewhere on the machine, or for one of a test beside it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(LOCK_VARIABLE, str(tmp_path_factory.mktemp("lock") / "machine.lock"))
        yield


@pytest.fixture(scope="session")
def worker(own_cache: None) -> Iterator[Worker]:
    """One warm server for the whole session: importing torch and timm costs ten seconds."""
    with Worker() as warm:
        yield warm


@pytest.fixture
def warm(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever starts a worker in this process asks the session's: starting another takes five seconds."""
    run = Worker.run
    monkeypatch.setattr(Worker, "run", lambda _, *arguments, **options: run(worker, *arguments, **options))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, Any], None]:
    """Compares JSON content with ``tests/golden/<name>.json``; ``--accept`` rewrites it."""

    def check(name: str, found: Any) -> None:
        file = GOLDEN / f"{name}.json"
        if request.config.getoption("--accept"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        assert file.exists(), f"{file} is missing: run pytest --accept and read the result"
        assert json.loads(json.dumps(found)) == json.loads(file.read_text(encoding="utf-8"))

    return check


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT
