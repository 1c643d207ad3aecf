"""Measuring models named ``MODEL[@RES]`` without a suite file: the bench, the cases, the plan and the result file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from scalebench.errors import BuildError
from scalebench.execute.abba import RoundRunner, describe
from scalebench.execute.client import Worker
from scalebench.execute.counting import Paper
from scalebench.execute.events import Counted, Listener, silent
from scalebench.execute.lock import machine_lock
from scalebench.execute.planner import catalogue, count_all
from scalebench.machine.environment import usable_cores
from scalebench.store.jsonl import Writer
from scalebench.suite.case import Case
from scalebench.suite.expand import check_size, matching_variants, native
from scalebench.suite.model_facts import Spec
from scalebench.suite.protocol import PROTOCOLS
from scalebench.suite.suite_plan import Plan
from scalebench.suite.variant import parse_at


@contextmanager
def open_bench(name: str, device: str) -> Iterator[tuple[str, RoundRunner]]:
    """Hold the machine's lock; yields what ``device`` (``auto``, ``cpu``, ``cuda:N``) means here, and a bench on it.

    Raises:
        MachineError: another run holds the lock, or there is no such device.
    """
    with machine_lock(), Worker() as warm, Worker(fork=False) as fresh:
        device, environment = describe(warm, device)
        yield device, RoundRunner(name, environment, warm, fresh)


def base_case(device: str, batch: int, threads: int | None, protocol: str) -> Case:
    """Settings that all cases of a command share, without a model; ``threads`` None means all usable cores."""
    return Case("", 0, batch, device=device, threads=threads or usable_cores(), protocol=PROTOCOLS[protocol])


def resolve_cases(names: Sequence[str], base: Case, worker: Worker, announce: Listener = silent) -> list[Case]:
    """One case per distinct model and resolution, with the settings of ``base``; each is counted, so that it builds.

    Raises:
        UnknownNameError: no such model, or a resolution that it cannot take.
        BuildError: the forward pass of a model fails on the meta device.
    """
    paper = Paper(worker)
    models = catalogue(paper)
    cases: dict[Case, None] = {}
    for name in names:
        pattern, resolution = parse_at(name)
        variant = matching_variants(pattern.name, models)[0]
        spec = Spec(variant, resolution or native(variant, models))
        check_size(spec, models)
        cases[replace(base, model=variant.name, resolution=spec.resolution)] = None
    to_count = {case.counted(): () for case in cases}
    counts = count_all(to_count, paper, lambda what, done, total: announce(Counted(what, done, total)))
    for case, facts in counts.items():
        if "error" in facts:
            raise BuildError(f"{case.label}: {facts['error']}", "the resolution may not suit the model")
    return list(cases)


def plan_without_suite(name: str, title: str, cases: Sequence[Case], rounds: int, hw_key: str) -> Plan:
    """Head of a result file that has no suite file; ``name`` stands in place of the suite's."""
    return Plan(name, title, "", tuple(dict.fromkeys(cases)), (), (), (), rounds, machines=(hw_key,))


def open_results(folder: Path, bench: RoundRunner, title: str, cases: Sequence[Case], rounds: int) -> Writer:
    """Writer of ``<folder>/<utc>-<machine>.jsonl``, with such a plan; the file appears with the first record."""
    now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%fZ")
    plan = plan_without_suite(bench.suite, title, cases, rounds, bench.environment.hw_key)
    return Writer(folder / f"{now}-{bench.environment.machine}.jsonl", plan)
