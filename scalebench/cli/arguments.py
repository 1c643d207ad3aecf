"""Values of options as people write them: ``20m``, ``4GiB``. A bad one raises ValueError, which Typer explains."""

from __future__ import annotations

import re
from enum import Enum

_SECONDS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


class Timing(str, Enum):
    """Protocols that can be asked for by name."""

    quick = "quick"
    standard = "standard"
    rigorous = "rigorous"


def duration_s(text: str) -> float:
    """``50ms``, ``90s``, ``20m``, ``1.5h`` -> seconds; a bare number is seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|min|h)?", text.strip())
    if match is None or float(match[1]) <= 0:
        raise ValueError(f"{text!r} is not a duration; write it as 90s, 20m or 2h")
    return float(match[1]) * _SECONDS[match[2] or "s"]


def size_bytes(text: str) -> int:
    """``4GiB``, ``500MB`` -> bytes; a bare number is bytes."""
    from pydantic import ByteSize, TypeAdapter, ValidationError

    try:
        size = int(TypeAdapter(ByteSize).validate_python(text))
    except ValidationError:
        raise ValueError(f"{text!r} is not a size; write it as 4GiB or 500MB") from None
    if size <= 0:
        raise ValueError(f"{text!r} is no memory at all")
    return size
