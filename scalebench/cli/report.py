"""scalebench report: records -> page and JSON, or figures, tables and a summary to share; without torch."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from scalebench.cli.closing_lines import print_comparison, print_findings
from scalebench.cli.output import print_json
from scalebench.cli.progress import show_progress
from scalebench.jobs.live_page import keep_writing
from scalebench.jobs.page_options import PageOptions
from scalebench.jobs.publish import publish, publish_comparison
from scalebench.jobs.share import ShareOptions, share
from scalebench.report.findings import suite_plan
from scalebench.report.index import write_index
from scalebench.store.jsonl import Results, read_results, result_files
from scalebench.store.revisions import load_results


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
    png: list[str] = typer.Option([], metavar="ANSWER", help="Write one answer's figure, such as scaling; no page."),
    svg: list[str] = typer.Option([], metavar="ANSWER", help="The same as SVG. Both may be repeated."),
    markdown: bool = typer.Option(False, "--markdown", help="Print a summary for a pull request or wiki; no page."),
    csv: bool = typer.Option(False, "--csv", help="Write what was measured, a row per case and metric; no page."),
    parquet: bool = typer.Option(False, "--parquet", help="The same as Parquet; needs pyarrow."),
    json_: bool = typer.Option(False, "--json", help="Print the report's JSON, or the names of the files, on stdout."),
) -> None:  # fmt: skip
    """Write the report of stored records; of two runs or machines, A B, what differs between them."""
    names = list(paths or ())
    _refuse_contradictions(names, merge, watch, index, previous)
    shared = ShareOptions(reports, tuple(png), tuple(svg), csv, parquet, markdown, claims)
    if shared.anything:
        page_only = {"--watch": watch, "--index": index, "--previous": previous, "--no-js": no_js}
        _refuse_with_sharing([option for option, given in page_only.items() if given], names, merge, markdown and json_)
    if names:
        stored = [read_results(result_files(map(Path, names)))] if merge else [load_results(name) for name in names]
        for results in stored:
            suite_plan(results.plans)
        if shared.anything:
            _share(stored[0], shared, json_)
        else:
            options = PageOptions(reports, claims, load_results(previous) if previous else None, not no_js)
            _write(names, stored, options, watch, json_)
    if index:
        _write_index(reports, json_ and not names)


def _share(stored: Results, options: ShareOptions, json_: bool) -> None:
    files, summary = share(stored, options)
    if json_:
        print_json({"files": [str(file) for file in files]})
        return
    for file in files:
        typer.echo(f"wrote {file}", err=options.markdown)  # stdout is for the summary alone
    if summary:
        typer.echo(summary)


def _write(names: list[str], stored: list[Results], options: PageOptions, watch: bool, json_: bool) -> None:
    if watch:
        with show_progress() as announce:
            keep_writing(Path(names[0]), options, announce)
    elif len(stored) == 1:
        page, _ = publish(stored[0], options)
        print_findings(page, json_)
    else:
        page, comparison = publish_comparison(names, stored, options)
        print_comparison(comparison, page, json_)


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


def _refuse_with_sharing(page_only: list[str], names: list[str], merge: bool, two_formats: bool) -> None:
    if page_only:
        raise typer.BadParameter(f"{', '.join(page_only)}: for the page, which is not written with what is shared")
    if len(names) > 1 and not merge:
        raise typer.BadParameter("only one set of records can be shared; --merge makes one of several")
    if two_formats:
        raise typer.BadParameter("--json and --markdown exclude each other")


def _write_index(reports: Path, json_: bool) -> None:
    page, entries = write_index(reports)
    if json_:
        print_json([asdict(entry) for entry in entries])
    else:
        typer.echo(f"index: {page} over {len(entries)} reports")
