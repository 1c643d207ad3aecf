"""The Python API, as its docstring shows it, and what a notebook displays."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

import pytest

import scalebench
from scalebench.errors import StoreError


@pytest.mark.usefixtures("warm")
def test_the_doctest_of_the_package_runs(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    found = doctest.testmod(scalebench, extraglobs={"folder": tmp_path})
    assert found.failed == 0
    assert found.attempted >= 5


def test_results_and_findings_show_as_html(root: Path) -> None:
    records = scalebench.read(root / "results" / "reference" / "paper_latency")
    shown = records._repr_html_()
    assert "records of paper_latency in 1 files" in shown
    assert "<script" not in shown
    findings = scalebench.analyse(records, study=False)
    assert "EN-12" in findings._repr_html_()
    assert len(records.frame) == 40


def test_the_package_that_writes_reports_is_still_a_package() -> None:
    import scalebench.report.tables

    assert callable(scalebench.report.tables.capped)
    assert callable(scalebench.report)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'analyze'"):
        _ = scalebench.analyze


def test_errors_are_ours(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no"):
        scalebench.read(tmp_path)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import scalebench, sys; raise SystemExit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
