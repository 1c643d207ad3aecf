"""How predictions and their errors are shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import typer

from scalebench.analysis.predict.answer import Answer
from scalebench.analysis.predict.cross_validation import ErrorRow
from scalebench.analysis.predict.learned import Guess
from scalebench.cli.output import print_table
from scalebench.units import bytes_, seconds

_NOT = "-"


def answer_row(answer: Answer) -> dict[str, Any]:
    """One answer as plain data; ``latency_s`` and ``memory_bytes`` hold what was predicted, or what was measured."""
    seen = answer.measured
    found: dict[str, Any] = {
        name: guess and asdict(guess)
        for name, guess in (("latency_s", answer.latency), ("memory_bytes", answer.memory))
    }
    if seen is not None:
        found = {"latency_s": {"value": seen.latency_s}, "memory_bytes": {"value": seen.memory_bytes}}
    return {
        "model": answer.work.model, "resolution": answer.work.resolution, **asdict(answer.place),
        "predicted": seen is None, **found, "refusals": list(answer.refusals),
    }  # fmt: skip


def print_answers(answers: Sequence[Answer]) -> None:
    """A table of what is known or predicted, and below it what is refused and why."""
    columns = [
        ("model", False), ("px", True), ("where", False), ("latency", True), ("90 % interval", True), ("memory", True),
        ("tier", False), ("method", False), ("n", True), ("error left out", True), ("remarks", False),
    ]  # fmt: skip
    body = [_cells(answer) for answer in answers if answer.latency or answer.measured]
    if body:
        print_table("predicted, not measured, unless the tier says so", columns, body)
    for answer in answers:
        if not (answer.latency or answer.measured):
            name = f"{answer.work.model}@{answer.work.resolution}"
            typer.echo(f"not predicted: {name} on {_where(answer)}: {'; '.join(answer.refusals)}", err=True)


def _cells(answer: Answer) -> list[str]:
    head = [answer.work.model, str(answer.work.resolution), _where(answer)]
    if answer.measured is not None:
        seen = answer.measured
        held = _NOT if math.isnan(seen.memory_bytes) else bytes_(seen.memory_bytes)
        return [*head, seconds(seen.latency_s), _NOT, held, "measured", _NOT, _NOT, _NOT, ""]
    found = answer.latency
    assert found is not None  # noqa: S101 - the caller has looked
    held = bytes_(answer.memory.value) if answer.memory else _NOT
    return [
        *head, seconds(found.value), _interval(found), held, found.tier, found.method, str(found.n_train),
        _share(found.error), "; ".join(found.flags),
    ]  # fmt: skip


def _where(answer: Answer) -> str:
    return f"{answer.place.machine}, {answer.place.label}"


def _interval(found: Guess) -> str:
    return "not available" if math.isnan(found.low) else f"{seconds(found.low)} to {seconds(found.high)}"


def _share(value: float) -> str:
    return _NOT if math.isnan(value) else f"{value:.1%}"


def print_errors(rows: Sequence[ErrorRow]) -> None:
    """The error table."""
    columns = [
        ("tier", False), ("method", False), ("of", False), ("where", False), ("n", True), ("median", True),
        ("p90", True), ("within 10 %", True), ("covered", True), ("of units", True),
        ("interval, high/low - 1", True),
    ]  # fmt: skip
    body = [
        [
            row.tier, row.method, row.quantity, f"{row.place.machine}, {row.place.label}", str(row.n),
            *map(_share, (row.median, row.p90, row.within, row.coverage, row.coverage_of_units, row.width)),
        ]
        for row in rows
    ]  # fmt: skip
    print_table("errors of predictions of what was left out; covered: by intervals meant for 90 %", columns, body)
    if not rows:
        typer.echo("too few cases to leave any out", err=True)
