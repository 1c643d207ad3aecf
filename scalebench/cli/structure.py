"""scalebench structure: how models are built, counted side by side."""

from __future__ import annotations

from typing import Any

import typer

from scalebench.cli.arguments import CHANNELS, with_channels
from scalebench.cli.count import print_failures, refuse_all_failed
from scalebench.cli.output import print_json, print_table, table_columns
from scalebench.cli.progress import show_progress
from scalebench.jobs.count import CountedModel, count_models
from scalebench.report.sections.model_structure import kind_rows, shape_rows

_DEFAULT = ["efficientnet_b0", "efficientnetv2_s", "convnext_tiny", "resnet50"]


def structure(
    names: list[str] = typer.Argument(
        None, metavar="[MODEL[@RES]]...", help=f"Names, variants or globs; default {' '.join(_DEFAULT)}."
    ),
    channels: int | None = CHANNELS,
    json_: bool = typer.Option(False, "--json", help="Print a JSON list."),
) -> None:
    """Compare how models are built: stages, kernels, kinds of convolution, norms, gates, downsampling, head.

    Everything is counted on paper, without @RES at the native resolution.
    """
    with show_progress() as announce:
        models = count_models(with_channels(names or _DEFAULT, channels), (), announce=announce)
    rows = [_document(model) for model in models]
    if json_:
        print_json(rows)
    else:
        counted = [row for row in rows if "error" not in row]
        for title, grid in (("how they are built", shape_rows), ("what it costs", kind_rows)):
            headings, cells = grid(counted)
            if cells:
                print_table(title, table_columns(headings), cells)
        print_failures(models)
    refuse_all_failed(models)


def _document(model: CountedModel) -> dict[str, Any]:
    names = ("error",) if "error" in model.facts else ("params", "macs", "activations", "structure")
    facts = {name: model.facts[name] for name in names}
    return {"model": model.case.model, "resolution": model.case.resolution, **facts}
