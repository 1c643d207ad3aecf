"""The hardware catalogue: the shipped rows and a user's own; refusals name file, line and key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from scalebench.errors import CatalogueError, UnknownNameError, did_you_mean
from scalebench.procure.chip import SHIPPED, Chip, ChipSource, row_problems
from scalebench.suite.located import Located, Location, keys_at, parse_yaml, read_text
from scalebench.suite.strict import StrictModel

_FILE = "scalebench/data/hardware.yaml"


class _File(StrictModel):
    schema_: Literal[1] = Field(alias="schema")
    version: dt.date | None = None
    sources: dict[str, ChipSource] = Field(default_factory=dict)
    chips: list[Chip] = Field(min_length=1)


@cache
def _shipped() -> tuple[str, Mapping[str, Chip]]:
    text = resources.files("scalebench.data").joinpath("hardware.yaml").read_text(encoding="utf-8")
    return _read(parse_yaml(_FILE, text, dict, CatalogueError), {}, SHIPPED)


def catalogue_version() -> str:
    """Date of the shipped rows, ISO 8601."""
    return _shipped()[0]


def catalogue(path: Path | None = None) -> dict[str, Chip]:
    """Rows by id, in the order of the file; a user's row in ``path`` replaces the shipped row of the same id.

    Raises:
        CatalogueError: with file, line and key; also for a row that breaks one of ``chip.RULES``.
    """
    shipped = dict(_shipped()[1])
    if path is None:
        return shipped
    source = parse_yaml(str(path), read_text(path, CatalogueError), dict, CatalogueError)
    return shipped | _read(source, shipped, str(path))[1]


def select_chips(patterns: Sequence[str], chips: Mapping[str, Chip]) -> tuple[Chip, ...]:
    """Rows by id or glob, in the order of the catalogue; all if there is no pattern.

    Raises:
        UnknownNameError: an id that is not in the catalogue.
    """
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in chips):
            hint = did_you_mean(pattern, chips) or "scalebench hardware lists them"
            raise UnknownNameError(f"{pattern!r} is not in the catalogue", hint)
    return tuple(chip for name, chip in chips.items() if any(fnmatchcase(name, p) for p in patterns or ("*",)))


def _read(file: Located, trusted: Mapping[str, Chip], origin: str) -> tuple[str, dict[str, Chip]]:
    try:
        content = _File.model_validate(file.plain())
    except ValidationError as error:
        raise file.explain(error, _keys) from None
    chips: dict[str, Chip] = {}
    for index, row in enumerate(content.chips):
        chip = row.model_copy(update={"origin": origin})
        if chip.id in chips:
            raise file.error(("chips", index, "id"), f"duplicate id {chip.id!r}")
        for problem in row_problems(chip, trusted):
            raise file.error(("chips", index, problem.key), problem.text, problem.hint)
        chips[chip.id] = chip
    return str(content.version or ""), chips


def _keys(location: Location) -> list[str]:
    return [key for key in keys_at(_File, location) if key != "origin"]
