"""How a test ends where a case was not measured."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from scalebench.errors import ScalebenchError

if TYPE_CHECKING:
    from scalebench.record import Record


def words_of(error: ScalebenchError) -> str:
    """Message and hint."""
    return f"{error.message}\nhint: {error.hint}" if error.hint else error.message


def end_test(label: str, record: Record) -> None:
    """Skip or fail the test as a round ended."""
    reason = f"{label}: {record.ending}: {(record.error or {}).get('message', '')}".rstrip(": ")
    if record.outcome == "skipped":
        pytest.skip(reason)
    pytest.fail(reason, pytrace=False)


def refuse_beside_others() -> None:
    """Skip the test in a worker of pytest-xdist."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        pytest.skip("scalebench measures nothing beside the other workers of pytest-xdist: run it with -n 0")
