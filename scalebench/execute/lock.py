"""One timed run per machine: a second one would be the first one's noise."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scalebench.errors import MachineError


@contextmanager
def machine_lock(path: Path | None = None) -> Iterator[None]:
    """Hold the machine's lock; released by the system when the process ends.

    Raises:
        MachineError: another run is measuring on this machine.
    """
    file = path or Path(tempfile.gettempdir()) / f"scalebench-{os.getuid()}.lock"
    with file.open("a", encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise MachineError(
                "another scalebench run is measuring on this machine",
                f"two runs would disturb each other; wait for it ({file} is its lock)",
            ) from None
        yield
