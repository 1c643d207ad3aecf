"""What a page carries for its scripts: compressed, so that long tables and thousands of cases cost little."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from typing import Any


def packed(text: str) -> str:
    """gzip and base64, as the browser's DecompressionStream reads it; the same bytes for the same text."""
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def packed_json(content: Any) -> str:
    """The same for JSON content."""
    return packed(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False))


def source_hash(script: str) -> str:
    """What a Content-Security-Policy has to name so that a script may run: ``'sha256-...'``."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
