"""scalebench count: params, MACs, activations and static memory, on paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from scalebench.cli.arguments import CHANNELS, with_channels
from scalebench.cli.output import print_json, print_table
from scalebench.cli.progress import show_progress
from scalebench.jobs.count import PEAKS, CountedModel, count_models
from scalebench.metrics import METRICS
from scalebench.units import percent, si

_SHOWN = ("params", "macs", "macs_training", "activations", "weight_bytes", "peak_bytes_inference",
          "peak_bytes_training")  # fmt: skip
_OF_TRAINING = ("macs_training", "peak_bytes_training")
_NOT_SHOWN = ("work", "operators", "structure")
"""For the roofline and predictions; structure has a command of its own."""


def count(
    names: list[str] = typer.Argument(metavar="MODEL[@RES]...", help="Names, variants or globs, with a resolution."),
    check: bool = typer.Option(
        False, "--check", help="Count again with fvcore on real tensors and explain the difference."
    ),
    training: bool = typer.Option(
        False, "--training", help="Count a training step too: MACs and static memory; takes two to three times as long."
    ),
    channels: int | None = CHANNELS,
    json_: bool = typer.Option(False, "--json", help="Print a JSON list."),
) -> None:
    """Count models: nothing is measured, no weights are loaded.

    Without @RES a model is counted at its native resolution. Models that cannot be counted are listed with the reason;
    the rest appear.
    """
    with show_progress() as announce:
        models = count_models(
            with_channels(names, channels), PEAKS if training else PEAKS[:1], check=check, announce=announce
        )
    print_json([_document(model) for model in models]) if json_ else _print(models, training)
    refuse_all_failed(models)


def _document(model: CountedModel) -> dict[str, Any]:
    facts = {key: value for key, value in model.facts.items() if key not in _NOT_SHOWN}
    check = {"check": model.check} if model.check else {}
    return {"model": model.case.model, "resolution": model.case.resolution, **facts, **check}


def _print(models: Sequence[CountedModel], training: bool) -> None:
    shown = [name for name in _SHOWN if training or name not in _OF_TRAINING]
    columns = ["model", ">px", *(f">{METRICS[name].label}" for name in shown), "uncounted"]
    body = [_cells(model, shown) for model in models if "error" not in model.facts]
    if body:
        print_table("per image, batch 1", columns, body)
    for model in models:
        if "counted_on" in model.facts:
            typer.echo(f"{model.label}: counted on {model.facts['counted_on']}")
        if "error" not in model.facts and model.check:
            typer.echo(_explain(model))
    print_failures(models)


def _cells(model: CountedModel, shown: Sequence[str]) -> list[str]:
    facts = model.facts
    numbers = ("-" if facts[name] is None else METRICS[name].show(facts[name]) for name in shown)
    return [model.case.model, str(model.case.resolution), *numbers, ", ".join(facts["uncounted"]) or "none"]


def print_failures(models: Sequence[CountedModel]) -> None:
    """Name models that could not be counted, with the reason, on stderr."""
    for model in models:
        if "error" in model.facts:
            typer.echo(f"not counted: {model.label}: {model.facts['error']}", err=True)


def refuse_all_failed(models: Sequence[CountedModel]) -> None:
    """Exit code 2 where nothing could be counted."""
    if all("error" in model.facts for model in models):
        raise typer.Exit(2)


def _explain(model: CountedModel) -> str:
    name, check = model.label, model.check
    if "error" in check:
        return f"{name}: no cross-check: {check['error']}"
    text = f"{name}: fvcore counts {si(check['macs'], 'MACs')} in the same convention ({percent(check['difference'])})"
    text += f", and {si(check['norm'], 'MACs')} more for normalisation layers, which the convention leaves out"
    return text + (f"; it has no formula for {', '.join(check['unsupported'])}" if check["unsupported"] else "")
