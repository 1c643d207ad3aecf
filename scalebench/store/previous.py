"""The previous run: result files that ``--fresh`` has renamed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

ASIDE, OLDER = ".old", ".older"
"""Suffixes of renamed files: of the previous run, and of all earlier ones."""


def set_aside(folder: Path, machine: str) -> None:
    """Rename a machine's result files to ``*.old``, so that no case counts as measured; nothing is deleted."""
    files = list(folder.glob(f"*-{machine}.jsonl"))
    if not files:
        return
    for file in folder.glob(f"*-{machine}.jsonl{ASIDE}"):
        file.rename(file.with_name(f"{file.name.removesuffix(ASIDE)}{OLDER}"))
    for file in files:
        file.rename(file.with_name(f"{file.name}{ASIDE}"))


def previous_files(files: Iterable[Path]) -> list[Path]:
    """Files of the previous run in the folders of these result files, sorted by name."""
    folders = dict.fromkeys(file.parent for file in files)
    return sorted(old for folder in folders for old in folder.glob(f"*.jsonl{ASIDE}"))
