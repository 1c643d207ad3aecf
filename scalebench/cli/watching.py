"""Progress of a run: what is measured now, how much is done, how long it will take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from scalebench.execute.estimate import Costs
from scalebench.execute.events import Event, GivenUp, Listener, PeaksStarted, RoundEnded, RoundStarted
from scalebench.execute.planner import Prepared
from scalebench.execute.schedule import Wish
from scalebench.flags import is_bad
from scalebench.record import Record
from scalebench.suite.case import Case
from scalebench.units import duration, seconds


@contextmanager
def watch(prepared: Prepared, wishes: Mapping[Case, Wish], costs: Costs) -> Iterator[Listener]:
    """Listener that draws a bar on a terminal, and prints a line per round elsewhere; both on stderr.

    Args:
        prepared: names the suite and its machines.
        wishes: what is still to do.
        costs: expected seconds of a round, learning as the run goes on.
    """
    console = Console(stderr=True)
    if not wishes:
        yield lambda _: None
        return
    rounds = sum(wish.rounds for wish in wishes.values())
    expected = sum(wish.rounds * costs.of(case) for case, wish in wishes.items())
    names = ", ".join(machine.machine for machine in prepared.machines.values())
    console.print(
        f"{prepared.plan.suite}: at least {rounds} rounds of {len(wishes)} cases on {names}, "
        f"about {duration(expected)}",
        highlight=False,
        soft_wrap=True,
    )
    remaining = _Remaining(wishes, costs)
    if not console.is_terminal:
        yield lambda event: _line(console, event, remaining)
        return
    columns = (
        TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), MofNCompleteColumn(),
        TimeElapsedColumn(), TextColumn("{task.fields[left]}"),
    )  # fmt: skip
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("starting", total=rounds, left="")
        yield lambda event: _draw(bar, task, event, remaining)


class _Remaining:
    """Seconds left to the least number of rounds, from what rounds have cost so far."""

    def __init__(self, wishes: Mapping[Case, Wish], costs: Costs) -> None:
        self._rounds = {case: wish.rounds for case, wish in wishes.items()}
        self._costs = costs

    def ended(self, record: Record) -> None:
        left = self._rounds.get(record.case, 0) - 1
        self._rounds[record.case] = max(0, left) if record.outcome == "ok" else 0

    def given_up(self, cases: Sequence[Case]) -> None:
        for case in cases:
            self._rounds[case] = 0

    @property
    def seconds(self) -> float:
        return sum(rounds * self._costs.of(case) for case, rounds in self._rounds.items() if rounds)


def _draw(bar: Progress, task: TaskID, event: Event, remaining: _Remaining) -> None:
    if isinstance(event, RoundStarted):
        bar.update(task, description=event.case.label, completed=event.done, total=event.total)
    elif isinstance(event, RoundEnded):
        remaining.ended(event.record)
        left = f"{duration(remaining.seconds)} left" if remaining.seconds else "extra rounds"
        bar.update(task, completed=event.done, total=event.total, left=left)
        if event.record.outcome != "ok":
            bar.console.print(escape(_result(event.record)), highlight=False)
    elif isinstance(event, GivenUp):
        remaining.given_up(event.cases)
        bar.console.print(escape(_given_up(event)), highlight=False)
    else:
        bar.update(task, description=_peaks(event))


def _line(console: Console, event: Event, remaining: _Remaining) -> None:
    if isinstance(event, RoundEnded):
        remaining.ended(event.record)
        left = f"{duration(remaining.seconds)} left" if remaining.seconds else "extra rounds"
        text = f"[{event.done}/{event.total}] {_result(event.record)}, {left}"
        console.print(text, highlight=False, markup=False, soft_wrap=True)
    elif isinstance(event, GivenUp):
        remaining.given_up(event.cases)
        console.print(_given_up(event), highlight=False, markup=False, soft_wrap=True)
    elif isinstance(event, PeaksStarted):
        console.print(_peaks(event), highlight=False, markup=False, soft_wrap=True)


def _peaks(event: PeaksStarted) -> str:
    where = f"{event.device} with {event.threads} threads"
    return f"no peaks of {where}: {event.why}" if event.why else f"measuring the peaks of {where}, once a week"


def _given_up(event: GivenUp) -> str:
    return (
        f"no more rounds within {duration(event.seconds)} for {len(event.cases)} cases: "
        f"{', '.join(case.label for case in event.cases)}"
    )


def _result(record: Record) -> str:
    if record.outcome != "ok":
        return f"{record.case.label}: {record.ending}: {(record.error or {}).get('message', '')}"
    doubt = "" if not is_bad(record.notes) else f" ({'; '.join(n for n in record.notes if is_bad([n]))}: doubtful)"
    return f"{record.case.label}: {seconds(record.facts['latency_s'])}{doubt}"
