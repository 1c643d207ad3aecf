"""Batches that a suite leaves open: searched on the device before its cases are measured, and kept as records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from scalebench.execute.batch_search import FoundBatch, best_batch, largest_batch
from scalebench.execute.client import Worker
from scalebench.execute.estimate import static_parts
from scalebench.execute.events import Listener, Note
from scalebench.execute.planner import Prepared
from scalebench.jobs.measure_rounds import MeasureOptions
from scalebench.jobs.tune import searcher
from scalebench.record import Record
from scalebench.suite.case import Case
from scalebench.suite.labelled_images import timed_case


def resolve_batches(
    prepared: Prepared, worker: Worker, results: Path, options: MeasureOptions, announce: Listener
) -> Prepared:
    """The same plan with a number in every case of ``batch: best`` or ``largest``, and a note on each.

    Cases that differ in model and resolution only have one batch. Every round of the search is stored in the suite
    ``<suite>-search``, so that a run that is taken up again, comes to the same batches.
    """
    groups: dict[Case, list[Case]] = {}
    for case in prepared.plan.cases:
        if case.batch_search:
            groups.setdefault(replace(case, model="", resolution=0), []).append(case)
    if not groups:
        return prepared
    # A prediction would end a search before the memory does.
    ask = searcher(prepared, worker, results, replace(options, predict=False, peaks=False), announce)
    plan = prepared.plan
    for alike in groups.values():
        answer = _search(
            [timed_case(case) for case in alike], prepared, lambda case: next(iter(ask([case])[case]), None)
        )
        note = f"{_configuration(alike[0])}: {answer.batch}, because {answer.reason}."
        announce(Note(note))
        resolved = {case: replace(case, batch=answer.batch, batch_search="") for case in alike}
        # A batch that is also listed is measured once.
        cases = tuple(dict.fromkeys(resolved.get(case, case) for case in plan.cases))
        plan = replace(plan, cases=cases, notes=(*plan.notes, note))
    return replace(prepared, plan=plan)


def _search(cases: Sequence[Case], prepared: Prepared, measure: Callable[[Case], Record | None]) -> FoundBatch:
    """The batch of cases that are alike; that of ``runtime: best`` is searched in eager fp32."""
    facts = prepared.facts
    light = min(cases, key=lambda case: float(facts[case.counted()]["macs"]))
    heavy = max(cases, key=lambda case: sum(static_parts(case, facts[case.counted()])))
    if light.runtime == "best":
        light, heavy = map(_plain, (light, heavy))
    if cases[0].batch_search == "largest":
        return largest_batch(heavy, measure)
    return best_batch(light, heavy, measure)


def _plain(case: Case) -> Case:
    return replace(case, runtime="eager", precision="fp32", layout="contiguous")


def _configuration(case: Case) -> str:
    return case.label.partition(" ")[2]
