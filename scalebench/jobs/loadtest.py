"""A load test: service times, the bound 2 t(b), a simulation, load on a real server, and why the three differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from scalebench.analysis.stats import Estimate
from scalebench.errors import MachineError, StoreError, UnknownNameError, did_you_mean
from scalebench.execute.abba import RoundRunner
from scalebench.execute.client import Worker
from scalebench.execute.events import Listener, Note, silent
from scalebench.execute.load_generator import Load, Run, Served, load_test
from scalebench.execute.offering import refusal
from scalebench.flags import is_bad
from scalebench.jobs.named_cases import base_case, open_bench, open_results, resolve_cases
from scalebench.jobs.service_times import ROUNDS, batch_sizes, curves_of, measured_rounds, stored_rounds
from scalebench.machine.environment import usable_cores
from scalebench.machine.validity import RUNNABLE
from scalebench.procure.formulas import samples_for
from scalebench.procure.gap import Gap, gap
from scalebench.procure.load_check import Rule, ServiceLevel, Tested, by_load, by_rule
from scalebench.procure.simulate import Search, Server, capacity_by_simulation
from scalebench.record import Record
from scalebench.store.jsonl import Writer
from scalebench.suite.case import Case
from scalebench.suite.device_kinds import kind_of
from scalebench.suite.offers import OFFERS
from scalebench.suite.own_files import COLOURS, channels_of, fixed_batch
from scalebench.suite.protocol import Protocol
from scalebench.units import digits, seconds

SHARES = (0.5, 0.7, 0.8, 0.9, 1.0, 1.1)
"""Of the simulated capacity: the rates of the load test, where none are named."""


@dataclass(frozen=True)
class ServedModel:
    """What the server runs: ``MODEL[@RES]``, its configuration, the largest batch (None: what the bound allows) and the
    longest time that a request waits for its batch to fill, seconds."""

    name: str
    runtime: str = "eager"
    precision: str = "fp32"
    threads: int | None = None
    device: str = "auto"
    batch: int | None = None
    delay_s: float = 0.0


@dataclass(frozen=True)
class LoadTestOutcome:
    """Three capacities of one server, images per second, and reasons to doubt them.

    Without rates to test ``test`` and ``gap`` are None, without a result file ``file``. ``case`` has a batch of one.
    """

    case: Case
    machine: str
    level: ServiceLevel
    server: Server
    rule: Rule
    simulated: Estimate
    notes: tuple[str, ...]
    test: Tested | None = None
    gap: Gap | None = None
    file: Path | None = None


def run_loadtest(
    model: ServedModel,
    level: ServiceLevel,
    load: Load,
    search: Search,
    sources: Sequence[Path],
    folder: Path,
    announce: Listener = silent,
) -> LoadTestOutcome:
    """Determine the capacity of a batching server by the bound 2 t(b), by simulation and by load.

    Args:
        load: what is sent; without rates they follow from the simulation.
        search: effort of each simulation.
        sources: records with service times; without any they are measured.

    Raises:
        ScalebenchError: it cannot be run, or a process of it ended early.
    """
    if model.runtime not in OFFERS:
        near = did_you_mean(model.runtime, OFFERS)
        raise UnknownNameError(f"no runtime {model.runtime!r}", near or f"there are {', '.join(OFFERS)}")
    with open_bench("loadtest", model.device, announce) as (device, bench):
        case = _case(model, device, level, bench.warm, announce)
        title = f"Load test: {case.model}@{case.resolution} {case.precision} {case.runtime}"
        cases = [replace(case, batch=size) for size in batch_sizes(model.batch)]
        writer = open_results(folder, bench, title, cases, ROUNDS)
        if sources:
            rounds = stored_rounds(sources, case, bench.environment)
        else:
            rounds = measured_rounds(case, model.batch, level, bench, writer, announce)
        curves = curves_of(rounds)
        rule = by_rule(curves, level, model.batch)
        cap = model.batch or rule.batch or min(curves)
        if cap not in curves:
            raise StoreError(f"the records hold no batch of {cap}", f"they hold {', '.join(map(str, sorted(curves)))}")
        server = Server({size: times for size, times in curves.items() if size <= cap}, cap, model.delay_s)
        simulated = capacity_by_simulation(server, level.slo_s, level.percentile, level.overhead_s, search)
        announce(Note(f"bound {digits(rule.images_per_s)}, simulation {digits(simulated.value)} images/s"))
        notes = _service_time_doubts(server, level, rounds)
        outcome = LoadTestOutcome(case, bench.environment.machine, level, server, rule, simulated, notes)
        rates = load.rates or tuple(float(digits(share * simulated.value)) for share in SHARES if simulated.value)
        if not rates:
            return replace(outcome, file=writer.path if writer.path.exists() else None)
        runs = _put_load(case, server, replace(load, rates=rates), bench, writer, announce)
        test = by_load(runs, level)
        causes = gap(server, simulated, runs, test, level, search)
        return replace(
            outcome, test=test, gap=causes, notes=(*notes, *_load_doubts(test, runs, device)), file=writer.path
        )


def _case(model: ServedModel, device: str, level: ServiceLevel, worker: Worker, announce: Listener) -> Case:
    """The case at a batch of one, with enough passes over all rounds to establish the percentile.

    Raises:
        UnknownNameError: no such model.
        MachineError: this configuration is not offered here.
    """
    passes = -(-samples_for(level.percentile / 100) // ROUNDS)
    protocol = Protocol(
        rounds=ROUNDS, warmup_s=0.3, warmup_max_s=3.0, chunk_s=0.4, chunk_max_s=60.0, min_iterations=passes
    )
    base = base_case(device, 1, model.threads, "quick")
    base = replace(base, runtime=model.runtime, precision=model.precision, protocol=protocol)
    (case,) = resolve_cases([model.name], base, worker, announce)
    reason = refusal(case)
    if reason is not None:
        raise MachineError(f"{case.label}: {reason[1]}")
    if channels_of(case.model) != COLOURS or fixed_batch(case.model):
        raise MachineError(f"{case.label}: a load test sends batches of images of three channels")
    return case


def _put_load(
    case: Case, server: Server, load: Load, bench: RoundRunner, writer: Writer, announce: Listener
) -> list[Run]:
    """Run the load test; each run is stored and announced as it ends."""
    cases = [replace(case, batch=size) for size in sorted(server.curves)]
    runs: list[Run] = []

    def keep(run: Run) -> None:
        runs.append(run)
        writer.keep({
            "case": asdict(cases[-1]), "sizes": [case.batch for case in cases], "delay_s": server.delay_s,
            "environment": asdict(bench.environment), "columns": Served._fields, "run": asdict(run),
        })  # fmt: skip
        slowest = seconds(max(request.latency_s for request in run.requests))
        announce(Note(f"server {run.round + 1}: {digits(run.rate)} requests/s, slowest {slowest}"))

    load_test(bench.worker(case.device), cases, server.delay_s, load, keep)
    return runs


def _service_time_doubts(server: Server, level: ServiceLevel, rounds: Sequence[Record]) -> tuple[str, ...]:
    notes = []
    needed = samples_for(level.percentile / 100)
    short = [f"{len(times)} of batch {size}" for size, times in sorted(server.curves.items()) if len(times) < needed]
    if short:
        notes.append(
            f"p{level.percentile:g} of the service times is not established: it takes {needed} passes, there are "
            f"{', '.join(short)}"
        )
    doubtful = sum(is_bad(record.notes) for record in rounds)
    if doubtful:
        notes.append(
            f"{doubtful} of the {len(rounds)} rounds behind the service times are doubtful: something else ran"
        )
    return tuple(notes)


def _load_doubts(test: Tested, runs: Sequence[Run], device: str) -> tuple[str, ...]:
    notes = []
    busy = {run.round: run.load_before for run in runs if (run.load_before or 0.0) > RUNNABLE}
    if busy:
        tasks = " and ".join(digits(load) for load in busy.values() if load)
        notes.append(f"something else ran before {len(busy)} of the servers ({tasks} tasks) and may have slowed them")
    unsure = [digits(result.rate) for result in test.rates if not result.established]
    if unsure:
        notes.append(f"too few requests to establish the percentile at {', '.join(unsure)} requests/s: --requests")
    if kind_of(device).on_host:
        notes.append(f"client and server shared {usable_cores()} cores")
    return tuple(notes)
