"""scalebench tune: the best way to run one model here."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from scalebench.cli.arguments import Timing, duration_s, size_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scalebench.execute.planner import Prepared
    from scalebench.execute.search import SearchGoal, SearchResult
    from scalebench.record import Record
    from scalebench.suite.case import Case
    from scalebench.suite.protocol import Protocol

EXIT_NOTHING = 1


def tune(
    name: str = typer.Argument(metavar="MODEL[@RES]", help="Name or variant, with a resolution; default native."),
    batch: int = typer.Option(1, min=1, help="Images per forward pass; stays what it is unless --batches is given."),
    throughput: bool = typer.Option(False, "--throughput", help="Search for images per s in place of latency."),
    batches: bool = typer.Option(False, "--batches", help="Also try larger batches."),
    copies: bool = typer.Option(False, "--copies", help="Also try several copies that share out the cores."),
    latency: float | None = typer.Option(
        None, "--slo", parser=duration_s, metavar="TIME", help="Longest latency of a batch, as 50ms."
    ),
    memory: int | None = typer.Option(
        None, parser=size_bytes, metavar="SIZE", help="Most memory of all copies, as 2GiB."
    ),
    threads: int | None = typer.Option(None, min=1, help="Threads on the CPU; default every usable core."),
    device: str = typer.Option("auto", help="auto, cpu or cuda:N."),
    protocol: Timing = typer.Option(Timing.quick, help="How the best way is measured once it is found."),
    results: Path = typer.Option(Path("results"), help="Folder of the result files."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Search runtime, precision and layout, and on request batch and copies, for the best way to run a model.

    Every way is verified against eager fp32. Short rounds choose; the best way, the next ones and the plain eager one
    are then measured in fresh rounds, and only those are reported.
    """
    from scalebench.cli.campaign import Options
    from scalebench.cli.output import print_json
    from scalebench.cli.tuning import campaign_over, find_best, measured
    from scalebench.cli.watching import watch
    from scalebench.execute.client import Worker
    from scalebench.execute.lock import machine_lock
    from scalebench.execute.search import SearchGoal
    from scalebench.suite.protocol import PROTOCOLS

    terms = SearchGoal("throughput_ips" if throughput else "latency_s", latency, memory, batches, copies)
    options = Options(peaks=False)
    with machine_lock(), Worker() as worker:
        prepared, plain = _prepare(name, batch, threads, device, worker)
        folder = results / prepared.plan.suite
        found = find_best(prepared, plain, terms, worker, results, options, watch)
        final = _finalists(found, plain, PROTOCOLS[protocol.value])
        fresh = measured(campaign_over(prepared, final, folder, options), final, worker, watch)
    rows = {case: _row(case, records, fresh[final[-1]]) for case, records in fresh.items()}
    document = _document(found, rows, terms, folder)
    print_json(document) if json_ else _print(document)
    if found.best is None:
        raise typer.Exit(EXIT_NOTHING)


def _prepare(name: str, batch: int, threads: int | None, device: str, worker: Any) -> tuple[Prepared, Case]:
    """The counted model, and the plain way to run it, all under the name of a suite of its own."""
    from scalebench.cli.side_by_side import cases_of, plan_of, starting_case
    from scalebench.execute.abba import describe
    from scalebench.execute.counting import Paper
    from scalebench.execute.planner import Prepared, count_all

    where, environment = describe(worker, device)
    plain = cases_of([name], starting_case(where, batch, threads, "quick"), worker)[0]
    facts = count_all({plain.counted(): ("inference",)}, Paper(worker))
    suite = "tune-" + re.sub(r"[^a-z0-9]+", "-", f"{plain.model}-{plain.resolution}".lower()).strip("-")
    plan = plan_of(suite, f"The best way to run {plain.model}@{plain.resolution}", [plain], 1, environment.hw_key)
    return Prepared(replace(plan, counts=(plain.counted(),)), facts, {where: environment}), plain


def _finalists(found: SearchResult, plain: Case, protocol: Protocol) -> list[Case]:
    """The best, the best at the batch asked for, the next, and last the plain way that all are held against."""
    chosen = [case for case in (found.best, found.fixed, *found.others) if case is not None]
    cases = dict.fromkeys(replace(case, protocol=protocol) for case in chosen)
    plain = replace(plain, protocol=protocol)
    return [*(case for case in cases if case != plain), plain]


