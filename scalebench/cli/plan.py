"""scalebench plan: what a suite will cost, before anything is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from scalebench.cli.arguments import Timing, duration_s
from scalebench.cli.output import print_json, print_table
from scalebench.cli.progress import show_progress
from scalebench.jobs.plan import PlannedSuite, plan_suite
from scalebench.jobs.train_study import at_once, foreseen
from scalebench.metrics import METRICS
from scalebench.suite.case import CLASSIFYING, INPUT, Case
from scalebench.suite.load import load_suite
from scalebench.units import bytes_, duration, percent, si

if TYPE_CHECKING:
    from scalebench.jobs.choose import Choice

_COUNTS = ("macs", "params", "activations")


def plan(
    suite: Path = typer.Argument(help="Suite file, or the name of a shipped suite."),
    count: bool = typer.Option(True, help="--no-count lists the entries without starting torch."),
    protocol: Timing | None = typer.Option(None, help="How cases are timed, in place of the suite's own protocol."),
    from_: list[str] = typer.Option(
        [], "--from", metavar="RESULTS", help="Records to predict from; default those in results/ of this machine."
    ),
    budget: float | None = typer.Option(
        None, parser=duration_s, metavar="TIME",
        help="Choose what to measure within this time, such as 60m, so that the rest is predicted best.",
    ),
    out: Path | None = typer.Option(None, help="With --budget: write a suite file that measures exactly the chosen."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
) -> None:  # fmt: skip
    """Show cases, counted MACs, matched groups, and the estimated time and memory; measures nothing."""
    if out is not None and budget is None:
        raise typer.BadParameter("--out goes with --budget")
    if not count:
        _print_entries(suite, json_)
        return
    with show_progress() as announce:
        planned = plan_suite(suite, protocol=protocol and protocol.value, records=from_, announce=announce)
    if budget is None:
        print_json(_document(planned)) if json_ else _print(planned)
        return
    from scalebench.jobs.choose import choose, write_suite  # loads scipy

    choices, n_open = choose(planned, budget)
    if out is not None:
        write_suite(out, suite, planned.prepared.plan.cases, [choice.case for choice in choices])
    if json_:
        chosen = [_choice_document(choice) for choice in choices]
        print_json({"suite": planned.prepared.plan.suite, "budget_s": budget, "open": n_open, "chosen": chosen})
        return
    _print_choices(choices, n_open)
    if out is not None:
        typer.echo(f"written: {out}")


def _print_entries(suite: Path, json_: bool) -> None:
    file = load_suite(suite).suite
    models = [entry.model_dump(exclude_none=True) for entry in file.models]
    if json_:
        print_json({"suite": file.name, "models": models})
        return
    typer.echo(f"{file.name}: {len(models)} entries, {file.timing.rounds} rounds per case")
    for entry in models:
        typer.echo(f"  {entry}")


def _choice_document(choice: Choice) -> dict[str, Any]:
    return {
        **asdict(choice.case), "key": choice.case.key, "seconds": choice.seconds, "total_s": choice.total_s,
        "variance_left": choice.variance_left,
    }  # fmt: skip


def _print_choices(choices: Sequence[Choice], n_open: int) -> None:
    body = [
        [str(number), c.case.label, duration(c.seconds), duration(c.total_s), f"{c.variance_left:.1%}"]
        for number, c in enumerate(choices, 1)
    ]
    title = f"{len(choices)} of {n_open} open cases, most informative per second first"
    print_table(title, [">", "case", ">time", ">in all", ">variance left"], body)


def _document(planned: PlannedSuite) -> dict[str, Any]:
    plan, facts = planned.prepared.plan, planned.prepared.facts
    expected, low, high = planned.estimates()
    return {
        "suite": plan.suite,
        "cases": [
            {**asdict(case), "key": case.key, "macs": facts.get(case.counted(), {}).get("macs")} for case in plan.cases
        ],
        "groups": [
            {**asdict(group), "members": [{**asdict(m), "model": group.model(m)} for m in group.members]}
            for group in plan.groups
        ],
        "rounds": plan.rounds,
        "merged": plan.merged,
        "claims": list(plan.claims),
        "notes": list(plan.notes),
        "training_study": plan.study and _study_document(planned),
        "estimate": {**asdict(expected), "seconds_low": low.seconds, "seconds_high": high.seconds},
    }


def _study_document(planned: PlannedSuite) -> dict[str, Any]:
    few, many = foreseen(planned.prepared.plan, next(iter(planned.prepared.machines)))
    return {"runs": [few[0], many[0]], "seconds": [few[1], many[1]]}


def _print(planned: PlannedSuite) -> None:
    plan = planned.prepared.plan
    if plan.cases or plan.counts:
        _print_models(planned)
    inputs = [[c.model, c.camera, str(c.resolution), str(c.instances)] for c in plan.cases if c.mode == INPUT]
    if inputs:
        print_table("input pipeline, on the CPU", ["decoder", "camera", ">px", ">processes"], inputs)
    for group in plan.groups:
        title = f"{group.base}@{group.base_resolution} at {group.target:g} times {si(group.base_macs, 'MACs')}, counted"
        body = [
            [m.method, group.model(m), str(m.resolution), si(m.macs, "MACs"), percent(m.residual)]
            for m in group.members
        ]
        print_table(title, ["method", "model", ">px", ">MACs", ">residual"], body)
    for note in plan.notes:
        typer.echo(note)
    if plan.study is not None:
        typer.echo(_study_line(planned))
    if not plan.cases and plan.study is None:
        typer.echo("counted on paper; nothing is measured")
    if not plan.cases:
        return
    typer.echo(f"machine: {', '.join(machine.machine for machine in planned.prepared.machines.values())}")
    if plan.merged:
        typer.echo(f"{plan.merged} cases are named by two entries and measured once")
    typer.echo(_estimate_line(planned))


def _print_models(planned: PlannedSuite) -> None:
    plan = planned.prepared.plan
    batches: dict[Case, set[int | str]] = {}
    for case in (case for case in plan.cases if case.mode != INPUT):
        batches.setdefault(case.counted(), set()).add(case.requested_batch)
    rows = []
    for case in batches or plan.counts:
        facts = planned.prepared.facts[case]
        counts = [METRICS[name].show(facts[name]) if name in facts else "-" for name in _COUNTS]
        sizes = ", ".join(map(str, sorted(batches.get(case, ()), key=_order_of))) or "counted only"
        rows.append([case.model, str(case.resolution), *counts, sizes])
    title = f"{plan.title}: {len(plan.cases)} cases, {len(plan.counts)} models counted"
    print_table(title, ["model", ">px", ">MACs", ">parameters", ">activations", ">batch"], rows)


def _order_of(batch: int | str) -> tuple[bool, int]:
    """Numbers in their order, then what is to be searched."""
    return (False, batch) if isinstance(batch, int) else (True, 0)


def _study_line(planned: PlannedSuite) -> str:
    study, device = planned.prepared.plan.study, next(iter(planned.prepared.machines))
    assert study is not None  # noqa: S101 - the caller has looked
    (few, few_s), (many, many_s) = foreseen(planned.prepared.plan, device)
    number = at_once(device)
    return (
        f"training study {study.budget}: {study.seeds} seeds, {study.epochs} epochs of {study.images} images; {few} to "
        f"{many} training runs, {number} at once, about {duration(few_s)} to {duration(many_s)} (at an assumed rate)"
    )


def _estimate_line(planned: PlannedSuite) -> str:
    plan, (expected, low, high) = planned.prepared.plan, planned.estimates()
    source = "at an assumed rate; within a factor of three"
    if expected.predicted:
        source = f"{duration(low.seconds)} to {duration(high.seconds)}, from records of this machine"
    if 0 < expected.predicted < 1:
        source += f" for {expected.predicted:.0%} of the rounds, the rest at an assumed rate"
    classifying = sum(case.mode in CLASSIFYING for case in plan.cases)
    timed = len(plan.cases) - classifying
    work = [f"at least {plan.rounds} rounds of {timed} cases"] if timed else []
    work += [f"{classifying} cases that classify the images once"] if classifying else []
    return (
        f"estimate: {' and '.join(work)}, about {duration(expected.seconds)} "
        f"({source}), largest static peak {bytes_(expected.peak_bytes)}"
    )
