"""scalebench plan: what a suite comes to, before anything is measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from scalebench.cli.arguments import Timing

if TYPE_CHECKING:
    from scalebench.execute.estimate import Estimate
    from scalebench.execute.planner import Prepared
    from scalebench.suite.case import Case


def plan(
    suite: Path = typer.Argument(help="Suite file."),
    count: bool = typer.Option(True, help="--no-count lists the entries without starting torch."),
    protocol: Timing | None = typer.Option(None, help="How cases are timed, in place of the suite's own protocol."),
    from_: list[str] = typer.Option(
        [], "--from", metavar="RESULTS", help="Records to predict from; default those in results/ of this machine."
    ),
    budget: str | None = typer.Option(
        None, help="Choose what to measure within this time, such as 60m, so that the rest is predicted best."
    ),
    out: Path | None = typer.Option(None, help="With --budget: write a suite file that measures exactly the chosen."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
) -> None:
    """Show cases, counted MACs, matched groups with residuals, and the estimated time and memory. Measures nothing."""
    from scalebench.cli.output import print_json

    if not count:
        _outline(suite, json_)
        return
    from scalebench.cli.foreseeing import foresee, knowledge_for, records_at_hand
    from scalebench.execute.client import Worker
    from scalebench.execute.estimate import estimate
    from scalebench.jobs.prepare import prepare_suite

    if out is not None and budget is None:
        raise typer.BadParameter("--out goes with --budget")
    seconds = None if budget is None else _seconds(budget)
    with Worker() as worker:
        prepared = prepare_suite(suite, worker, protocol=protocol and protocol.value)
    knowledge = knowledge_for(prepared, records_at_hand(from_))
    foreseen = foresee(prepared, knowledge)
    if seconds is not None:
        from scalebench.cli.choosing import choose

        choose(suite, prepared, knowledge, foreseen, seconds, out, json_)
        return
    rounds = [case for case in prepared.plan.cases for _ in range(prepared.plan.rounds)]
    ends = [
        estimate(rounds, prepared.facts, lambda case, end=end: getattr(foreseen.get(case), end, None))  # type: ignore[misc]
        for end in ("value", "low", "high")
    ]
    if json_:
        print_json(_document(prepared, ends))
    else:
        _print(prepared, ends)


def _seconds(budget: str) -> float:
    from scalebench.cli.arguments import duration_s

    try:
        return duration_s(budget)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _outline(path: Path, json_: bool) -> None:
    from scalebench.cli.output import print_json
    from scalebench.suite.load import load_suite

    file = load_suite(path)
    document = {
        "suite": file.suite.name,
        "models": [entry.model_dump(exclude_none=True) for entry in file.suite.models],
    }
    if json_:
        print_json(document)
        return
    typer.echo(f"{file.suite.name}: {len(file.suite.models)} entries, {file.suite.timing.rounds} rounds per case")
    for entry in document["models"]:
        typer.echo(f"  {entry}")


def _document(prepared: Prepared, ends: list[Estimate]) -> dict[str, Any]:
    from dataclasses import asdict

    plan = prepared.plan
    return {
        "suite": plan.suite,
        "cases": [
            {**asdict(case), "key": case.key, "macs": prepared.facts.get(case.counted(), {}).get("macs")}
            for case in plan.cases
        ],
        "groups": [
            {**asdict(g), "members": [{**asdict(m), "model": g.model(m)} for m in g.members]} for g in plan.groups
        ],
        "rounds": plan.rounds,
        "merged": plan.merged,
        "claims": list(plan.claims),
        "estimate": {**asdict(ends[0]), "seconds_low": ends[1].seconds, "seconds_high": ends[2].seconds},
    }


def _print(prepared: Prepared, ends: list[Estimate]) -> None:
    from scalebench.cli.output import print_table
    from scalebench.suite.case import INPUT
    from scalebench.units import bytes_, duration, percent, si

    plan = prepared.plan
    shown: dict[str, Any] = {"macs": lambda value: si(value, "MACs"), "params": si, "activations": si}
    batches: dict[Case, set[int]] = {}
    inputs = [case for case in plan.cases if case.mode == INPUT]
    for case in (case for case in plan.cases if case.mode != INPUT):
        batches.setdefault(case.counted(), set()).add(case.batch)
    rows = []
    for case in batches or plan.counts:
        facts = prepared.facts[case]
        counted = [show(facts[name]) if name in facts else "-" for name, show in shown.items()]
        sizes = ", ".join(map(str, sorted(batches.get(case, ())))) or "counted only"
        rows.append([case.model, str(case.resolution), *counted, sizes])
    headings = [
        ("model", False),
        ("px", True),
        ("MACs", True),
        ("parameters", True),
        ("activations", True),
        ("batch", True),
    ]
    print_table(f"{plan.title}: {len(plan.cases)} cases, {len(plan.counts)} models counted", headings, rows)
    if inputs:
        body = [[c.model, c.camera, str(c.resolution), str(c.instances)] for c in inputs]
        columns = [("decoder", False), ("camera", False), ("px", True), ("processes", True)]
        print_table("input pipeline, on the CPU", columns, body)
    for group in plan.groups:
        title = f"{group.base}@{group.base_resolution} at {group.target:g} times {si(group.base_macs, 'MACs')}, counted"
        body = [
            [m.method, group.model(m), str(m.resolution), si(m.macs, "MACs"), percent(m.residual)]
            for m in group.members
        ]
        columns = [("method", False), ("model", False), ("px", True), ("MACs", True), ("residual", True)]
        print_table(title, columns, body)
    if not plan.cases:
        typer.echo("counted on paper; nothing is measured")
        return
    machines = ", ".join(machine.machine for machine in prepared.machines.values())
    typer.echo(f"machine: {machines}")
    if plan.merged:
        typer.echo(f"{plan.merged} cases are named by two entries and measured once")
    expected, low, high = ends
    said = f"estimate: at least {plan.rounds} rounds of {len(plan.cases)} cases, about {duration(expected.seconds)} "
    if expected.predicted:
        share = f"{expected.predicted:.0%}"
        rest = "" if expected.predicted == 1 else f" for {share} of the rounds, the rest at an assumed rate"
        said += f"({duration(low.seconds)} to {duration(high.seconds)}, from records of this machine{rest})"
    else:
        said += "(at an assumed rate; within a factor of three)"
    typer.echo(f"{said}, largest static peak {bytes_(expected.peak_bytes)}")
