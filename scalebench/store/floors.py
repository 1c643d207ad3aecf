"""Noise floors: how much two runs of one case differ on a machine by chance; one file per hardware key."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scalebench.atomic import write_atomic
from scalebench.errors import StoreError
from scalebench.record import Record
from scalebench.userdirs import data_folder

_HW_KEY = re.compile(r"[0-9A-Za-z_-]+")


@dataclass(frozen=True)
class Floor:
    """Result of ``scalebench aa``.

    Attributes:
        floor: |log ratio| of latency that 95 % of comparisons of two runs of one case stay below.
        n: number of cases.
        when: UTC, ISO 8601.
        machine: slug.
        cases: their labels.
        low, high: 95 % interval of the floor; None where version 0.1 stored it, as the largest of ``n`` differences.
        freedom: degrees of freedom of that interval; None likewise.
    """

    floor: float
    n: int
    when: str
    machine: str
    cases: tuple[str, ...]
    low: float | None = None
    high: float | None = None
    freedom: int | None = None

    @property
    def basis(self) -> str:
        """What the floor rests on, in words."""
        if self.low is None or self.high is None or self.freedom is None:
            return f"largest of {self.n} differences"
        return f"95 % interval {100 * self.low:.1f} to {100 * self.high:.1f} %, {self.freedom} degrees of freedom"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.floor) and self.floor >= 0):
            raise ValueError(f"a floor of {self.floor}")


def read_floor(hw_key: str, folder: Path | None = None) -> Floor | None:
    """The floor of a machine, or None where it was never measured.

    Raises:
        StoreError: the file exists and cannot be used.
    """
    file = _file(hw_key, folder)
    if file is None or not file.is_file():
        return None
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return Floor(**{**content, "cases": tuple(content["cases"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{file} is not a noise floor: {error}", "delete it, and run scalebench aa again") from None


def read_floors(records: Iterable[Record], folder: Path | None = None) -> dict[str, Floor]:
    """Measured floors of the records' machines, by hardware key."""
    keys = dict.fromkeys(record.environment.hw_key for record in records)
    floors = {key: read_floor(key, folder) for key in keys}
    return {key: floor for key, floor in floors.items() if floor is not None}


def write_floor(hw_key: str, floor: Floor, folder: Path | None = None) -> Path:
    """Store a machine's floor, in place of an older one.

    Raises:
        StoreError: the folder cannot be written.
    """
    file = _file(hw_key, folder)
    if file is None:
        raise StoreError(f"{hw_key!r} is not a hardware key")
    try:
        write_atomic(file, json.dumps(asdict(floor), indent=1) + "\n")
    except OSError as error:
        raise StoreError(f"{file} cannot be written: {error.strerror}") from None
    return file


def _file(hw_key: str, folder: Path | None) -> Path | None:
    """File of a floor; None for a key that is not a safe file name: keys come from other users' result files."""
    if not _HW_KEY.fullmatch(hw_key):
        return None
    return (folder or data_folder("floors")) / f"{hw_key}.json"
