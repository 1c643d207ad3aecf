"""scalebench predict: latency and memory of cases that were not measured, and how far such predictions are off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scalebench.analysis.predict.cases import Key, Place
    from scalebench.cli.knowing import Knowledge
    from scalebench.execute.client import Worker
    from scalebench.store.jsonl import Results


def predict(
    names: list[str] = typer.Argument(None, metavar="MODEL[@RES]...", help="Names, variants or globs, as for count."),
    from_: list[str] = typer.Option(["results"], "--from", metavar="RESULTS", help="Result files or folders."),
    batch: int = typer.Option(1, min=1, help="Images per forward pass; must have been measured."),
    runtime: str = typer.Option("eager", help="How the model is executed; must have been measured."),
    precision: str = typer.Option("fp32", help="How numbers are stored; must have been measured."),
    machine: str = typer.Option("*", help="Only machines whose name fits this glob."),
    evaluate: bool = typer.Option(False, "--evaluate", help="How far off predictions are on what they have not seen."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON list."),
) -> None:
    """Predict cases that were not measured, from records: three tiers, each with its error and a 90 % interval.

    A case that was measured is given as measured. What cannot be predicted is refused with the reasons; exit code 2
    where nothing can.
    """
    from scalebench.cli.loading import load_all
    from scalebench.cli.output import print_json
    from scalebench.cli.predicting import answer_row, print_answers, print_errors
    from scalebench.execute.client import Worker

    results = load_all(from_)
    if evaluate:
        from dataclasses import asdict

        from scalebench.analysis.predict.cross_validation import evaluate as errors_of
        from scalebench.cli.knowing import know

        with Worker() as worker:
            rows = errors_of(know(results, worker).cases)
        if json_:
            print_json([asdict(row) for row in rows])
        else:
            print_errors(rows)
        return
    if not names:
        raise typer.BadParameter("name a model, or ask for --evaluate")
    wanted = {"mode": "inference", "batch": batch, "runtime": runtime, "precision": precision}
    with Worker() as worker:
        knowledge, keys = _asked(names, results, worker, wanted)
    answers = [
        predictor.answer(knowledge.work(key, batch))
        for predictor in map(knowledge.predictor, _places(knowledge, wanted, machine))
        for key in keys
    ]
    if json_:
        print_json([answer_row(answer) for answer in answers])
    else:
        print_answers(answers)
    if not any(answer.latency or answer.measured for answer in answers):
        raise typer.Exit(2)


def _asked(names: list[str], results: Results, worker: Worker, wanted: dict[str, Any]) -> tuple[Knowledge, list[Key]]:
    """The cases behind the names, counted; torch starts only for what the records do not have.

    Raises:
        BuildError: a model cannot be counted.
    """
    from scalebench.analysis.predict.cases import facts_of
    from scalebench.cli.knowing import know
    from scalebench.errors import BuildError
    from scalebench.execute.counting import Paper
    from scalebench.execute.planner import catalogue
    from scalebench.jobs.count import cases_of

    written = _written(names)
    known = facts_of(results.records)
    if written is None or not all(known.get(key, {}).get("operators") for key in written):
        written = [(case.model, case.resolution) for case in cases_of(names, catalogue(Paper(worker)))]
    knowledge = know(results, worker, written, wanted)
    for model, resolution in written:
        if "macs" not in knowledge.facts.get((model, resolution), {}):
            raise BuildError(f"{model}@{resolution} cannot be counted", f"scalebench count {model}@{resolution}")
    return knowledge, written


def _written(names: Sequence[str]) -> list[Key] | None:
    """Models and resolutions where all names say both and none is a glob."""
    from scalebench.suite.variant import parse_at

    if any(mark in name for name in names for mark in "*?"):
        return None
    parsed = [parse_at(name) for name in names]
    keys = [(variant.name, resolution) for variant, resolution in parsed if resolution is not None]
    return list(dict.fromkeys(keys)) if len(keys) == len(parsed) else None


def _places(knowledge: Knowledge, wanted: dict[str, Any], machine: str) -> list[Place]:
    """Places with measured cases that were run as wanted.

    Raises:
        StoreError: there are none; the hint says what there is.
    """
    from fnmatch import fnmatchcase

    from scalebench.errors import StoreError

    fitting = [
        place
        for place in knowledge.cases
        if fnmatchcase(place.machine, machine) and all(getattr(place, name) == value for name, value in wanted.items())
    ]
    if not fitting:
        there = "; ".join(f"{place.machine}: {place.label}" for place in list(knowledge.cases)[:8])
        asked = ", ".join(f"{name} {value}" for name, value in wanted.items())
        hint = f"another precision, runtime or batch is not predicted from these; measured: {there or 'nothing'}"
        raise StoreError(f"nothing was measured with {asked}", hint)
    return fitting
