"""stub"""
from __future__ import annotations
from pathlib import Path
from typing import Any

def write_report(analysis: Any, verdicts: Any, document: Any, folder: Path) -> Path:
    return folder
