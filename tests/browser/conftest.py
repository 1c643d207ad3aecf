"""The report that the browser opens: the one of tests/report."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent.parent / "report"))


@pytest.fixture(scope="session")
def page_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report with failures, on two machines and two batches."""
    from literal_report import build_full

    folder = tmp_path_factory.mktemp("browser")
    build_full(folder)
    return next(folder.glob("*.html")).as_uri()
