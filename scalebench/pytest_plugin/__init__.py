"""The pytest plugin: a fixture that measures, suites as tests, and both in pytest-benchmark's table and JSON.

Nothing of torch, pandas or scipy is imported until something is measured; models run in the worker's processes.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scalebench.pytest_plugin.benchmark_rows import (
    RECORDS,
    pytest_benchmark_update_json,
    pytest_benchmark_update_machine_info,
)
from scalebench.pytest_plugin.bounded_value import BoundedValue, InconclusiveWarning
from scalebench.pytest_plugin.model_bench import scalebench
from scalebench.pytest_plugin.suite_tests import SuiteTests

__all__ = [
    "BoundedValue",
    "InconclusiveWarning",
    "pytest_benchmark_update_json",
    "pytest_benchmark_update_machine_info",
    "scalebench",
]  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the group ``scalebench``."""
    group = parser.getgroup("scalebench")
    group.addoption("--scalebench", action="store_true", help="Collect suite files (*.yaml): a test per case.")
    group.addoption("--scalebench-results", default="results", metavar="DIR", help="Folder of the records.")
    group.addoption("--scalebench-protocol", choices=("quick", "standard", "rigorous"), help="How cases are timed.")


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker."""
    config.addinivalue_line("markers", "scalebench(strict): with True an interval that contains its limit fails.")
    config.stash[RECORDS] = []


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """Suites, where they are asked for; other YAML files are left alone."""
    if not parent.config.getoption("scalebench") or file_path.suffix != ".yaml":
        return None
    if not re.search(rb"^schema: *1\s*$", file_path.read_bytes(), re.MULTILINE):
        return None
    return SuiteTests.from_parent(parent, path=file_path)
