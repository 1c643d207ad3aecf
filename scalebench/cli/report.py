"""scalebench report: records -> HTML and JSON, without torch."""

from __future__ import annotations

from pathlib import Path

import typer


def report(
    paths: list[str] = typer.Argument(
        None, metavar="[PATH] [B]",
        help="Result file or folder of one suite; a second one is put beside it. REV:PATH reads a git revision.",
    ),
    reports: Path = typer.Option(Path("reports"), help="Folder of the reports."),
    merge: bool = typer.Option(False, "--merge", help="Put all PATHs into one report, as one set of records."),
    previous: str | None = typer.Option(
        None, metavar="PATH", help="Earlier run to compare with; default what run --fresh has set aside."
    ),
    claims: Path | None = typer.Option(None, "--claims", help="File of your own claims beside the shipped ones."),
    no_js: bool = typer.Option(False, "--no-js", help="Write the page without scripts: no explorer, whole tables."),
    watch: bool = typer.Option(False, "--watch", help="Write the report again whenever records arrive, until Ctrl-C."),
    index: bool = typer.Option(False, "--index", help="Write index.html over all reports of the folder."),
    json_: bool = typer.Option(False, "--json", help="Print the report's JSON on stdout."),
) -> None:  # fmt: skip
    """Write the report of stored records; of two runs or machines, A B, what differs between them."""
    names = list(paths or ())
    _refuse_contradictions(names, merge, watch, index, previous)
    from scalebench.store.jsonl import read_results, result_files
    from scalebench.store.revisions import load_results

    if names:
        stored = [read_results(result_files(map(Path, names)))] if merge else [load_results(name) for name in names]
        from scalebench.report.findings import suite_plan  # seaborn and scipy: not before bad input is refused

        for results in stored:
            suite_plan(results.plans)
        from scalebench.cli.reporting import finish
        from scalebench.cli.wanted import Wanted

        wanted = Wanted(reports, claims, load_results(previous) if previous else None, not no_js)
        if watch:
            from scalebench.cli.live import keep_writing

            keep_writing(names[0], wanted)
        elif len(stored) == 1:
            finish(stored[0], wanted, json_)
        else:
            from scalebench.cli.versus import finish_comparison

            finish_comparison(names, stored, wanted, json_)
    if index:
        _write_index(reports, json_ and not names)


def _refuse_contradictions(names: list[str], merge: bool, watch: bool, index: bool, previous: str | None) -> None:
    if not names and not index:
        raise typer.BadParameter("name result files or a folder of them, or ask for the --index")
    if len(names) > 2 and not merge:
        raise typer.BadParameter(
            f"{len(names)} paths: two are put side by side, --merge puts any number into one report"
        )
    if watch and len(names) != 1:
        raise typer.BadParameter("--watch watches one file or folder")
    if previous and (len(names) > 1 and not merge):
        raise typer.BadParameter("--previous goes with one set of records: A B already compares two")


def _write_index(reports: Path, json_: bool) -> None:
    from dataclasses import asdict

    from scalebench.cli.output import print_json
    from scalebench.report.index import write_index

    page, entries = write_index(reports)
    if json_:
        print_json([asdict(entry) for entry in entries])
    else:
        typer.echo(f"index: {page} over {len(entries)} reports")
