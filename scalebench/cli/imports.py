"""scalebench import: results of other tools, published tables, and our own records from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from scalebench.cli.foreign_imports import TOOLS, foreign_command
from scalebench.cli.output import print_json, print_table
from scalebench.store.accuracies import Joined, join, read_accuracies
from scalebench.store.elsewhere import Arrived, read_arrivals, write_arrived
from scalebench.store.jsonl import read_results, result_files
from scalebench.store.published_tables import Imported, TimmTable, read_timm, with_accuracies, write_imported

imports = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Read results of other tools, published tables, or our own records from elsewhere.",
)
for tool, (_, line) in TOOLS.items():
    imports.command(tool, help=line)(foreign_command(tool))
_SHOWN = 20
FILES = typer.Argument(metavar="FILE...", help="Tables as timm names them: benchmark-infer-amp-nhwc-pt240-....csv.")


@imports.command()
def timm(
    files: list[Path] = FILES,
    out: Path = typer.Option(Path("results/timm"), "--out", help="Folder of the results files, one per table."),
    accuracy: Path | None = typer.Option(
        None, "--accuracy", help="Table of accuracies, results-imagenet.csv, joined on model and size."
    ),
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
) -> None:
    """Import timm's benchmark tables as records: one value per case, no interval, on a machine named imported-..."""
    tables = [read_timm(file) for file in files]
    models = [(record.case.model, record.case.resolution) for table in tables for record in table.timed]
    joined = join(models, read_accuracies(accuracy)) if accuracy else ()
    tables = [with_accuracies(table, joined) for table in tables]
    written = write_imported(tables, out)
    _print_remarks(tables)
    if json_:
        content = [_table_document(table, file) for table, file in zip(tables, written, strict=True)]
        accuracies = [{**asdict(row), "best": row.best and row.best.tag} for row in joined]
        print_json({"tables": content, "accuracies": accuracies})
        return
    _print_tables(tables, written)
    if accuracy:
        _print_joined(joined, accuracy)


@imports.command()
def records(
    files: list[Path] = typer.Argument(metavar="FILE...", help="Results files, or folders of them, of any schema."),
    out: Path = typer.Option(Path("results"), "--out", help="Folder of the results; each suite has its own below."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
) -> None:
    """Import records of another place: brought to this schema, checked, known ones left out, written as new files."""
    arrived = read_arrivals(result_files(files), read_results(sorted(out.rglob("*.jsonl"))).records)
    written = write_arrived(arrived, out)
    _print_remarks(arrived)
    content = [_arrived_document(source, file) for source, file in zip(arrived, written, strict=True)]
    if json_:
        print_json(content)
        return
    rows = [
        [row["file"], row["suite"], ", ".join(row["machines"]), str(row["records"]), row["written"] or "nothing new"]
        for row in content
    ]
    print_table("", ["file", "suite", "machines", ">new records", "written"], rows)


def _print_remarks(sources: Sequence[Imported | Arrived]) -> None:
    for source in sources:
        for remark in source.remarks:
            typer.echo(f"note: {remark}", err=True)


def _arrived_document(source: Arrived, file: Path | None) -> dict[str, Any]:
    return {
        "file": str(source.path), "suite": source.plan.suite, "machines": list(source.machines),
        "records": len(source.records), "remarks": list(source.remarks), "written": file and str(file),
    }  # fmt: skip


def _table_document(table: TimmTable, file: Path) -> dict[str, Any]:
    return {
        "file": str(table.path), "machine": table.run.environment.machine, **asdict(table.run),
        "cases": len(table.timed), "counts": len(table.records) - len(table.timed), "remarks": list(table.remarks),
        "sha256": table.sha256, "written": str(file),
    }  # fmt: skip


def _print_tables(tables: Sequence[TimmTable], written: Sequence[Path]) -> None:
    rows = [
        [
            table.run.environment.machine, table.run.mode,
            f"{table.run.precision} {table.run.layout} {table.run.runtime}",
            " cuda ".join(filter(None, (table.run.torch, table.run.cuda))),
            str(len(table.timed)), str(len(table.records) - len(table.timed)), str(file),
        ]
        for table, file in zip(tables, written, strict=True)
    ]  # fmt: skip
    columns = ["machine", "mode", "configuration", "torch", ">cases", ">counts", "written"]
    print_table("imported: one value per case, no samples, no interval", columns, rows)


def _print_joined(joined: Sequence[Joined], accuracy: Path) -> None:
    matched = sorted((row for row in joined if row.weights), key=lambda row: -row.weights[0].top1)
    rows = [
        [
            row.model, str(row.resolution), f"{row.weights[0].top1:.3f}", row.weights[0].tag or "-",
            str(len(row.weights)), ", ".join(f"{w.tag or '-'} {w.top1:.3f}" for w in row.weights),
        ]
        for row in matched[:_SHOWN]
    ]  # fmt: skip
    several = sum(len(row.weights) > 1 for row in joined)
    counts = (
        f"{len(matched)} of {len(joined)} models at their sizes are in {accuracy.name}, {several} with several weights"
    )
    title = f"{counts}: the benchmark does not say which it ran, and time does not depend on them"
    print_table(title, ["model", ">px", ">top-1, %", "best weights", ">sets", "all, best first"], rows)
    if len(matched) > _SHOWN:
        typer.echo(f"the {_SHOWN} most accurate; --json lists all {len(matched)}")
    other_sizes = sum(bool(row.elsewhere) for row in joined)
    typer.echo(f"{len(joined) - len(matched)} are not; the table has {other_sizes} of them at other sizes")
