"""Progress of a run: what is measured now, how much is done, how long it will take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from scalebench.execute.estimate import round_seconds
from scalebench.execute.events import Event, Listener, RoundEnded, RoundStarted
from scalebench.execute.planner import Prepared
from scalebench.execute.schedule import Round
from scalebench.record import Record
from scalebench.suite.case import Case
from scalebench.units import duration, seconds


@contextmanager
def watch(prepared: Prepared, rounds: Sequence[Round]) -> Iterator[Listener]:
    """Listener that draws a bar on a terminal, and prints a line per round elsewhere; both on stderr."""
    console = Console(stderr=True)
    remaining = _Remaining(prepared, rounds)
    if not rounds:
        yield lambda _: None
        return
    names = ", ".join(machine.machine for machine in prepared.machines.values())
    console.print(
        f"{prepared.plan.suite}: {len(rounds)} rounds on {names}, about {duration(remaining.seconds)}",
        highlight=False,
    )
    if not console.is_terminal:
        yield lambda event: _line(console, event, remaining)
        return
    columns = (
        TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), MofNCompleteColumn(),
        TimeElapsedColumn(), TextColumn("{task.fields[left]}"),
    )  # fmt: skip
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("starting", total=len(rounds), left="")
        yield lambda event: _draw(bar, task, event, remaining)


class _Remaining:
    """Seconds left: the plan's estimate of what is still to do, corrected by how it did so far."""

    def __init__(self, prepared: Prepared, rounds: Sequence[Round]) -> None:
        self._expected = {case: round_seconds(case, prepared.facts[case.counted()]["macs"]) for case, _ in rounds}
        self.seconds = sum(self._expected[case] for case, _ in rounds)
        self._spent = self._expected_of_done = 0.0

    def finished(self, case: Case, wall_s: float) -> None:
        self._spent += wall_s
        self._expected_of_done += self._expected[case]

    @property
    def left(self) -> float:
        pace = self._spent / self._expected_of_done if self._expected_of_done else 1.0
        return max(0.0, self.seconds - self._expected_of_done) * pace


def _draw(bar: Progress, task: TaskID, event: Event, remaining: _Remaining) -> None:
    if isinstance(event, RoundStarted):
        bar.update(task, description=event.case.label, completed=event.done, total=event.total)
        return
    remaining.finished(event.record.case, event.record.wall_s)
    bar.update(task, completed=event.done, total=event.total, left=f"{duration(remaining.left)} left")
    if event.record.outcome != "ok":
        bar.console.print(escape(_result(event.record)), highlight=False)


def _line(console: Console, event: Event, remaining: _Remaining) -> None:
    if isinstance(event, RoundEnded):
        remaining.finished(event.record.case, event.record.wall_s)
        text = f"[{event.done}/{event.total}] {_result(event.record)}, {duration(remaining.left)} left"
        console.print(text, highlight=False, markup=False, soft_wrap=True)


def _result(record: Record) -> str:
    if record.outcome == "ok":
        return f"{record.case.label}: {seconds(record.facts['latency_s'])}"
    return f"{record.case.label}: {record.outcome}: {(record.error or {}).get('message', '')}"
