"""scalebench accuracy: what the artefacts that are timed get right on labelled images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from scalebench.analysis.measured_accuracy import AccuracyRow, accuracy_rows
from scalebench.analysis.pooling import sample_of
from scalebench.analysis.stats import of_rounds
from scalebench.cli.arguments import Timing
from scalebench.cli.output import print_json, print_table
from scalebench.cli.progress import show_progress
from scalebench.jobs.accuracy import AccuracyOptions, MeasuredAccuracy, measure_accuracy
from scalebench.record import Record
from scalebench.report.tables import PERCENT, span
from scalebench.suite.case import Case
from scalebench.suite.device_kinds import AUTO, DEVICE_WORDS
from scalebench.suite.labelled_images import timed_case
from scalebench.units import digits, interval, seconds

EXIT_NOTHING = 1


def accuracy(
    names: list[str] = typer.Argument(metavar="MODEL[@RES]...", help="Names or variants, with a resolution."),
    data: Path = typer.Option(..., metavar="FOLDER", help="CLASS/..., or train/CLASS/... and test/CLASS/..."),
    runtime: list[str] = typer.Option(["eager"], help="How the model is executed; may be repeated."),
    precision: list[str] = typer.Option(["fp32"], help="May be repeated; int8 is calibrated on training images."),
    weights: str | None = typer.Option(
        None, metavar="WHERE", help="Pretrained: timm, timm:TAG, a file or an installed package; default random."
    ),
    probe: bool = typer.Option(
        False, "--probe", help="Train a logistic regression on what the network returns; for networks of other classes."
    ),
    group: str | None = typer.Option(
        None, metavar="REGEX", help="What it finds in a path names images that belong together, as those of one car."
    ),
    test_share: float = typer.Option(0.3, min=0.01, max=0.99, help="Of a folder without parts, where some train."),
    batch: int = typer.Option(1, min=1, help="Images per forward pass."),
    threads: int | None = typer.Option(None, min=1, help="Threads on the CPU; default all cores."),
    device: str = typer.Option(AUTO, help=f"{DEVICE_WORDS}."),
    protocol: Timing = typer.Option(Timing.quick, help="How the same artefacts are timed."),
    no_time: bool = typer.Option(False, "--no-time", help="Time nothing."),
    results: Path = typer.Option(Path("results"), help="Folder of the result files."),
    seed: int = typer.Option(0, help="Of the division into training and test images."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Classify labelled images with the very artefacts that are timed: every runtime, at every precision.

    Each configuration is compared with the same model in fp32 as it stands, on the same images. Exit code 1: nothing
    could be classified.
    """
    options = AccuracyOptions(
        [_weighted(name, weights) for name in names], data, runtime, precision, batch, threads, device, probe,
        test_share, group, seed, None if no_time else protocol.value, results,
    )  # fmt: skip
    with show_progress() as announce:
        outcome = measure_accuracy(options, announce)
    content = document(outcome)
    print_json(content) if json_ else _print(content)
    if not any("top1" in row for row in content["configurations"]):
        raise typer.Exit(EXIT_NOTHING)


def _weighted(name: str, weights: str | None) -> str:
    model, mark, size = name.partition("@")
    return name if weights is None else f"checkpoint:{model}:{weights}{mark}{size}"


def document(outcome: MeasuredAccuracy) -> dict[str, Any]:
    """The JSON document: shares between 0 and 1, seconds."""
    data = outcome.data
    rows = {row.record.case: row for row in accuracy_rows(list(outcome.records.values()))}
    return {
        "data": data.name, "folder": data.folder, "classes": list(data.classes), "training_images": len(data.train),
        "test_images": len(data.test), "grouped": data.grouped,
        "configurations": [_row(record, rows.get(case), outcome.rounds) for case, record in outcome.records.items()],
        "results": str(outcome.folder),
    }  # fmt: skip


def _row(record: Record, row: AccuracyRow | None, rounds: Mapping[Case, Sequence[Record]]) -> dict[str, Any]:
    case = record.case
    if row is None:
        return {
            "model": case.model, "resolution": case.resolution, "configuration": timed_case(case).configuration,
            "outcome": record.outcome, "why": (record.error or {}).get("message", ""),
        }  # fmt: skip
    timed = [record for record in rounds.get(case, ()) if record.outcome == "ok"]
    latency = of_rounds(sample_of(timed, "latency_s"))
    ends = {"value": latency.value, "low": latency.low, "high": latency.high, "n": latency.n}
    return {**row.content(), "outcome": record.outcome, **({"latency_s": ends} if timed else {})}


def _print(content: Mapping[str, Any]) -> None:
    columns = ["model", "configuration", ">top-1, %", ">95 %", ">macro-F1, %", ">95 %", ">points to fp32", ">95 %",
               ">p (Holm)", ">latency", ">95 %"]  # fmt: skip
    done = [row for row in content["configurations"] if "top1" in row]
    groups = ", resampled by group" if content["grouped"] else ""
    title = f"{content['data']}: {content['test_images']} test images of {len(content['classes'])} classes{groups}"
    if done:
        print_table(title, columns, [_cells(row) for row in done])
    for row in content["configurations"]:
        if "top1" not in row:
            typer.echo(f"not classified: {row['model']}@{row['resolution']} {row['configuration']}: {row['why']}")
    for row in done:
        if "against_fp32" in row:
            typer.echo(_sentence(row))
    unreadable = max((row["unreadable"] for row in done), default=0)
    if unreadable:
        typer.echo(f"{unreadable} images could not be read and were left out; the records name them")
    typer.echo(f"records: {content['results']}")


def _cells(row: Mapping[str, Any]) -> list[str]:
    against, latency = row.get("against_fp32"), row.get("latency_s")
    return [
        f"{row['model']}@{row['resolution']}", row["configuration"], *_percent(row["top1"]), *_percent(row["macro_f1"]),
        *([*_percent(against), digits(against["p_holm"])] if against else "---"),
        *([seconds(latency["value"]), interval(1e3 * latency["low"], 1e3 * latency["high"])] if latency else "--"),
    ]  # fmt: skip


def _percent(ends: Mapping[str, float]) -> list[str]:
    return [f"{100 * ends['value']:.1f}", span(ends["low"], ends["high"], ends["n"], PERCENT)]


def _sentence(row: Mapping[str, Any]) -> str:
    """``resnet18@224, batch 1, int8 onnxruntime: loses 0.4 points (0.1 to 0.8)``."""
    against, where = row["against_fp32"], f"{row['model']}@{row['resolution']}, {row['configuration']}"
    low, high = against["low"], against["high"]
    if low <= 0 <= high:
        return f"{where}: no difference to fp32 shown, {_points(low)} to {_points(high)} points"
    if low > 0:
        return f"{where}: gains {_points(against['value'])} points ({_points(low)} to {_points(high)})"
    return f"{where}: loses {_points(-against['value'])} points ({_points(-high)} to {_points(-low)})"


def _points(share: float) -> str:
    return f"{100 * share:.1f}"
