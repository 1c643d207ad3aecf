"""scalebench ab: two cases, or one under two interpreters, side by side in one run."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from scalebench.cli.arguments import Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scalebench.analysis.compare.comparison import Comparison
    from scalebench.analysis.compare.paired import Duel
    from scalebench.execute.abba import Bench
    from scalebench.execute.events import Listener
    from scalebench.record import Record
    from scalebench.suite.case import Case

SCREENING = 4
"""Pairs that every case gets with --screen."""


def ab(
    names: list[str] = typer.Argument(metavar="MODEL[@RES]...", help="A and B; or any number of models, both ways."),
    python: str | None = typer.Option(None, metavar="PATH", help="Interpreter of B; it has to have scalebench too."),
    batch: int = typer.Option(1, min=1, help="Images per forward pass."),
    batch_b: int | None = typer.Option(None, min=1, help="The same for B."),
    threads: int | None = typer.Option(None, min=1, help="Threads on the CPU; default all cores."),
    threads_b: int | None = typer.Option(None, min=1, help="The same for B."),
    device: str = typer.Option("auto", help="auto, cpu or cuda:N."),
    protocol: Timing = typer.Option(Timing.standard, help="How a round is timed."),
    rounds: int = typer.Option(10, min=2, help="Pairs of rounds."),
    screen: bool = typer.Option(False, "--screen", help="Four pairs of each case, then fresh ones where they differ."),
    metric: list[str] = typer.Option(["latency_s"], help="latency_s, throughput_ips, memory_bytes; may be repeated."),
    margin: float = typer.Option(3.0, min=0, help="Difference that does not matter, percent."),
    out: Path = typer.Option(Path("results/ab"), help="Folder of the result file."),
    seed: int = typer.Option(0, help="Seed of the order."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
    markdown: bool = typer.Option(False, "--markdown", help="Print a block for a pull request."),
) -> None:
    """Measure A and B in turns (ABBA) and compare them.

    Two models are A and B. With --python, --batch-b or --threads-b each model named is measured both ways. Exit code
    0: B is not slower; 1: it is, in at least one case after Holm's correction; 2: no answer.
    """
    from scalebench.cli.compare import exit_code, measured_metrics, output_format, print_comparison
    from scalebench.cli.side_by_side import cases_of, plan_of, starting_case, watch, writer_of
    from scalebench.execute.abba import Bench, describe
    from scalebench.execute.client import Worker
    from scalebench.execute.lock import machine_lock
    from scalebench.report.comparison_text import places

    as_, metrics = output_format(json_, markdown), measured_metrics(metric)
    changed = {key: value for key, value in (("batch", batch_b), ("threads", threads_b)) if value is not None}
    check_sides(names, changed, python)
    interpreter = None if python is None else find_interpreter(python)
    with machine_lock(), ExitStack() as stack:
        warm = stack.enter_context(Worker())
        where, environment = describe(warm, device)
        like = starting_case(where, batch, threads, protocol.value)
        duels = duels_of(cases_of(names, like, warm), changed, both_ways=bool(changed or interpreter))
        a = Bench("ab-a", environment, warm, stack.enter_context(Worker(fork=False)))
        b = replace(a, suite="ab-b")
        if interpreter is not None:
            b = other_bench(stack, interpreter, device, a)
        title = "A/B: " + ", ".join(dict.fromkeys(x.label for duel in duels for x in duel))
        plan = plan_of("ab", title, [x for duel in duels for x in duel], rounds, environment.hw_key)
        writer = writer_of(out, plan, environment.machine)
        request = Request(metrics, margin / 100, rounds, seed)
        with watch() as listen:
            found = (screened if screen else decided)(duels, (a, b), request, writer.append, listen)
    notes = [
        "ratios are B / A: geometric means over pairs of rounds, measured in turns within one run, with a 95 % "
        "t-interval; check: median of the pairs with the sign test's interval",
        *places(found),
        f"records: {writer.path}",
    ]
    print_comparison(found, notes, as_, {"file": str(writer.path)})
    raise typer.Exit(exit_code(found))


@dataclass(frozen=True)
class Request:
    """What ``ab`` was asked: metrics, margin (relative), pairs of rounds, seed."""

    metrics: tuple[str, ...]
    margin: float
    rounds: int
    seed: int = 0


def decided(
    duels: Sequence[tuple[Case, Case]],
    benches: tuple[Bench, Bench],
    request: Request,
    sink: Callable[[Record], None],
    listen: Listener,
) -> Comparison:
    """Measure every duel in full."""
    from scalebench.analysis.compare.paired import compare_paired

    made = _pairs(duels, benches, request, sink, listen)
    return compare_paired(made, request.metrics, request.margin)


def screened(
    duels: Sequence[tuple[Case, Case]],
    benches: tuple[Bench, Bench],
    request: Request,
    sink: Callable[[Record], None],
    listen: Listener,
) -> Comparison:
    """Measure every duel four times, and those that look different afresh, which alone decides about them."""
    from scalebench.analysis.compare.paired import compare_screened, suspicious

    first_look = tuple(replace(bench, suite=f"{bench.suite}-screen") for bench in benches)
    first = _pairs(duels, (first_look[0], first_look[1]), replace(request, rounds=SCREENING), sink, listen)
    again = [index for index, duel in enumerate(first) if suspicious(duel, request.metrics)]
    fresh = _pairs([duels[index] for index in again], benches, request, sink, listen)
    return compare_screened(first, dict(zip(again, fresh, strict=True)), request.metrics, request.margin)


def _pairs(
    duels: Sequence[tuple[Case, Case]],
    benches: tuple[Bench, Bench],
    request: Request,
    sink: Callable[[Record], None],
    listen: Listener,
) -> Sequence[Duel]:
    from scalebench.analysis.compare.paired import wants_more
    from scalebench.execute.abba import PairCrew, run_pairs

    crew = PairCrew(benches, lambda duel: wants_more(duel, request.rounds), sink, listen)
    return run_pairs(duels, request.rounds, crew, request.seed)


def check_sides(names: Sequence[str], changed: dict[str, int], python: str | None) -> None:
    """Refuse what has no two sides, before anything is started.

    Raises:
        SuiteError: nothing differs, or three models without a difference.
    """
    from scalebench.errors import SuiteError

    if changed or python is not None or (len(names) == 2 and names[0] != names[1]):
        return
    if len(names) > 2:
        raise SuiteError(f"{len(names)} models and nothing that differs", "name two; or say what B is: --python PATH")
    raise SuiteError(
        "A and B are the same", "name two models, or say what B is: --python PATH, --threads-b N, --batch-b N; "
        "scalebench aa measures how much one and the same case differs",
    )  # fmt: skip


def duels_of(cases: Sequence[Case], changed: dict[str, int], both_ways: bool) -> list[tuple[Case, Case]]:
    """(A, B) for each case measured both ways, or the two cases as they are.

    Raises:
        SuiteError: two names of one case.
    """
    from scalebench.errors import SuiteError

    if both_ways:
        return [(case, replace(case, batch=changed.get("batch", case.batch),
                               threads=changed.get("threads", case.threads))) for case in cases]  # fmt: skip
    if len(cases) != 2:
        raise SuiteError(f"A and B are the same: {cases[0].label}", "name two different models or resolutions")
    return [(cases[0], cases[1])]


def find_interpreter(python: str) -> str:
    """Path of an interpreter, not resolved: a virtual environment's is a link.

    Raises:
        MachineError: it cannot be started.
    """
    import shutil

    from scalebench.errors import MachineError

    found = shutil.which(python)
    if found is None:
        raise MachineError(f"{python} is not a program that can be started", "--python takes a path: venv/bin/python")
    return str(Path(found).absolute())


def other_bench(stack: ExitStack, python: str, device: str, a: Bench) -> Bench:
    """The bench of B under its own interpreter.

    Raises:
        WorkerError: it has no scalebench, or another version of it.
    """
    from scalebench.errors import WorkerError
    from scalebench.execute.abba import Bench, describe
    from scalebench.execute.client import Worker

    warm = stack.enter_context(Worker(python=python))
    try:
        _, environment = describe(warm, device)
    except WorkerError as error:
        raise WorkerError(f"{python}: {error.message}", "install scalebench for that interpreter") from None
    ours, theirs = (found.software.get("scalebench") for found in (a.environment, environment))
    if ours != theirs:
        raise WorkerError(
            f"{python} has scalebench {theirs}, this is {ours}",
            "install the same version there: two versions may not time rounds alike",
        )
    return Bench("ab-b", environment, warm, stack.enter_context(Worker(fork=False, python=python)))
