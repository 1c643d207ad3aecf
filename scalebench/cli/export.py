"""scalebench export: records in the formats of other benchmarking tools; without torch."""

from __future__ import annotations

from dataclasses import asdict
from enum import Enum
from pathlib import Path

import typer

from scalebench.cli.output import print_json
from scalebench.jobs.export import ExportOptions
from scalebench.jobs.export import export as export_records
from scalebench.store.revisions import load_results


class Format(str, Enum):
    """Formats that can be written."""

    pytest_benchmark = "pytest-benchmark"
    github_action_benchmark = "github-action-benchmark"
    bencher = "bencher"
    asv = "asv"
    csv = "csv"
    parquet = "parquet"


def export(
    results: str = typer.Argument(metavar="RESULTS", help="Result file or folder of one suite; or REV:PATH."),
    to: Format = typer.Option(help="Format to write."),
    out: Path | None = typer.Option(None, help="File to write, of asv the results folder; default: print."),
    commit: str = typer.Option("", metavar="HASH", help="Commit that was measured; asv needs it."),
    json_: bool = typer.Option(False, "--json", help="Print what was written and what has no time; needs --out."),
) -> None:
    """Write records for pytest-benchmark, github-action-benchmark, Bencher or asv, or as CSV or Parquet."""
    if json_ and out is None:
        raise typer.BadParameter("--json needs --out: without it the exported file is printed")
    options = ExportOptions(to.value, out, commit)
    stored = load_results(results)
    for problem in stored.problems:
        typer.echo(f"note: {problem}", err=True)
    exported = export_records(stored, options)
    for case in exported.not_exported:
        typer.echo(f"not exported: {case}", err=True)
    if json_:
        print_json({
            "files": [str(file) for file in exported.files], "entries": exported.entries,
            "not_exported": [asdict(case) for case in exported.not_exported],
        })  # fmt: skip
        return
    for file in exported.files:
        typer.echo(f"wrote {file}")
    typer.echo(exported.text, nl=False)
