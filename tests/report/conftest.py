"""Reports of literal records, see ``literal_report``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scalebench.report.content import Absent, Chart
from scalebench.report.sections.results import draw_figures
from tests.report.literal_report import Built, build_full, build_report


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Built]:
    """Writes the report of literal records; every call into a folder of its own."""
    calls = iter(range(1000))

    def make(*records: Any, **options: Any) -> Built:
        return build_report(tmp_path / str(next(calls)), *records, **options)

    return make


@pytest.fixture(scope="session")
def figures(full: Built) -> dict[str, Chart | Absent]:
    """Its figures, drawn once."""
    return draw_figures(full.analysis)


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Three rounds on two machines and two batches, with failures and a torn line."""
    return build_full(tmp_path_factory.mktemp("full"))
