"""What a load test does, one step after the other: service times, rule, simulation, load, gap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import typer

from scalebench.analysis.stats import Estimate
from scalebench.analysis.stopping import counted_rounds
from scalebench.cli.loading import load_all
from scalebench.cli.side_by_side import cases_of, plan_of, starting_case, watch, writer_of
from scalebench.errors import MachineError, StoreError, UnknownNameError, WorkerError, did_you_mean
from scalebench.execute.abba import Bench, describe, run_once
from scalebench.execute.client import Worker
from scalebench.execute.load_generator import Load, Run, Served, load_test
from scalebench.execute.lock import machine_lock
from scalebench.execute.offering import refusal
from scalebench.flags import is_bad
from scalebench.machine.environment import usable_cores
from scalebench.machine.validity import RUNNABLE
from scalebench.procure.formulas import samples_for
from scalebench.procure.gap import Gap, gap
from scalebench.procure.load_check import Rule, ServiceLevel, Tested, by_load, by_rule
from scalebench.procure.simulate import Curves, Search, Server, capacity_by_simulation
from scalebench.record import Environment, Record
from scalebench.store.jsonl import Writer
from scalebench.suite.case import Case
from scalebench.suite.offers import OFFERS
from scalebench.suite.protocol import Protocol
from scalebench.units import digits, seconds

SHARES = (0.5, 0.7, 0.8, 0.9, 1.0, 1.1)
"""Of the simulated capacity: the rates of the load test, where none are named."""
_ROUNDS = 3
_LARGEST = 64


@dataclass(frozen=True)
class Way:
    """What is served and how: the options of the command."""

    name: str
    runtime: str
    precision: str
    threads: int | None
    device: str
    batch: int | None
    delay_s: float


@dataclass(frozen=True)
class Outcome:
    """All that a load test came to; ``test`` and ``why`` are None where nothing was to be tested."""

    case: Case
    machine: str
    level: ServiceLevel
    server: Server
    rule: Rule
    simulated: Estimate
    test: Tested | None
    why: Gap | None
    notes: tuple[str, ...]
    file: Path | None


def run_loadtest(
    way: Way, level: ServiceLevel, load: Load, search: Search, from_: Sequence[Path], results: Path
) -> Outcome:
    """All of a load test.

    Args:
        way: what is served and how.
        level: service level.
        load: what is sent; without rates they follow from the simulation.
        search: effort of each simulation.
        from_: records with service times; without any they are measured.
        results: folder of the result file.

    Raises:
        ScalebenchError: it cannot be run, or a process of it ended early.
    """
    if way.runtime not in OFFERS:
        near = did_you_mean(way.runtime, OFFERS)
        raise UnknownNameError(f"no runtime {way.runtime!r}", near or f"there are {', '.join(OFFERS)}")
    with machine_lock(), ExitStack() as stack:
        warm, fresh = stack.enter_context(Worker()), stack.enter_context(Worker(fork=False))
        where, environment = describe(warm, way.device)
        case = _case(way, where, level, warm)
        bench = Bench("loadtest", environment, warm, fresh)
        sizes = _sizes(way.batch)
        title = f"Load test: {case.model}@{case.resolution}, {case.configuration}"
        plan = plan_of("loadtest", title, [replace(case, batch=size) for size in sizes], _ROUNDS, environment.hw_key)
        writer = writer_of(results, plan, environment.machine)
        made = stored_rounds(from_, case, environment) if from_ else _measured(case, way, level, bench, writer)
        curves = curves_of(made)
        rule = by_rule(curves, level, way.batch)
        cap = way.batch or rule.batch or min(curves)
        if cap not in curves:
            raise StoreError(f"the records hold no batch of {cap}", f"they hold {', '.join(map(str, sorted(curves)))}")
        server = Server({size: times for size, times in curves.items() if size <= cap}, cap, way.delay_s)
        simulated = capacity_by_simulation(server, level.slo_s, level.percentile, level.overhead_s, search)
        typer.echo(f"rule {digits(rule.images_per_s)}, simulation {digits(simulated.value)} images/s", err=True)
        notes = _notes(server, level, made)
        rates = load.rates or tuple(float(digits(share * simulated.value)) for share in SHARES if simulated.value)
        outcome = Outcome(case, environment.machine, level, server, rule, simulated, None, None, notes, None)
        if not rates:
            return replace(outcome, file=writer.path if writer.path.exists() else None)
        served = [replace(case, batch=size) for size in sorted(server.curves)]
        worker = warm if where == "cpu" else fresh
        runs: list[Run] = []
        load_test(worker, served, way.delay_s, replace(load, rates=rates), _keeper(runs, server, served, bench, writer))
        test = by_load(runs, level)
        why = gap(server, simulated, runs, test, level, search)
        return replace(outcome, test=test, why=why, notes=(*notes, *_doubts(test, runs, where)), file=writer.path)


def _case(way: Way, where: str, level: ServiceLevel, worker: Worker) -> Case:
    """The case of one image: enough passes over all rounds for the percentile.

    Raises:
        UnknownNameError: no such model.
        MachineError: nobody offers to run it like this here.
    """
    passes = -(-samples_for(level.percentile / 100) // _ROUNDS)
    like = starting_case(where, 1, way.threads, "quick")
    protocol = Protocol(
        rounds=_ROUNDS, warmup_s=0.3, warmup_max_s=3.0, chunk_s=0.4, chunk_max_s=60.0, min_iterations=passes
    )
    like = replace(like, runtime=way.runtime, precision=way.precision, protocol=protocol)
    (case,) = cases_of([way.name], like, worker)
    why = refusal(case)
    if why is not None:
        raise MachineError(f"{case.label}: {why[1]}")
    return case


def _sizes(largest: int | None) -> list[int]:
    """1, 2, 4... up to the largest batch, which is always one of them."""
    top = largest or _LARGEST
    return sorted({top, *(1 << power for power in range(top.bit_length()))})


def stored_rounds(paths: Iterable[Path], case: Case, environment: Environment) -> list[Record]:
    """Rounds of every batch of the model from records of this machine, run this way.

    Raises:
        StoreError: there are none that ended well.
    """
    found = load_all([str(path) for path in paths])
    alike = [
        record
        for record in found.records
        if record.environment.machine == environment.machine
        and replace(record.case, batch=case.batch, protocol=case.protocol) == case
        and record.outcome == "ok"
    ]
    if not alike:
        others = sorted({r.case.label for r in found.records if r.case.model == case.model})[:3]
        hint = f"of this model they hold {'; '.join(others)}" if others else "they hold nothing of this model"
        raise StoreError(f"no records of {case.label}, {case.threads} threads, on {environment.machine}", hint)
    return alike


def curves_of(records: Iterable[Record]) -> Curves:
    """Service times of the rounds that count, by batch; of all that ended well where every one of them is doubtful."""
    by_case: defaultdict[Case, list[Record]] = defaultdict(list)
    for record in records:
        by_case[record.case].append(record)
    curves: defaultdict[int, list[float]] = defaultdict(list)
    for case, rounds in by_case.items():
        for record in counted_rounds(rounds) or [one for one in rounds if one.outcome == "ok"]:
            curves[case.batch] += record.samples["latency_s"]
    return dict(curves)


def _measured(case: Case, way: Way, level: ServiceLevel, bench: Bench, writer: Writer) -> list[Record]:
    """Measure batch by batch; where no largest is named, up to the first whose double time is past the level.

    Raises:
        WorkerError: a batch that is needed cannot be run.
    """
    records: list[Record] = []
    with watch() as listen:
        for size in _sizes(way.batch):
            sized = replace(case, batch=size)
            made = run_once([sized], _ROUNDS, bench, writer.append, listen)
            records += made
            if not curves_of(made):
                if way.batch or size == 1:
                    raise WorkerError(f"{sized.label}: {(made[-1].error or {}).get('message', made[-1].ending)}")
                break
            if not way.batch and not by_rule(curves_of(made), level).batch:
                break
    return records


def _keeper(
    runs: list[Run], server: Server, served: Sequence[Case], bench: Bench, writer: Writer
) -> Callable[[Run], None]:
    """Stores each run as it ends, and says so."""

    def keep(run: Run) -> None:
        runs.append(run)
        writer.keep({
            "case": asdict(served[-1]), "sizes": [case.batch for case in served], "delay_s": server.delay_s,
            "environment": asdict(bench.environment), "columns": Served._fields, "run": asdict(run),
        })  # fmt: skip
        slowest = seconds(max(one.latency_s for one in run.requests))
        typer.echo(f"server {run.round + 1}: {digits(run.rate)} requests/s, slowest {slowest}", err=True)

    return keep


def _notes(server: Server, level: ServiceLevel, made: Sequence[Record]) -> tuple[str, ...]:
    """What speaks against the service times."""
    notes = []
    needed = samples_for(level.percentile / 100)
    short = [f"{len(times)} of batch {size}" for size, times in sorted(server.curves.items()) if len(times) < needed]
    if short:
        notes.append(
            f"p{level.percentile:g} of the service times is not established: it takes {needed} passes, there are "
            f"{', '.join(short)}"
        )
    doubtful = sum(is_bad(record.notes) for record in made)
    if doubtful:
        notes.append(f"{doubtful} of the {len(made)} rounds behind the service times are doubtful: something else ran")
    return tuple(notes)


def _doubts(test: Tested, runs: Sequence[Run], device: str) -> tuple[str, ...]:
    """What speaks against the load test."""
    notes = []
    busy = {run.round: run.load_before for run in runs if (run.load_before or 0.0) > RUNNABLE}
    if busy:
        tasks = " and ".join(digits(load) for load in busy.values() if load)
        notes.append(f"something else ran before {len(busy)} of the servers ({tasks} tasks): its times are in these")
    unsure = [digits(rated.rate) for rated in test.rates if not rated.established]
    if unsure:
        notes.append(f"too few requests to establish the percentile at {', '.join(unsure)} requests/s: --requests")
    if device == "cpu":
        notes.append(f"client and server shared {usable_cores()} cores")
    return tuple(notes)
