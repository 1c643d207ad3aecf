"""Made-up machines: a folder that stands for the root of a file system."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest


@pytest.fixture
def grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], Path]:
    """Writes files, given as path -> content, below one root and gives that root back; psutil reads its memory too."""

    def write(files: dict[str, str]) -> Path:
        if "proc/meminfo" in files:
            monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path / "proc"))
        for name, content in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        return tmp_path

    return write
