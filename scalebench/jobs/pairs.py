"""A and B measured by turns within one run: two models, or one under two settings or interpreters."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from scalebench.analysis.compare.comparison import Comparison
from scalebench.analysis.compare.paired import compare_paired, compare_screened, decided, suspicious, wants_more
from scalebench.errors import MachineError, SuiteError, WorkerError
from scalebench.execute.abba import Duel, PairCallbacks, RoundRunner, describe, run_pairs
from scalebench.execute.client import Worker
from scalebench.execute.events import Listener, silent
from scalebench.jobs.named_cases import base_case, open_bench, open_results, resolve_cases
from scalebench.record import Record
from scalebench.suite.case import Case

SCREENING_ROUNDS = 4
HEATS, PAIRS = 20, 10
"""Usual numbers: at most so many heats of a duel, whose decision may end it earlier; pairs of separate rounds."""


@dataclass(frozen=True)
class PairOptions:
    """What is compared, and how.

    Attributes:
        names: ``MODEL[@RES]``: A and B. Where ``python``, ``batch_b`` or ``threads_b`` define B (None: as A), any
            number of models, each measured as A and as B.
        rounds: most heats, or pairs of separate rounds, per case; None is the usual number.
        screen: measure ``SCREENING_ROUNDS`` pairs of every case, then fresh pairs only where A and B look different.
        metrics: names of measured metrics.
        margin: relative difference that does not matter.

    Raises:
        SuiteError: A and B do not differ, or there are more than two models and nothing says what B is.
    """

    names: Sequence[str]
    python: str | None = None
    batch: int = 1
    batch_b: int | None = None
    threads: int | None = None
    threads_b: int | None = None
    device: str = "auto"
    protocol: str = "standard"
    rounds: int | None = None
    screen: bool = False
    metrics: tuple[str, ...] = ("latency_s",)
    margin: float = 0.03
    folder: Path = Path("results/ab")
    seed: int = 0

    def __post_init__(self) -> None:
        if self.both_ways or (len(self.names) == 2 and self.names[0] != self.names[1]):
            return
        if len(self.names) > 2:
            message = f"{len(self.names)} models and nothing that differs"
            raise SuiteError(message, "name two; or say what B is: --python PATH")
        raise SuiteError(
            "A and B are the same", "name two models, or say what B is: --python PATH, --threads-b N, --batch-b N; "
            "scalebench aa measures how much two runs of the same case differ",
        )  # fmt: skip

    @property
    def both_ways(self) -> bool:
        """Whether every model is measured as A and as B."""
        return self.python is not None or self.batch_b is not None or self.threads_b is not None


@dataclass(frozen=True)
class MeasuredPairs:
    """The comparison, the file that holds its rounds, and whether A and B took turns in heats."""

    comparison: Comparison
    file: Path
    by_turns: bool


def compare_pairs(options: PairOptions, announce: Listener = silent) -> MeasuredPairs:
    """Measure A and B and compare them; ``announce`` hears of counting and rounds.

    On the CPU and under one interpreter they take turns in heats; otherwise rounds follow each other in ABBA order.

    Raises:
        SuiteError: both names mean the same case.
        MachineError: another run holds the machine's lock, or the interpreter of B cannot be started.
        WorkerError: the interpreter of B has no scalebench, or another version of it.
    """
    python = None if options.python is None else find_interpreter(options.python)
    with open_bench("ab", options.device, announce) as (device, bench), ExitStack() as stack:
        base = base_case(device, options.batch, options.threads, options.protocol)
        duels = duels_of(resolve_cases(options.names, base, bench.warm, announce), options)
        bench_b = bench if python is None else other_bench(stack, python, options.device, bench)
        benches = replace(bench, suite="ab-a"), replace(bench_b, suite="ab-b")
        cases = [case for duel in duels for case in duel]
        title = "A/B: " + ", ".join(dict.fromkeys(case.label for case in cases))
        writer = open_results(options.folder, bench, title, cases, rounds_of(duels, options))
        comparison = measure_and_compare(duels, benches, options, writer.append, announce)
        return MeasuredPairs(comparison, writer.path, by_turns=all(case.by_turns for case in cases))


def duels_of(cases: Sequence[Case], options: PairOptions) -> list[tuple[Case, Case]]:
    """(A, B) for each case measured both ways; otherwise the two cases are A and B. SuiteError where these are one."""
    if options.python is not None:  # one server forks the members of a heat
        cases = [replace(case, protocol=case.protocol.alone()) for case in cases]
    if options.both_ways:
        return [
            (a, replace(a, batch=options.batch_b or a.batch, threads=options.threads_b or a.threads)) for a in cases
        ]
    if len(cases) != 2:
        raise SuiteError(f"A and B are the same: {cases[0].label}", "name two different models or resolutions")
    return [(cases[0], cases[1])]


def rounds_of(duels: Sequence[tuple[Case, Case]], options: PairOptions) -> int:
    """Most heats or pairs of a duel: as the options say, else the usual number."""
    return options.rounds or (HEATS if all(case.by_turns for duel in duels for case in duel) else PAIRS)


def find_interpreter(python: str) -> str:
    """Absolute path of an interpreter, links not resolved: a virtual environment's interpreter is one.

    Raises:
        MachineError: there is no such program.
    """
    path = shutil.which(python)
    if path is None:
        raise MachineError(f"{python} is not a program that can be started", "--python takes a path: venv/bin/python")
    return str(Path(path).absolute())


def other_bench(stack: ExitStack, python: str, device: str, bench: RoundRunner) -> RoundRunner:
    """A bench under another interpreter, which must have the same scalebench as that of ``bench``.

    Raises:
        WorkerError: it has no scalebench, or another version of it.
    """
    warm = stack.enter_context(Worker(python=python))
    try:
        _, environment = describe(warm, device)
    except WorkerError as error:
        raise WorkerError(f"{python}: {error.message}", "install scalebench for that interpreter") from None
    ours, theirs = (software.get("scalebench") for software in (bench.environment.software, environment.software))
    if ours != theirs:
        raise WorkerError(
            f"{python} has scalebench {theirs}, this is {ours}",
            "install the same version there: two versions may not time rounds alike",
        )
    return replace(
        bench, environment=environment, warm=warm, fresh=stack.enter_context(Worker(fork=False, python=python))
    )


def measure_and_compare(
    duels: Sequence[tuple[Case, Case]],
    benches: tuple[RoundRunner, RoundRunner],
    options: PairOptions,
    sink: Callable[[Record], None],
    announce: Listener,
) -> Comparison:
    """Measure every duel (A, B); after a screening, only fresh pairs decide about those that looked different in it."""

    rounds, metrics, margin = rounds_of(duels, options), options.metrics, options.margin

    def another(pairs: Duel) -> bool:
        return wants_more(pairs, rounds) and not decided(pairs, metrics, margin, rounds)

    def measure(
        duels: Sequence[tuple[Case, Case]], benches: tuple[RoundRunner, RoundRunner], needs_pair: Callable[[Duel], bool]
    ) -> list[Duel]:
        return run_pairs(duels, rounds, PairCallbacks(benches, needs_pair, sink, announce), options.seed)

    if not options.screen:
        return compare_paired(measure(duels, benches, another), metrics, margin, rounds)
    a, b = (replace(bench, suite=f"{bench.suite}-screen") for bench in benches)
    screening = measure(duels, (a, b), lambda pairs: wants_more(pairs, SCREENING_ROUNDS))
    repeated = [index for index, pairs in enumerate(screening) if suspicious(pairs, metrics)]
    fresh = measure([duels[index] for index in repeated], benches, another)
    return compare_screened(screening, dict(zip(repeated, fresh, strict=True)), metrics, margin, rounds)
