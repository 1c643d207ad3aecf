"""scalebench report: records -> HTML and JSON, without torch."""

from __future__ import annotations

from pathlib import Path

import typer


def report(
    paths: list[Path] = typer.Argument(metavar="PATH...", help="Result files, or folders of them, of one suite."),
    reports: Path = typer.Option(Path("reports"), help="Folder of the reports."),
    claims: Path | None = typer.Option(None, "--claims", help="File of your own claims beside the shipped ones."),
    json_: bool = typer.Option(False, "--json", help="Print the report's JSON on stdout."),
) -> None:
    """Write the report of stored records."""
    from scalebench.errors import StoreError
    from scalebench.store.jsonl import read_results, result_files

    stored = read_results(result_files(paths))
    suites = sorted({plan.suite for plan in stored.plans})
    if not stored.plans:
        raise StoreError("none of the files starts with a plan", "pass the files that scalebench run wrote, whole")
    if len(suites) > 1:
        raise StoreError(f"records of several suites: {', '.join(suites)}", "pass the files of one suite")
    from scalebench.cli.reporting import finish  # seaborn and scipy: not before bad input is refused

    finish(stored.plans[-1], stored, reports, json_, claims)
