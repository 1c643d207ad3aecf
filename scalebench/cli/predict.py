"""scalebench predict: latency and memory of cases that were not measured, and how far off such predictions are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from scalebench.analysis.predict.answer import CasePrediction
from scalebench.analysis.predict.cross_validation import ErrorRow
from scalebench.cli.arguments import CHANNELS, with_channels
from scalebench.cli.output import print_json, print_table
from scalebench.cli.progress import show_progress
from scalebench.jobs.predict import evaluate_predictions, predict_cases
from scalebench.store.jsonl import read_results, result_files
from scalebench.units import bytes_, seconds

_NONE = "-"


def predict(
    names: list[str] = typer.Argument(None, metavar="MODEL[@RES]...", help="Names, variants or globs, as for count."),
    from_: list[str] = typer.Option(["results"], "--from", metavar="RESULTS", help="Result files or folders."),
    batch: int = typer.Option(1, min=1, help="Images per forward pass; must have been measured."),
    runtime: str = typer.Option("eager", help="How the model is executed; must have been measured."),
    precision: str = typer.Option("fp32", help="How numbers are stored; must have been measured."),
    machine: str = typer.Option("*", help="Only machines whose name fits this glob."),
    evaluate: bool = typer.Option(False, "--evaluate", help="Show the errors of predictions of left-out cases."),
    channels: int | None = CHANNELS,
    json_: bool = typer.Option(False, "--json", help="Print a JSON list."),
) -> None:
    """Predict cases that were not measured, from records, each with its error and a 90 % interval.

    A case that was measured is given as measured. What cannot be predicted is refused with the reasons; exit code 2
    where nothing can.
    """
    if not names and not evaluate:
        raise typer.BadParameter("name a model, or ask for --evaluate")
    results = read_results(result_files(map(Path, from_)))
    with show_progress() as announce:
        if evaluate:
            errors = evaluate_predictions(results, announce)
        else:
            answers = predict_cases(
                with_channels(names, channels),
                results,
                batch=batch,
                runtime=runtime,
                precision=precision,
                machine=machine,
                announce=announce,
            )
    if evaluate:
        print_json([asdict(row) for row in errors]) if json_ else _print_errors(errors)
        return
    print_json([_document(answer) for answer in answers]) if json_ else _print_answers(answers)
    if not any(answer.latency or answer.measured for answer in answers):
        raise typer.Exit(2)


def _document(answer: CasePrediction) -> dict[str, Any]:
    """``latency_s`` and ``memory_bytes`` hold the prediction, or the measured value."""
    values: dict[str, Any] = {
        "latency_s": answer.latency and asdict(answer.latency), "memory_bytes": answer.memory and asdict(answer.memory),
    }  # fmt: skip
    if answer.measured is not None:
        values = {name: {"value": getattr(answer.measured, name)} for name in values}
    return {
        "model": answer.work.model, "resolution": answer.work.resolution, **asdict(answer.place),
        "predicted": answer.measured is None, **values, "refusals": list(answer.refusals),
    }  # fmt: skip


def _print_answers(answers: Sequence[CasePrediction]) -> None:
    """A table of measured and predicted cases; what is refused, with the reasons, on stderr."""
    columns = ["model", ">px", "where", ">latency", ">90 % interval", ">memory", "tier", "method", ">n",
               ">error left out", "remarks"]  # fmt: skip
    body = [_cells(answer) for answer in answers if answer.latency or answer.measured]
    if body:
        print_table("predicted, not measured, unless the tier says so", columns, body)
    for answer in answers:
        if not (answer.latency or answer.measured):
            name = f"{answer.work.model}@{answer.work.resolution}"
            typer.echo(f"not predicted: {name} on {_where(answer)}: {'; '.join(answer.refusals)}", err=True)


def _cells(answer: CasePrediction) -> list[str]:
    head, latency, measured = (
        [answer.work.model, str(answer.work.resolution), _where(answer)],
        answer.latency,
        answer.measured,
    )
    if measured is not None:
        memory = _NONE if math.isnan(measured.memory_bytes) else bytes_(measured.memory_bytes)
        return [*head, seconds(measured.latency_s), _NONE, memory, "measured", _NONE, _NONE, _NONE, ""]
    assert latency is not None  # noqa: S101 - only such answers are in the table
    interval = "not available" if math.isnan(latency.low) else f"{seconds(latency.low)} to {seconds(latency.high)}"
    return [
        *head, seconds(latency.value), interval, bytes_(answer.memory.value) if answer.memory else _NONE, latency.tier,
        latency.method, str(latency.n_train), _percent(latency.error), "; ".join(latency.flags),
    ]  # fmt: skip


def _where(row: CasePrediction | ErrorRow) -> str:
    return f"{row.place.machine}, {row.place.label}"


def _percent(fraction: float) -> str:
    return _NONE if math.isnan(fraction) else f"{fraction:.1%}"


def _print_errors(rows: Sequence[ErrorRow]) -> None:
    columns = ["tier", "method", "of", "where", ">n", ">median", ">p90", ">within 10 %", ">covered", ">of units",
               ">interval, high/low - 1"]  # fmt: skip
    body = [
        [
            row.tier, row.method, row.quantity, _where(row), str(row.n),
            *map(_percent, (row.median, row.p90, row.within, row.coverage, row.coverage_of_units, row.width)),
        ]
        for row in rows
    ]  # fmt: skip
    print_table("errors of predictions of what was left out; covered: by intervals meant for 90 %", columns, body)
    if not rows:
        typer.echo("too few cases to leave any out", err=True)
