"""Two runs on one machine would disturb each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from scalebench.errors import MachineError
from scalebench.execute.lock import machine_lock


def test_a_second_run_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with machine_lock(file), pytest.raises(MachineError, match="another scalebench run"), machine_lock(file):
        pass
    with machine_lock(file):
        pass
