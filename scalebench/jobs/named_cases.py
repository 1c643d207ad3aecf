"""Measuring models named ``MODEL[@RES]`` without a suite file: the bench, the cases, the plan and the result file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from scalebench.errors import BuildError
from scalebench.execute.abba import RoundRunner, describe
from scalebench.execute.client import Worker
from scalebench.execute.counting import Paper
from scalebench.execute.events import Listener, silent
from scalebench.execute.lock import machine_lock
from scalebench.execute.planner import catalogue, count_all
from scalebench.jobs.journal import result_file
from scalebench.machine.environment import usable_cores
from scalebench.store.jsonl import Writer
from scalebench.suite.case import COUNT, Case
from scalebench.suite.device_kinds import META
from scalebench.suite.model_facts import Known, Spec
from scalebench.suite.own_selection import written_names
from scalebench.suite.protocol import PROTOCOLS
from scalebench.suite.select_models import check_size, matching_variants, native
from scalebench.suite.suite_plan import Plan
from scalebench.suite.variant import parse_at

COUNTING = Case("", 0, mode=COUNT, device=META.name)
"""Counted on paper; ``expand_names`` adds the model."""


@contextmanager
def open_bench(name: str, device: str, announce: Listener = silent) -> Iterator[tuple[str, RoundRunner]]:
    """Hold the machine's lock; yields what ``device`` (``auto``, ``cpu``, ``cuda:N``...) means here, and a bench on it.

    Raises:
        MachineError: another run holds the lock, or there is no such device.
    """
    with machine_lock(), Worker() as warm, Worker(fork=False) as fresh:
        device, environment = describe(warm, device, announce)
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
    names = written_names(names, lambda: catalogue(paper))
    for name in names:
        parse_at(name)  # refuses a glob: what is measured is named
    cases = expand_names(names, catalogue(paper), base)
    for case, facts in count_all({case.counted(): () for case in cases}, paper, announce).items():
        if "error" in facts:
            hint = facts.get("hint", "the resolution may not suit the model")
            raise BuildError(f"{case.label}: {facts['error']}", hint)
    return cases


def expand_names(names: Sequence[str], models: Mapping[str, Known], base: Case) -> list[Case]:
    """``base`` for what names, variants and globs mean, each at the size written or its native one; none twice.

    Raises:
        UnknownNameError: no such model, or a resolution that it cannot take.
    """
    cases: dict[Case, None] = {}
    for name in written_names(names, lambda: models):
        pattern, resolution = _split(name)
        for variant in matching_variants(pattern, models):
            spec = Spec(variant, resolution or native(variant, models))
            check_size(spec, models)
            cases[replace(base, model=variant.name, resolution=spec.resolution)] = None
    return list(cases)


def _split(text: str) -> tuple[str, int | None]:
    """Name or glob, and resolution."""
    if not any(mark in text for mark in "*?"):
        variant, resolution = parse_at(text)
        return variant.name, resolution
    pattern, mark, pixels = text.rpartition("@")
    return (pattern, parse_at(f"model@{pixels}")[1]) if mark else (text, None)


def plan_without_suite(name: str, title: str, cases: Sequence[Case], rounds: int, hw_key: str) -> Plan:
    """Head of a result file that has no suite file; ``name`` stands in place of the suite's."""
    return Plan(name, title, "", tuple(dict.fromkeys(cases)), (), (), (), rounds, machines=(hw_key,))


def open_results(folder: Path, bench: RoundRunner, title: str, cases: Sequence[Case], rounds: int) -> Writer:
    """Writer of ``<folder>/<utc>-<machine>.jsonl``, with such a plan; the file appears with the first record."""
    plan = plan_without_suite(bench.suite, title, cases, rounds, bench.environment.hw_key)
    return Writer(result_file(folder, bench.environment.machine), plan)
