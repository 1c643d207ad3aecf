"""scalebench count: params, MACs, activations and static memory, on paper."""

from __future__ import annotations

from typing import Any

import typer


def count(
    names: list[str] = typer.Argument(metavar="MODEL[@RES]...", help="Names, variants or globs, with a resolution."),
    check: bool = typer.Option(
        False, "--check", help="Count again with fvcore on real tensors and explain the difference."
    ),
    json_: bool = typer.Option(False, "--json", help="Print a JSON list."),
) -> None:
    """Count models: nothing is measured, no weights are loaded.

    Without @RES a model is counted at its native resolution. Models that cannot be counted are listed with the reason;
    the rest appear.
    """
    from scalebench.cli.output import paper_progress, print_json
    from scalebench.execute.client import Worker
    from scalebench.execute.counting import Paper
    from scalebench.execute.planner import catalogue, count_all

    with Worker() as worker, paper_progress() as progress:
        paper = Paper(worker)
        cases = cases_of(names, catalogue(paper))
        facts = count_all(dict.fromkeys(cases, ("inference", "training")), paper, progress)
        checks = paper.ask([_question("check", c) for c in cases]) if check else [{} for _ in cases]
    rows = [_row(case, facts[case], answer) for case, answer in zip(cases, checks, strict=True)]
    if json_:
        print_json(rows)
    else:
        _print(rows, check)
    if all("error" in row for row in rows):
        raise typer.Exit(2)


def _question(ask: str, case: Any) -> dict[str, Any]:
    return {"ask": ask, "model": case.model, "resolution": case.resolution}


def cases_of(names: list[str], known: Any) -> list[Any]:
    """Counting cases of names, variants and globs, each at the size written or its native one; none twice."""
    from scalebench.suite.case import COUNT, Case
    from scalebench.suite.expand import check_size, matching_variants, native
    from scalebench.suite.model_facts import Spec

    cases: dict[Case, None] = {}
    for text in names:
        pattern, resolution = _split(text)
        for variant in matching_variants(pattern, known):
            spec = Spec(variant, resolution or native(variant, known))
            check_size(spec, known)
            cases[Case(variant.name, spec.resolution, mode=COUNT, device="meta")] = None
    return list(cases)


def _split(text: str) -> tuple[str, int | None]:
    from scalebench.suite.variant import parse_at

    if not any(mark in text for mark in "*?"):
        variant, resolution = parse_at(text)
        return variant.name, resolution
    pattern, mark, pixels = text.rpartition("@")
    if not mark:
        return text, None
    return pattern, parse_at(f"model@{pixels}")[1]


def _row(case: Any, facts: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    # The lists of operators are for the roofline and for predictions, and structure has a command of its own.
    shown = {key: value for key, value in facts.items() if key not in ("work", "operators", "structure")}
    row = {"model": case.model, "resolution": case.resolution, **shown}
    if "ok" in answer and "macs" in facts:
        found = answer["ok"]
        row["check"] = {**found, "difference": found["macs"] / facts["macs"] - 1 if facts["macs"] else None}
    elif "error" in answer:
        row["check"] = {"error": answer["error"]["message"]}
    return row


def _print(rows: list[dict[str, Any]], check: bool) -> None:
    from scalebench.cli.output import print_table
    from scalebench.metrics import METRICS

    shown = (
        "params", "macs", "macs_training", "activations", "weight_bytes", "peak_bytes_inference", "peak_bytes_training",
    )  # fmt: skip
    columns = [
        ("model", False),
        ("px", True),
        *((METRICS[name].label, True) for name in shown),
        ("uncounted", False),
    ]
    good = [row for row in rows if "error" not in row]
    body = [
        [
            row["model"],
            str(row["resolution"]),
            *("-" if row[name] is None else METRICS[name].show(row[name]) for name in shown),
            ", ".join(row["uncounted"]) or "none",
        ]
        for row in good
    ]
    if body:
        print_table("per image, batch 1", columns, body)
    for row in rows:
        if "error" in row:
            typer.echo(f"not counted: {row['model']}@{row['resolution']}: {row['error']}", err=True)
        elif check:
            typer.echo(_explain(row))


def _explain(row: dict[str, Any]) -> str:
    from scalebench.units import percent, si

    name, found = f"{row['model']}@{row['resolution']}", row["check"]
    if "error" in found:
        return f"{name}: no cross-check: {found['error']}"
    text = f"{name}: fvcore counts {si(found['macs'], 'MACs')} in the same convention ({percent(found['difference'])})"
    text += f", and {si(found['norm'], 'MACs')} more for normalisation layers, which the convention leaves out"
    return text + (f"; it has no formula for {', '.join(found['unsupported'])}" if found["unsupported"] else "")
