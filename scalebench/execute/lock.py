"""One run per machine: a second one would be the first one's noise."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from scalebench.errors import MachineError
from scalebench.machine.kernel import refuse_windows

LOCK = Path("/tmp/scalebench-lock/machine.lock")  # noqa: S108 - the same file for every user; nothing is read from it
"""In a folder of its own: in a sticky folder such as /tmp, filelock and Linux (fs.protected_regular) refuse a file that
another user has created."""
LOCK_VARIABLE = "SCALEBENCH_LOCK"
"""Names another file: one that containers share whose ``/tmp`` is their own."""


@contextmanager
def machine_lock(path: Path | None = None) -> Iterator[None]:
    """Hold the machine's lock, ``path`` or that of the variable; released by the system when the process ends.

    Raises:
        MachineError: another run has it, it cannot be opened, or this is Windows.
    """
    refuse_windows()
    path = path or Path(os.environ.get(LOCK_VARIABLE) or LOCK)
    try:
        with contextlib.suppress(FileExistsError):
            path.parent.mkdir()
            path.parent.chmod(0o777)  # whatever the umask: the next user's run has to be able to open the file
        lock = FileLock(path, mode=0o666).acquire(timeout=0)
    except Timeout:
        raise MachineError(
            "another scalebench run is active on this machine",
            f"two runs would disturb each other; wait until it ends ({path} is its lock)",
        ) from None
    except OSError as error:
        raise MachineError(f"the machine's lock {path} cannot be opened: {error.strerror}") from None
    with lock:
        yield
