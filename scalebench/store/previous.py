"""The run before this one: result files that a fresh start has set aside."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

ASIDE, OLDER = ".old", ".older"
"""Ends of the names of files that are out of the way: of the run before this one, and of all before that."""


def set_aside(folder: Path, machine: str) -> None:
    """Rename a machine's result files to ``*.old``, so that nothing counts as measured; nothing is deleted."""
    files = list(folder.glob(f"*-{machine}.jsonl"))
    if not files:
        return
    for file in folder.glob(f"*-{machine}.jsonl{ASIDE}"):
        file.rename(file.with_name(f"{file.name.removesuffix(ASIDE)}{OLDER}"))
    for file in files:
        file.rename(file.with_name(f"{file.name}{ASIDE}"))


def previous_files(files: Iterable[Path]) -> list[Path]:
    """Files that were set aside in the folders of these result files, by name."""
    folders = dict.fromkeys(file.parent for file in files)
    return sorted(old for folder in folders for old in folder.glob(f"*.jsonl{ASIDE}"))
