"""Values of options as people write them: ``20m``, ``4GiB``. A bad one raises ValueError, which Typer explains."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

import typer

_SECONDS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


CHANNELS = typer.Option(
    None, "--channels", min=1, help="Of an image of your own models; default as their files say, else 3."
)


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


def with_channels(names: Sequence[str], channels: int | None) -> list[str]:
    """Names with ``--channels`` declared for the user's own models among them, which get their names in records.

    Raises:
        BadParameter: no model of the user's is named.
        BuildError: a file that cannot be used, or that takes images of other channels.
    """
    if channels is None:
        return list(names)
    from scalebench.suite.own_selection import written_names  # loads pydantic

    written = written_names(names, channels=channels)
    if written == list(names):
        raise typer.BadParameter("--channels is about files of your own, and none is named")
    return written
