"""scalebench import: published tables, and our own records from elsewhere, as results files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from scalebench.store.accuracies import Joined
    from scalebench.store.elsewhere import Arrived
    from scalebench.store.published_tables import Imported

_SHOWN = 20
FILES = typer.Argument(metavar="FILE...", help="Tables as timm names them: benchmark-infer-amp-nhwc-pt240-....csv.")


def timm(
    files: list[Path] = FILES,
    out: Path = typer.Option(Path("results/timm"), "--out", help="Folder of the results files, one per table."),
    accuracy: Path | None = typer.Option(
        None, "--accuracy", help="Table of accuracies, results-imagenet.csv, joined on model and size."
    ),
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
) -> None:
    """Import timm's benchmark tables as records: one value per case, no interval, on a machine named imported-..."""
    from scalebench.cli.output import print_json
    from scalebench.store.published_tables import read_timm, with_accuracies, write_imported

    tables = [read_timm(file) for file in files]
    joined = _join(tables, accuracy) if accuracy else ()
    tables = [with_accuracies(table, joined) for table in tables]
    written = write_imported(tables, out)
    _say([remark for table in tables for remark in table.remarks])
    if json_:
        content = [_table_content(table, file) for table, file in zip(tables, written, strict=True)]
        print_json({"tables": content, "accuracies": [_joined_content(one) for one in joined]})
        return
    _print_tables(tables, written)
    if accuracy:
        _print_joined(joined, accuracy)


def records(
    files: list[Path] = typer.Argument(metavar="FILE...", help="Results files, or folders of them, of any schema."),
    out: Path = typer.Option(Path("results"), "--out", help="Folder of the results; each suite has its own below."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
) -> None:
    """Import records of another place: brought to this schema, checked, known ones left out, written as new files."""
    from scalebench.cli.output import print_json, print_table
    from scalebench.store.elsewhere import read_arrivals, write_arrived
    from scalebench.store.jsonl import read_results, result_files

    arrived = read_arrivals(result_files(files), read_results(sorted(out.rglob("*.jsonl"))).records)
    written = write_arrived(arrived, out)
    _say([remark for one in arrived for remark in one.remarks])
    content = [_arrived_content(one, file) for one, file in zip(arrived, written, strict=True)]
    if json_:
        print_json(content)
        return
    columns = [("file", False), ("suite", False), ("machines", False), ("new records", True), ("written", False)]
    rows = [
        [one["file"], one["suite"], ", ".join(one["machines"]), str(one["records"]), one["written"] or "nothing new"]
        for one in content
    ]
    print_table("", columns, rows)


def _arrived_content(one: Arrived, file: Path | None) -> dict[str, Any]:
    return {
        "file": str(one.path), "suite": one.plan.suite, "machines": list(one.machines), "records": len(one.records),
        "remarks": list(one.remarks), "written": None if file is None else str(file),
    }  # fmt: skip


def _join(tables: Sequence[Imported], accuracy: Path) -> tuple[Joined, ...]:
    from scalebench.store.accuracies import join, read_accuracies

    places = [(record.case.model, record.case.resolution) for table in tables for record in table.timed]
    return join(places, read_accuracies(accuracy))


def _say(remarks: Sequence[str]) -> None:
    for remark in remarks:
        typer.echo(f"note: {remark}", err=True)


def _table_content(table: Imported, file: Path) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "file": str(table.path), "machine": table.run.environment.machine, **asdict(table.run),
        "cases": len(table.timed), "counts": len(table.records) - len(table.timed), "remarks": list(table.remarks),
        "sha256": table.sha256, "written": str(file),
    }  # fmt: skip


def _joined_content(one: Joined) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(one), "best": None if one.best is None else one.best.tag}


def _print_tables(tables: Sequence[Imported], written: Sequence[Path]) -> None:
    from scalebench.cli.output import print_table
    from scalebench.suite.case import configuration_text

    columns = [("machine", False), ("mode", False), ("way", False), ("torch", False), ("cases", True),
               ("counts", True), ("written", False)]  # fmt: skip
    rows = [
        [
            table.run.environment.machine, table.run.mode,
            configuration_text({name: getattr(table.run, name) for name in ("precision", "layout", "runtime")}),
            " cuda ".join(filter(None, (table.run.torch, table.run.cuda))),
            str(len(table.timed)), str(len(table.records) - len(table.timed)), str(file),
        ]
        for table, file in zip(tables, written, strict=True)
    ]  # fmt: skip
    print_table("imported: one value per case, no samples, no interval", columns, rows)


def _print_joined(joined: Sequence[Joined], accuracy: Path) -> None:
    from scalebench.cli.output import print_table

    columns = [("model", False), ("px", True), ("top-1, %", True), ("best weights", False), ("sets", True),
               ("all, best first", False)]  # fmt: skip
    found = sorted((one for one in joined if one.best), key=lambda one: -one.weights[0].top1)
    rows = [
        [
            one.model, str(one.resolution), f"{one.weights[0].top1:.3f}", one.weights[0].tag or "-",
            str(len(one.weights)),
            ", ".join(f"{weights.tag or '-'} {weights.top1:.3f}" for weights in one.weights),
        ]
        for one in found[:_SHOWN]
    ]  # fmt: skip
    several = sum(len(one.weights) > 1 for one in joined)
    title = (
        f"{len(found)} of {len(joined)} models at their sizes are in {accuracy.name}, {several} with several weights"
    )
    print_table(f"{title}: the benchmark does not say which it ran, and time does not depend on them", columns, rows)
    if len(found) > _SHOWN:
        typer.echo(f"the {_SHOWN} most accurate; --json lists all {len(found)}")
    other = sum(bool(one.elsewhere) for one in joined)
    typer.echo(f"{len(joined) - len(found)} are not, {other} of which are there at other sizes")
