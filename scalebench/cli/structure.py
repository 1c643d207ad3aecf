"""scalebench structure: how models are built, counted side by side."""

from __future__ import annotations

from typing import Any

import typer

_DEFAULT = ["efficientnet_b0", "efficientnetv2_s", "convnext_tiny", "resnet50"]


def structure(
    names: list[str] = typer.Argument(
        None, metavar="[MODEL[@RES]]...", help=f"Names, variants or globs; default {' '.join(_DEFAULT)}."
    ),
    json_: bool = typer.Option(False, "--json", help="Print a JSON list."),
) -> None:
    """Compare how models are built: stages, kernels, kinds of convolution, norms, gates, downsampling, head.

    Everything is counted on paper, without @RES at the native resolution.
    """
    from scalebench.cli.count import cases_of
    from scalebench.cli.output import paper_progress, print_json
    from scalebench.execute.client import Worker
    from scalebench.execute.counting import Paper
    from scalebench.execute.planner import catalogue, count_all

    with Worker() as worker, paper_progress() as progress:
        paper = Paper(worker)
        cases = cases_of(names or _DEFAULT, catalogue(paper))
        facts = count_all(dict.fromkeys(cases, ()), paper, progress)
    rows = [{"model": case.model, "resolution": case.resolution, **_kept(facts[case])} for case in cases]
    if json_:
        print_json(rows)
    else:
        _print(rows)
    if all("error" in row for row in rows):
        raise typer.Exit(2)


def _kept(facts: dict[str, Any]) -> dict[str, Any]:
    if "error" in facts:
        return {"error": facts["error"]}
    return {key: facts[key] for key in ("params", "macs", "activations", "structure")}


def _print(rows: list[dict[str, Any]]) -> None:
    from scalebench.cli.output import print_table
    from scalebench.report.sections.model_structure import kind_rows, shape_rows

    good = [row for row in rows if "error" not in row]
    if good:
        for title, (headings, body) in (("how they are built", shape_rows(good)), ("what it costs", kind_rows(good))):
            print_table(title, headings, body)
    for row in rows:
        if "error" in row:
            typer.echo(f"not counted: {row['model']}@{row['resolution']}: {row['error']}", err=True)
