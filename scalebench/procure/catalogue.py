"""The hardware catalogue: the shipped rows, and a user's own beside them; refusals name file, line and key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from scalebench.errors import CatalogueError, UnknownNameError, did_you_mean
from scalebench.procure.chip import SHIPPED, Chip, ChipSource
from scalebench.procure.chiprules import objections
from scalebench.suite.located import Located, Location, parse_yaml, read_text
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
    """Rows by id, in the order of the file.

    Args:
        path: a user's own rows; one that has the id of a shipped row takes its place.

    Raises:
        CatalogueError: with file, line and key; a row that the rules of ``chiprules`` object to is refused.
    """
    shipped = dict(_shipped()[1])
    if path is None:
        return shipped
    source = parse_yaml(str(path), read_text(path, CatalogueError), dict, CatalogueError)
    return {**shipped, **_read(source, shipped, str(path))[1]}


def select_chips(patterns: Sequence[str], known: Mapping[str, Chip]) -> tuple[Chip, ...]:
    """Rows by id or glob, in the order of the catalogue; all where none is named.

    Raises:
        UnknownNameError: an id that is not there.
    """
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            hint = did_you_mean(pattern, known) or "scalebench hardware lists them"
            raise UnknownNameError(f"no row of the catalogue fits {pattern!r}", hint)
    return tuple(
        chip for name, chip in known.items() if not patterns or any(fnmatchcase(name, one) for one in patterns)
    )


def _read(file: Located, trusted: Mapping[str, Chip], origin: str) -> tuple[str, dict[str, Chip]]:
    try:
        content = _File.model_validate(file.plain())
    except ValidationError as error:
        raise file.explain(error, _known_keys) from None
    found: dict[str, Chip] = {}
    for index, row in enumerate(content.chips):
        chip = row.model_copy(update={"origin": origin})
        if chip.id in found:
            raise file.error(("chips", index, "id"), f"{chip.id!r} is there twice")
        for objection in objections(chip, trusted):
            raise file.error(("chips", index, objection.key), objection.text, objection.hint)
        found[chip.id] = chip
    return str(content.version or ""), found


def _known_keys(loc: Location) -> list[str]:
    if loc[:1] == ("sources",) or "sources" in loc[2:-1]:
        return list(ChipSource.model_fields)
    model: type[BaseModel] = Chip if loc[:1] == ("chips",) else _File
    return [field.alias or name for name, field in model.model_fields.items() if name != "origin"]
