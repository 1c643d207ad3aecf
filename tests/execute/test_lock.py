"""Two runs on one machine would disturb each other."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scalebench.errors import MachineError
from scalebench.execute.lock import machine_lock


def test_a_second_run_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    file = tmp_path / "new" / "lock"
    with machine_lock(file), pytest.raises(MachineError, match="another scalebench run"), machine_lock(file):
        pass
    with machine_lock(file):
        pass


def test_containers_can_share_a_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEBENCH_LOCK", str(tmp_path / "shared" / "lock"))
    with machine_lock(), pytest.raises(MachineError, match="another scalebench run") as refused, machine_lock():
        pass
    assert "shared/lock" in str(refused.value.hint)
    monkeypatch.setenv("SCALEBENCH_LOCK", str(tmp_path / "private" / "lock"))
    with machine_lock(tmp_path / "shared" / "lock"), machine_lock():
        assert (tmp_path / "private" / "lock").exists()


def test_a_lock_that_cannot_be_opened_is_reported(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(MachineError, match="cannot be opened"), machine_lock(tmp_path / "lock"):
        pass


def test_an_error_of_the_run_itself_is_not_taken_for_one_of_the_lock(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError, match="of the run"), machine_lock(tmp_path / "lock"):
        raise TimeoutError("of the run")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as two other users")
def test_every_user_takes_the_same_lock(tmp_path: Path) -> None:
    """In a sticky folder like /tmp, whatever the first user's umask."""
    with machine_lock(tmp_path / "lock"):  # whatever Python imports for it, root can read
        pass
    sticky = Path(tempfile.mkdtemp())
    umask = os.umask(0o077)
    try:
        sticky.chmod(0o1777)
        file = sticky / "scalebench-lock" / "machine.lock"
        with _acting_as(1001), machine_lock(file):
            pass
        with _acting_as(1002), machine_lock(file):
            pass
        assert file.stat().st_mode & 0o777 == 0o666
    finally:
        os.umask(umask)
        shutil.rmtree(sticky)


@contextmanager
def _acting_as(user: int) -> Iterator[None]:
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
