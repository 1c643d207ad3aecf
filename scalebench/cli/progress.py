"""The one progress display: what jobs announce, as a bar on a terminal and as lines elsewhere, on stderr."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column
from rich.text import Text

from scalebench.execute.events import (
    Counted,
    Event,
    GivenUp,
    HeatStarted,
    Listener,
    Note,
    PeaksStarted,
    QuestionsDecided,
    RoundEnded,
    RoundsPlanned,
    RoundStarted,
)
from scalebench.flags import is_bad
from scalebench.record import Record
from scalebench.suite.case import AXES, CLASSIFYING, TRAINING_STUDY
from scalebench.units import duration, seconds

_PERIOD_S = 10.0
"""Least time between two lines about counting."""
_LABELS = 3
"""Cases that a line names; the report has all that are missing."""
_USUAL = {AXES[name].default for name in ("precision", "runtime", "device")}
"""Words of a label that distinguish few cases: the first to go where the terminal is narrow."""


@contextmanager
def show_progress() -> Iterator[Listener]:
    """Listener that draws a bar on a terminal, and prints a line per round elsewhere; both on stderr."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines(console).hear
        return
    with progress_bar(console) as bar:
        yield RoundsBar(bar).hear


def progress_bar(console: Console) -> Progress:
    """Columns of the display; only the name gives way where the terminal is narrow."""
    return Progress(
        _NameColumn(), BarColumn(max(1, min(24, console.width // 4 - 12)), table_column=Column(no_wrap=True)),
        MofNCompleteColumn(table_column=Column(no_wrap=True)), TimeElapsedColumn(table_column=Column(no_wrap=True)),
        TextColumn("{task.fields[left]}", markup=False), console=console,
    )  # fmt: skip


class _NameColumn(ProgressColumn):
    """What is being done, as long as the other columns leave room for."""

    def render(self, task: Task) -> _Name:
        """Draw the name of a task."""
        return _Name(task.description, f" +{more}" if (more := task.fields.get("more", 0)) else "")


@dataclass(frozen=True)
class _Name:
    """A name that shortens itself; ``rest`` stays whole behind it."""

    text: str
    rest: str

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(1, len(self.text + self.rest)).with_maximum(options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        yield Text(shortened(self.text, options.max_width - len(self.rest)) + self.rest)


def shortened(label: str, width: int) -> str:
    """A label in ``width`` columns: without its usual words, then cut in the middle, so model and batch remain."""
    if len(label) <= width:
        return label
    text = " ".join(word for word in label.split() if word.rstrip(",") not in _USUAL)
    if len(text) <= width:
        return text
    tail = max(width, 0) * 3 // 5  # resolution and batch are there
    return f"{text[: max(width - 1 - tail, 0)]}…{text[len(text) - tail :]}"


class RoundsBar:
    """Draws events: counting while it lasts, then one task for all rounds."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._counting: dict[str, TaskID] = {}
        self._rounds: TaskID | None = None

    def hear(self, event: Event) -> None:
        """Draw one event."""
        if isinstance(event, Counted):
            self._count(event)
        elif isinstance(event, RoundStarted):
            self._update(event.case.label, event.done, event.total)
        elif isinstance(event, HeatStarted):
            self._update(event.cases[0].label, event.done, event.total, more=len(event.cases) - 1)
        elif isinstance(event, RoundEnded):
            self._update(None, event.done, event.total, _left(event))
            if event.record.outcome != "ok":
                self._print(_result(event.record))
        else:
            self._print(_text(event))
            if isinstance(event, GivenUp) and self._rounds is not None:
                self._bar.update(self._rounds, left="")

    def _count(self, event: Counted) -> None:
        task = self._counting.get(event.what)
        if task is None and event.done < event.total:
            self._counting[event.what] = self._bar.add_task(
                event.what, total=event.total, completed=event.done, left=""
            )
        elif task is not None:
            self._bar.update(task, completed=event.done)
            if event.done >= event.total:
                self._bar.remove_task(self._counting.pop(event.what))

    def _update(self, label: str | None, done: int, total: int, left: str = "", more: int = 0) -> None:
        if self._rounds is None:
            self._rounds = self._bar.add_task("", total=total, left="")
        changed: dict[str, Any] = {} if label is None else {"description": label, "more": more}
        if left:
            changed["left"] = left
        self._bar.update(self._rounds, completed=done, total=total, **changed)

    def _print(self, text: str) -> None:
        self._bar.console.print(text, highlight=False, markup=False, soft_wrap=True)


class Lines:
    """Prints a line per round, and one now and then while models are counted or matched."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._counted: tuple[str, float] = ("", 0.0)  # what is counted, and when its last line was due

    def hear(self, event: Event) -> None:
        """Print one event, if it is worth a line."""
        if isinstance(event, (RoundStarted, HeatStarted)) or (isinstance(event, Counted) and not self._is_due(event)):
            return
        text = _text(event)
        if isinstance(event, RoundEnded):
            left = _left(event)
            text = f"[{event.done}/{event.total}] {_result(event.record)}{left and f', {left}'}"
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def _is_due(self, event: Counted) -> bool:
        what, last = self._counted
        now = self._clock()
        due = what == event.what and now - last >= _PERIOD_S
        if due or what != event.what:
            self._counted = event.what, now
        return due


def _text(event: Event) -> str:
    """An event that is printed above the bar, in words."""
    if isinstance(event, Note):
        return event.text
    if isinstance(event, Counted):
        return f"{event.what}: {event.done} of {event.total}"
    if isinstance(event, RoundsPlanned):
        return (
            f"{event.suite}: at least {event.rounds} rounds of {event.cases} cases on {', '.join(event.machines)}, "
            f"about {duration(event.seconds)}"
        )
    if isinstance(event, PeaksStarted):
        where = f"{event.device} with {event.threads} threads"
        return f"no peaks of {where}: {event.why}" if event.why else f"measuring the peaks of {where}, once a week"
    if isinstance(event, QuestionsDecided):
        return _decided(event)
    if isinstance(event, GivenUp):
        labels = [case.label for case in event.cases]
        more = f" and {len(labels) - _LABELS} more" if len(labels) > _LABELS else ""
        return (
            f"no more rounds within {duration(event.seconds)} for {len(labels)} cases: "
            f"{', '.join(labels[:_LABELS])}{more}"
        )
    return ""


def _decided(event: QuestionsDecided) -> str:
    total = event.different + event.equal + event.open
    widest = f"; widest: {', '.join(event.widest)}" if event.widest else ""
    return (
        f"{event.different + event.equal} of {total} comparisons decided ({event.different} different, {event.equal} "
        f"equal), {event.open} open{widest}"
    )


def _left(event: RoundEnded) -> str:
    if event.left_s is None:
        return ""
    return f"{duration(event.left_s)} left" if event.left_s else "extra rounds"


def _result(record: Record) -> str:
    if record.outcome != "ok":
        return f"{record.case.label}: {record.ending}: {(record.error or {}).get('message', '')}"
    if record.case.mode == TRAINING_STUDY:
        return f"{record.case.label}, seed {record.round}: {100 * record.facts['validation']:.1f} % in validation"
    if record.case.mode in CLASSIFYING:
        return f"{record.case.label}: top-1 {100 * record.facts['top1']:.1f} % of {record.facts['images']} images"
    doubts = "; ".join(note for note in record.notes if is_bad([note]))
    consequence = "counts, because its whole heat shares it" if record.heat else "doubtful"
    return f"{record.case.label}: {seconds(record.facts['latency_s'])}{doubts and f' ({doubts}: {consequence})'}"
