"""Chooses which of a suite's cases to measure within a budget, so that the rest is predicted best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from glob import escape
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from scalebench.analysis.predict.cases import Work
from scalebench.analysis.predict.design import OpenCase, choose_next
from scalebench.errors import SuiteError
from scalebench.execute.estimate import case_seconds
from scalebench.jobs.plan import PlannedSuite
from scalebench.suite.case import MODELS, Case
from scalebench.suite.load import load_suite
from scalebench.suite.suite_grid import Exclude


@dataclass(frozen=True)
class Choice:
    """A case to measure.

    Attributes:
        case: the case.
        seconds, total_s: expected wall time of all its rounds; of these and all earlier choices.
        variance_left: in the predictions of what is not measured, as a share of all at the start.
    """

    case: Case
    seconds: float
    total_s: float
    variance_left: float


def choose(planned: PlannedSuite, budget_s: float) -> tuple[list[Choice], int]:
    """Cases to measure, most informative per second first, and the number of cases that are not measured yet.

    Raises:
        SuiteError: no case can be chosen.
    """
    cases, candidates = _candidates(planned)
    steps = choose_next(candidates, dict(planned.data.cases), budget_s)
    if not steps:
        message = "nothing to choose: every case is measured, runs no model, or does not fit into the budget"
        raise SuiteError(message, f"the suite has {len(planned.prepared.plan.cases)} cases; {len(cases)} are open")
    choices = [Choice(cases[step.at], candidates[step.at].seconds, step.seconds, step.left) for step in steps]
    return choices, len(cases)


def _candidates(planned: PlannedSuite) -> tuple[list[Case], list[OpenCase]]:
    """Cases that run a whole model, were not measured here, and could be counted."""
    prepared, cases, candidates = planned.prepared, [], []
    measured = {(place, row.work.key) for place, rows in planned.data.cases.items() for row in rows}
    for case, place in planned.places.items():
        facts, key = prepared.facts.get(case.counted(), {}), (case.model, case.resolution)
        if case.mode in MODELS and facts.get("operators") and (place, key) not in measured:
            pass_s = planned.passes[case][0] if case in planned.passes else None
            seconds = prepared.plan.rounds * case_seconds(case, prepared.facts, pass_s)
            cases.append(case)
            candidates.append(OpenCase(place, Work(*key, case.batch, facts), seconds))
    return cases, candidates


def write_suite(file: Path, original: Path, planned: Sequence[Case], chosen: Sequence[Case]) -> None:
    """Write a new suite file like the original one, with the chosen ones of its planned cases only.

    Raises:
        SuiteError: the file exists.
    """
    if file.exists():
        raise SuiteError(f"{file} exists", "name a new file")
    source = load_suite(original).source.plain()
    models = dict.fromkeys((case.model, case.resolution) for case in chosen)
    axes = [axis for axis in Exclude.model_fields if len({_listed(case, axis) for case in planned}) > 1]
    excluded = [
        {**{axis: _listed(case, axis) for axis in axes}, "model": escape(case.model), "resolution": case.resolution}
        for case in planned
        if (case.model, case.resolution) in models and case not in chosen
    ]
    content = {
        "schema": 1,
        "name": f"{source['name'][:56]}_chosen",
        "title": f"{source.get('title') or source['name']}: chosen cases",
        "models": [{"timm": [model], "resolution": [resolution]} for model, resolution in models],
        **{key: source[key] for key in ("grid", "grid_on", "data", "protocol") if key in source},
        **({"exclude": [*source.get("exclude", []), *excluded]} if excluded or "exclude" in source else {}),
        "claims": [],
    }
    text = StringIO()
    YAML().dump(content, text)
    file.write_text(text.getvalue(), encoding="utf-8")


def _listed(case: Case, axis: str) -> Any:
    """Value of an axis as a suite lists it."""
    return case.requested_batch if axis == "batch" else getattr(case, axis)
