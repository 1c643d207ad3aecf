"""scalebench tune: the best configuration for one model on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import typer

from scalebench.analysis.pooling import sample_of
from scalebench.analysis.stats import Estimate, of_rounds, ratio
from scalebench.cli.arguments import CHANNELS, Timing, duration_s, size_bytes, with_channels
from scalebench.cli.output import print_json, print_table
from scalebench.cli.progress import show_progress
from scalebench.execute.search import SCREENING, SearchGoal
from scalebench.jobs.tune import Tuned, TuneOptions, tune_model
from scalebench.metrics import METRICS
from scalebench.record import Record
from scalebench.suite.case import Case
from scalebench.suite.device_kinds import AUTO, DEVICE_WORDS
from scalebench.units import digits, interval

EXIT_NOTHING = 1
_METRICS = ("latency_s", "throughput_ips", "memory_bytes")


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
    device: str = typer.Option(AUTO, help=f"{DEVICE_WORDS}."),
    protocol: Timing = typer.Option(Timing.quick, help="How the best configuration is measured once it is found."),
    results: Path = typer.Option(Path("results"), help="Folder of the result files."),
    channels: int | None = CHANNELS,
    json_: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Search runtime, precision and layout, and on request batch and copies, for the best configuration of a model.

    Every configuration is verified against eager fp32. Short rounds choose; the best one, the next ones and plain
    eager fp32 are then measured in fresh rounds, and only those are reported.
    """
    goal = SearchGoal("throughput_ips" if throughput else "latency_s", latency, memory, batches, copies)
    options = TuneOptions(with_channels([name], channels)[0], batch, threads, device, protocol.value, results)
    with show_progress() as announce:
        tuned = tune_model(options, goal, announce)
    document = _document(tuned, goal)
    print_json(document) if json_ else _print(document)
    if tuned.search.best is None:
        raise typer.Exit(EXIT_NOTHING)


def _row(case: Case, records: Sequence[Record], plain: Sequence[Record]) -> dict[str, Any]:
    """Estimates of one configuration over its fresh rounds, and its speed-up over the plain one."""
    good, base = ([record for record in rounds if record.outcome == "ok"] for rounds in (records, plain))
    row: dict[str, Any] = {"way": case.configuration, "case": case.label, "n": len(good), "batch": case.batch}
    for metric in _METRICS:
        row |= _ends(metric, of_rounds([value for record in good if (value := record.facts.get(metric))]))
    row |= _ends("speedup", ratio(*(sample_of(rounds, "throughput_ips") for rounds in (good, base))))
    errors, agreements = (
        [record.facts[name] for record in good if record.facts.get(name) is not None]
        for name in ("relative_error", "top1_agreement")
    )
    return row | {"relative_error": max(errors, default=None), "top1_agreement": min(agreements, default=None)}


def _ends(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def _document(tuned: Tuned, goal: SearchGoal) -> dict[str, Any]:
    search, plain = tuned.search, list(tuned.fresh.values())[-1]
    rows = {replace(case, protocol=SCREENING): _row(case, records, plain) for case, records in tuned.fresh.items()}
    best, fixed = (case and rows[replace(case, protocol=SCREENING)] for case in (search.best, search.fixed))
    return {
        "best": best,
        "best_at_batch": fixed,
        "fresh": list(rows.values()),
        "largest_batch": None if search.largest is None else search.largest.batch,
        "terms": asdict(goal),
        "screened": [
            {"way": r.case.configuration, "outcome": r.outcome, "why": (r.error or {}).get("message", ""),
             **{name: r.facts.get(name) for name in (*_METRICS, "relative_error")}}
            for r in search.tried if r.case.protocol == SCREENING
        ],
        "refused": dict(search.refused),
        "results": f"{tuned.folder}, {tuned.folder}-search",
    }  # fmt: skip


def _print(document: Mapping[str, Any]) -> None:
    columns = ["configuration", ">latency", ">throughput", ">memory", ">over eager fp32", ">95 % interval", ">rounds",
               ">error"]  # fmt: skip
    title = "Fresh rounds; images per s over those of eager fp32, the last row"
    print_table(title, columns, [_cells(row) for row in document["fresh"]])
    for row in document["screened"]:
        if row["outcome"] != "ok":
            typer.echo(f"out: {row['way']}: {row['outcome']}: {row['why']}")
    for configuration, reason in document["refused"].items():
        typer.echo(f"not tried: {configuration}: {reason}")
    best, fixed = document["best"], document["best_at_batch"]
    if best is not None:
        # The batch is never changed silently.
        at_batch = "" if fixed in (None, best) else f"; at the batch asked for: {fixed['way']}"
        typer.echo(f"best: {best['way']}{at_batch}")
    if document["largest_batch"] is not None:
        typer.echo(f"largest batch that was tried and ran: {document['largest_batch']}")
    typer.echo(f"{len(document['screened'])} short rounds chose; records: {document['results']}")
    if best is None:
        typer.echo("no configuration meets --slo and --memory, or none ran", err=True)


def _cells(row: Mapping[str, Any]) -> list[str]:
    numbers = (METRICS[name].show(row[name]) if row[name] and row[name] == row[name] else "-" for name in _METRICS)
    error = "-" if row["relative_error"] is None else digits(row["relative_error"])
    speedup = [f"{digits(row['speedup'])}x", interval(row["speedup_low"], row["speedup_high"])]
    return [row["way"], *numbers, *speedup, str(row["n"]), error]
