"""What ab and aa have in common: cases from names, the benches they are measured on, result file and progress."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scalebench.cli.output import paper_progress
from scalebench.errors import BuildError
from scalebench.execute.client import Worker
from scalebench.execute.counting import Paper
from scalebench.execute.events import Event, Listener, RoundEnded, RoundStarted
from scalebench.execute.planner import catalogue, count_all
from scalebench.flags import is_bad
from scalebench.machine.environment import usable_cores
from scalebench.record import Record
from scalebench.store.jsonl import Writer
from scalebench.suite.case import Case
from scalebench.suite.expand import check_size, matching_variants, native
from scalebench.suite.model_facts import Spec
from scalebench.suite.protocol import PROTOCOLS
from scalebench.suite.suite_plan import Plan
from scalebench.suite.variant import parse_at
from scalebench.units import seconds


def starting_case(device: str, batch: int, threads: int | None, protocol: str) -> Case:
    """What all cases have in common; its model is nobody's yet."""
    return Case("", 0, batch, device=device, threads=threads or usable_cores(), protocol=PROTOCOLS[protocol])


def cases_of(names: Sequence[str], like: Case, worker: Worker) -> list[Case]:
    """A case for each ``MODEL`` or ``MODEL@RES``, run like ``like``; each model is counted, so that it can be built.

    Raises:
        UnknownNameError: no such model, or a resolution it cannot take.
        BuildError: a model whose forward pass fails on paper.
    """
    paper = Paper(worker)
    known = catalogue(paper)
    cases: dict[Case, None] = {}
    for text in names:
        named, resolution = parse_at(text)
        variant = matching_variants(named.name, known)[0]
        spec = Spec(variant, resolution or native(variant, known))
        check_size(spec, known)
        cases[replace(like, model=variant.name, resolution=spec.resolution)] = None
    with paper_progress() as progress:
        facts = count_all({case.counted(): () for case in cases}, paper, progress)
    for case, found in facts.items():
        if "error" in found:
            raise BuildError(f"{case.label}: {found['error']}", "the resolution may not suit the model")
    return list(cases)


def plan_of(suite: str, title: str, cases: Sequence[Case], rounds: int, hw_key: str) -> Plan:
    """Head of a result file that no suite file stands behind."""
    return Plan(suite, title, "", tuple(dict.fromkeys(cases)), (), (), (), rounds, machines=(hw_key,))


def writer_of(folder: Path, plan: Plan, machine: str) -> Writer:
    """Result file ``<utc>-<machine>.jsonl``; it appears with the first record."""
    now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%fZ")
    return Writer(folder / f"{now}-{machine}.jsonl", plan)


@contextmanager
def watch() -> Iterator[Listener]:
    """Listener that draws a bar on a terminal, and prints a line per round elsewhere; both on stderr."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda event: _line(console, event)
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def draw(event: Event) -> None:
            if isinstance(event, RoundStarted):
                bar.update(task, description=event.case.label, completed=event.done, total=event.total)
            elif isinstance(event, RoundEnded) and event.record.outcome != "ok":
                bar.console.print(escape(_result(event.record)), highlight=False)

        yield draw


def _line(console: Console, event: Event) -> None:
    if isinstance(event, RoundEnded):
        text = f"[{event.done}/{event.total}] {event.record.suite} {_result(event.record)}"
        console.print(text, highlight=False, markup=False, soft_wrap=True)


def _result(record: Record) -> str:
    if record.outcome == "ok":
        doubt = "; ".join(note for note in record.notes if is_bad([note]))
        return f"{record.case.label}: {seconds(record.facts['latency_s'])}{f' ({doubt})' if doubt else ''}"
    return f"{record.case.label}: {record.ending}: {(record.error or {}).get('message', '')}"
