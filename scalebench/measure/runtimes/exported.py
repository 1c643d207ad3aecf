"""What runtimes over an exported file share: the file, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scalebench.suite.case import Case
from scalebench.suite.file_shapes import external_files


class Exported:
    """A runtime that loads a file and needs no module.

    Args:
        case: says how.
        file: the exported file.
    """

    needs_model = False
    own_memory = True

    def __init__(self, case: Case, file: Path) -> None:
        self._case, self._file = case, file

    def about(self, version: str) -> dict[str, Any]:
        """Version, threads, and the size of what a device would have to store, in bytes."""
        files = (self._file, *external_files(self._case.variant.task, self._file))
        return {
            "runtime_version": version,
            "intraop_threads": self._case.threads,
            "file_bytes": sum(file.stat().st_size for file in files),
        }
