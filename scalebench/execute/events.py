"""Measuring announces, printers and progress bars listen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scalebench.record import Record
from scalebench.suite.case import Case


@dataclass(frozen=True)
class RoundStarted:
    """A round begins.

    Attributes:
        case: what is measured now.
        done, total: rounds finished, and rounds this run will make.
    """

    case: Case
    done: int
    total: int


@dataclass(frozen=True)
class RoundEnded:
    """A round has ended and its record is stored."""

    record: Record
    done: int
    total: int


Event = RoundStarted | RoundEnded
Listener = Callable[[Event], None]
