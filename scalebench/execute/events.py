"""What jobs announce while they work; progress bars, logs and notebooks listen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scalebench.record import Record
from scalebench.suite.case import Case


@dataclass(frozen=True)
class Note:
    """Something a person should know, beside the result."""

    text: str


@dataclass(frozen=True)
class Counted:
    """``done`` of ``total`` steps of work that measures nothing: ``what`` is "counting" or "matching compute"."""

    what: str
    done: int
    total: int


@dataclass(frozen=True)
class RoundsPlanned:
    """Measuring begins.

    Attributes:
        suite: its name.
        rounds, cases: at least so many rounds, of so many cases.
        machines: names.
        seconds: expected wall time.
    """

    suite: str
    rounds: int
    cases: int
    machines: tuple[str, ...]
    seconds: float


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
class HeatStarted:
    """A heat begins; ``cases`` take turns, the rest as in ``RoundStarted``."""

    cases: tuple[Case, ...]
    done: int
    total: int


@dataclass(frozen=True)
class QuestionsDecided:
    """How many comparisons of the suite are decided.

    Attributes:
        different, equal, open: numbers of comparisons.
        widest: names the open ones with the widest intervals, widest first.
    """

    different: int
    equal: int
    open: int
    widest: tuple[str, ...] = ()


@dataclass(frozen=True)
class RoundEnded:
    """A round has ended and its record is stored; ``left_s`` is the expected time to the last planned one, seconds."""

    record: Record
    done: int
    total: int
    left_s: float | None = None


@dataclass(frozen=True)
class GivenUp:
    """Cases that get no more rounds, because they do not fit into the time.

    Attributes:
        cases: the dearest ones.
        seconds: the time this run was given.
    """

    cases: tuple[Case, ...]
    seconds: float


Event = (
    Note | Counted | PeaksStarted | RoundsPlanned | RoundStarted | HeatStarted | QuestionsDecided | RoundEnded | GivenUp
)
Listener = Callable[[Event], None]


def silent(_: Event) -> None:
    """Listen to nothing."""
