"""One run per machine: a second one would be the first one's noise."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scalebench.errors import MachineError

LOCK = Path("/tmp/scalebench.lock")  # noqa: S108 - every user has to find the same file, and nothing is read from it


@contextmanager
def machine_lock(path: Path = LOCK) -> Iterator[None]:
    """Hold the machine's lock; released by the system when the process ends.

    Raises:
        MachineError: another run has it, or it cannot be opened.
    """
    try:
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
    except OSError as error:
        raise MachineError(f"the machine's lock {path} cannot be opened: {error.strerror}") from None
    with contextlib.suppress(PermissionError):
        os.chmod(handle, 0o666)  # noqa: S103 - the next user's run has to be able to open it, whatever this one's umask
    try:
        _take(handle, path)
        yield
    finally:
        os.close(handle)


def _take(handle: int, path: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise MachineError(
            "another scalebench run is going on on this machine",
            f"two runs would disturb each other; wait for it ({path} is its lock)",
        ) from None