def _row(case: Case, records: Sequence[Record], plain: Sequence[Record]) -> dict[str, Any]:
    """Estimates of one way over its fresh rounds, and its ratios to the plain one; None where it has none."""
    from scalebench.analysis.stats import of_rounds, ratio

    good, base = ([record for record in found if record.outcome == "ok"] for found in (records, plain))
    row: dict[str, Any] = {"way": case.configuration, "case": case.label, "n": len(good), "batch": case.batch}
    for metric in ("latency_s", "throughput_ips", "memory_bytes"):
        values = [value for record in good if (value := record.facts.get(metric))]
        e = of_rounds(values)
        row |= {metric: e.value, f"{metric}_low": e.low, f"{metric}_high": e.high}
    speed = [[r.facts["throughput_ips"] for r in found] for found in (good, base)]
    e = ratio(*speed) if all(speed) else of_rounds([])
    row |= {"speedup": e.value, "speedup_low": e.low, "speedup_high": e.high}
    errors = [r.facts["relative_error"] for r in good if r.facts.get("relative_error") is not None]
    same = [r.facts["top1_agreement"] for r in good if r.facts.get("top1_agreement") is not None]
    return row | {"relative_error": max(errors, default=None), "top1_agreement": min(same, default=None)}


def _document(
    found: SearchResult, rows: Mapping[Case, dict[str, Any]], terms: SearchGoal, folder: Path
) -> dict[str, Any]:
    from scalebench.execute.search import SCREENING

    screened = [r for r in found.tried if r.case.protocol == SCREENING]
    by_way = {replace(case, protocol=SCREENING): row for case, row in rows.items()}
    best, fixed = (case and by_way[replace(case, protocol=SCREENING)] for case in (found.best, found.fixed))
    return {
        "best": best,
        "best_at_batch": fixed,
        "fresh": list(rows.values()),
        "largest_batch": None if found.largest is None else found.largest.batch,
        "terms": asdict(terms),
        "screened": [
            {"way": r.case.configuration, "outcome": r.outcome, "why": (r.error or {}).get("message", ""),
             **{name: r.facts.get(name) for name in ("latency_s", "throughput_ips", "memory_bytes", "relative_error")}}
            for r in screened
        ],
        "refused": dict(found.refused),
        "results": f"{folder}, {folder}-search",
    }  # fmt: skip


def _print(document: Mapping[str, Any]) -> None:
    from scalebench.cli.output import print_table
    from scalebench.metrics import METRICS
    from scalebench.units import digits, interval

    def shown(row: Mapping[str, Any], metric: str) -> str:
        value = row[metric]
        return METRICS[metric].show(value) if value and value == value else "-"

    columns = [("way of running", False), ("latency", True), ("throughput", True), ("memory", True),
               ("over eager fp32", True), ("95 % interval", True), ("rounds", True), ("error", True)]  # fmt: skip
    body = [
        [
            row["way"], *(shown(row, m) for m in ("latency_s", "throughput_ips", "memory_bytes")),
            f"{digits(row['speedup'])}x", interval(row["speedup_low"], row["speedup_high"]), str(row["n"]),
            "-" if row["relative_error"] is None else digits(row["relative_error"]),
        ]
        for row in document["fresh"]
    ]  # fmt: skip
    print_table("Fresh rounds; images per s over those of eager fp32, the last row", columns, body)
    wrong = [row for row in document["screened"] if row["outcome"] != "ok"]
    for row in wrong:
        typer.echo(f"out: {row['way']}: {row['outcome']}: {row['why']}")
    for way, why in document["refused"].items():
        typer.echo(f"not tried: {way}: {why}")
    if document["best"] is not None:
        typer.echo(f"best: {document['best']['way']}{_at_batch(document)}")
    if document["largest_batch"] is not None:
        typer.echo(f"largest batch that was tried and ran: {document['largest_batch']}")
    typer.echo(f"{len(document['screened'])} short rounds chose; records: {document['results']}")
    if document["best"] is None:
        typer.echo("no way of running keeps to the terms", err=True)


def _at_batch(document: Mapping[str, Any]) -> str:
    """The best at the batch asked for, where it is another one: a batch is never changed silently."""
    fixed = document["best_at_batch"]
    return "" if fixed in (None, document["best"]) else f"; at the batch asked for: {fixed['way']}"
