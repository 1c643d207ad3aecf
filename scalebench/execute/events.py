"""Measuring announces, printers and progress bars listen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scalebench.record import Record
from scalebench.suite.case import Case


@dataclass(frozen=True)
class PeaksStarted:
    """The machine's peaks are measured, once a week; ``why`` says, after a failure, that there are none."""

    device: str
    threads: int
    why: str = ""


@dataclass(frozen=True)
class RoundStarted:
    """A round begins.

    Attributes:
        case: what is measured now.
        done, total: rounds finished, and rounds this run is expected to make.
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


@dataclass(frozen=True)
class GivenUp:
    """Cases that get no more rounds, because they do not fit into the time.

    Attributes:
        cases: the dearest ones.
        seconds: the time this run was given.
    """

    cases: tuple[Case, ...]
    seconds: float


Event = PeaksStarted | RoundStarted | RoundEnded | GivenUp
Listener = Callable[[Event], None]
