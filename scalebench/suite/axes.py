"""Axis of a case: how one of its settings is offered in suite files and written in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Axis:
    """One setting of a run; a row stands with its field in ``Case``.

    Attributes:
        heading: in tables and in the explorer.
        words: the value in words, empty where they would only say what is usual.
        values: that a suite may list: words, ``int`` for any positive number, ``bool``; None where no grid has it.
        searches: words that stand for a number to be searched.
        description: for the JSON Schema of suites.
        key: whether it is a column of the configuration key; the others are columns together, as ``setting``.
        added: whether older records lack it, so that its default is no part of the case's key.
        modes: the only modes that have it; empty for all. In other modes it has its default.
        default: in ``Case``.
        listed: in a suite's grid where none is given.
    """

    heading: str
    words: Callable[[Any], str]
    values: type[int | bool] | tuple[str, ...] | None
    description: str | None
    key: bool
    added: bool
    modes: tuple[str, ...]
    default: Any
    listed: Any
    searches: tuple[str, ...] = ()


def axis(
    default: Any,
    heading: str,
    words: Callable[[Any], str],
    values: type[int | bool] | tuple[str, ...] | None = None,
    *,
    description: str | None = None,
    key: bool = False,
    added: bool = False,
    modes: tuple[str, ...] = (),
    listed: Any = None,
    searches: tuple[str, ...] = (),
) -> Any:
    """Field of ``Case`` with its row; see ``Axis``."""
    listed = default if listed is None else listed
    row = Axis(heading, words, values, description, key, added, modes, default, listed, searches)
    return field(default=default, metadata={"axis": row})


def unless(usual: str) -> Callable[[str], str]:
    """Words of an axis that is only mentioned where it has another value than usual."""
    return lambda value: "" if value == usual else value


def number_of(noun: str, least: int = 1) -> Callable[[int], str]:
    """Words of a count, ``2 threads``; empty below ``least`` and where there is none."""
    return lambda count: "" if not count or count < least else f"{count} {noun}" if count == 1 else f"{count} {noun}s"
