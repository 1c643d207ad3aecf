"""Where scalebench keeps files of its own: one folder per kind, in the platform's folders for caches and for data."""

from __future__ import annotations

import contextlib
from pathlib import Path

import platformdirs

from scalebench.atomic import write_atomic


def cache_folder(kind: str) -> Path:
    """Folder for what can be computed again."""
    return platformdirs.user_cache_path("scalebench") / kind


def data_folder(kind: str) -> Path:
    """Folder for what was measured and must outlive a cleaned cache."""
    return platformdirs.user_data_path("scalebench") / kind


def write_cache(file: Path, content: str | bytes) -> None:
    """Write a file of a cache; one that cannot be written costs time, never the run."""
    with contextlib.suppress(OSError):
        write_atomic(file, content)
