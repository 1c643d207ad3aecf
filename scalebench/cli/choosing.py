"""scalebench plan --budget: which of a suite's cases to measure first, and a suite file of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from glob import escape
from io import StringIO
from pathlib import Path
from typing import Any

import typer
from ruamel.yaml import YAML

from scalebench.analysis.predict.cases import Work
from scalebench.analysis.predict.design import ChosenCase, OpenCase, choose_next
from scalebench.cli.foreseeing import Foreseen, place_of
from scalebench.cli.knowing import Knowledge
from scalebench.cli.output import print_json, print_table
from scalebench.errors import SuiteError
from scalebench.execute.estimate import case_seconds
from scalebench.execute.planner import Prepared
from scalebench.suite.case import AXES, MODELS, Case
from scalebench.suite.load import load_suite
from scalebench.suite.suite_schema import Exclude
from scalebench.units import duration


def choose(
    suite: Path,
    prepared: Prepared,
    knowledge: Knowledge,
    foreseen: Mapping[Case, Foreseen],
    budget_s: float,
    out: Path | None,
    json_: bool,
) -> None:
    """Print the order of the cases, and write the suite file where one is asked for.

    Raises:
        SuiteError: no case of the suite can be chosen, or the file is there already.
    """
    cases, candidates = _candidates(prepared, knowledge, foreseen)
    steps = choose_next(candidates, dict(knowledge.cases), budget_s)
    if not steps:
        message = "nothing to choose: every case is measured, none is a model's, or none fits into the budget"
        raise SuiteError(message, f"the suite has {len(prepared.plan.cases)} cases; {len(cases)} are open")
    chosen = [cases[step.at] for step in steps]
    if out is not None:
        _write(out, suite, prepared.plan.cases, chosen)
    rows = [_row(case, step, candidates[step.at].seconds) for case, step in zip(chosen, steps, strict=True)]
    if json_:
        print_json({"suite": prepared.plan.suite, "budget_s": budget_s, "open": len(cases), "chosen": rows})
        return
    columns = [
        ("", True), ("case", False), ("time", True), ("in all", True), ("variance left", True),
    ]  # fmt: skip
    body = [
        [str(n), case.label, duration(row["seconds"]), duration(row["total_s"]), f"{row['variance_left']:.1%}"]
        for n, (case, row) in enumerate(zip(chosen, rows, strict=True), 1)
    ]
    print_table(f"{len(chosen)} of {len(cases)} open cases, most informative per second first", columns, body)
    if out is not None:
        typer.echo(f"written: {out}")


def _candidates(
    prepared: Prepared, knowledge: Knowledge, foreseen: Mapping[Case, Foreseen]
) -> tuple[list[Case], list[OpenCase]]:
    """Cases that run a whole model, were not measured here, and could be counted."""
    cases, candidates = [], []
    measured = {(place, seen.work.key) for place, known in knowledge.cases.items() for seen in known}
    for case in prepared.plan.cases:
        facts, key = prepared.facts.get(case.counted(), {}), (case.model, case.resolution)
        place = place_of(case, prepared, knowledge.cases)
        if case.mode not in MODELS or not facts.get("operators") or (place, key) in measured:
            continue
        once = foreseen[case].value if case in foreseen else None
        seconds = prepared.plan.rounds * case_seconds(case, prepared.facts, once)
        cases.append(case)
        candidates.append(OpenCase(place, Work(*key, case.batch, facts), seconds))
    return cases, candidates


def _row(case: Case, step: ChosenCase, seconds: float) -> dict[str, Any]:
    return {
        **asdict(case), "key": case.key, "seconds": seconds, "total_s": step.seconds, "variance_left": step.left,
    }  # fmt: skip


def _write(out: Path, suite: Path, planned: Sequence[Case], chosen: Sequence[Case]) -> None:
    """A suite file like the first, with the chosen cases only."""
    if out.exists():
        raise SuiteError(f"{out} is there already", "name a new file")
    source = load_suite(suite).source.plain()
    models = dict.fromkeys((case.model, case.resolution) for case in chosen)
    named = [axis for axis in AXES if axis in Exclude.model_fields]
    varying = [axis for axis in named if len({getattr(case, axis) for case in planned}) > 1]
    unwanted = [
        {"model": escape(case.model), "resolution": case.resolution, **{axis: getattr(case, axis) for axis in varying}}
        for case in planned
        if (case.model, case.resolution) in models and case not in chosen
    ]
    content = {
        "schema": 1,
        "name": f"{source['name'][:56]}_chosen",
        "title": f"{source.get('title') or source['name']}: chosen cases",
        "models": [{"timm": [model], "resolution": [resolution]} for model, resolution in models],
        **{key: source[key] for key in ("grid", "protocol") if key in source},
        **({"exclude": [*source.get("exclude", []), *unwanted]} if unwanted or "exclude" in source else {}),
        "claims": [],
    }
    text = StringIO()
    YAML().dump(content, text)
    out.write_text(text.getvalue(), encoding="utf-8")
