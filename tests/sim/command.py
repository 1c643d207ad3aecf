"""scalebench as a user types it, with a lock of its own in the working folder: virtual time needs no quiet machine."""

from __future__ import annotations

from pathlib import Path

from scalebench.cli import main
from scalebench.execute.lock import machine_lock

if __name__ == "__main__":
    machine_lock.__wrapped__.__defaults__ = (Path.cwd() / "machine" / "machine.lock",)  # type: ignore[attr-defined]
    main()
