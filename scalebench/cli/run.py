"""scalebench run: plan, measure what is missing, analyse, report."""

from __future__ import annotations

from pathlib import Path

import typer

from scalebench.cli.arguments import Timing, duration_s, size_bytes
from scalebench.cli.closing_lines import print_findings
from scalebench.cli.progress import show_progress
from scalebench.jobs.measure_rounds import MeasureOptions
from scalebench.jobs.page_options import PageOptions
from scalebench.jobs.run_suite import RunOptions, run_suite


def run(
    suite: Path = typer.Argument(help="Suite file, or the name of a shipped suite."),
    results: Path = typer.Option(Path("results"), help="Folder of the result files."),
    reports: Path = typer.Option(Path("reports"), help="Folder of the reports."),
    fresh: bool = typer.Option(False, "--fresh", help="Start over; earlier files of this machine are kept as *.old."),
    retry_failed: bool = typer.Option(False, "--retry-failed", help="Measure failed cases again."),
    seed: int = typer.Option(0, help="Seed of the order of the rounds."),
    budget: float | None = typer.Option(
        None, parser=duration_s, metavar="TIME", help="Time for the rounds, as 90s, 20m, 2h; says what it gave up."
    ),
    mem_limit: int | None = typer.Option(
        None, parser=size_bytes, metavar="SIZE", help="Memory a case may take, as 4GiB; default 90 % of what is free."
    ),
    no_skip: bool = typer.Option(False, "--no-skip", help="Measure even what is predicted not to fit into memory."),
    no_peaks: bool = typer.Option(False, "--no-peaks", help="Do not measure the machine's peaks; no roofline then."),
    protocol: Timing | None = typer.Option(None, help="How cases are timed, in place of the suite's own protocol."),
    energy: bool = typer.Option(False, "--energy", help="Also measure energy, where the machine has a counter."),
    claims: Path | None = typer.Option(None, "--claims", help="File of your own claims beside the shipped ones."),
    no_js: bool = typer.Option(False, "--no-js", help="Write the page without scripts: no explorer, whole tables."),
    live: bool = typer.Option(
        False, "--watch", help="Write the report again and again while the run goes on, between rounds."
    ),
    keep_host: bool = typer.Option(False, "--keep-host", help="Store the host's name instead of its hash."),
    json_: bool = typer.Option(False, "--json", help="Print the report's JSON on stdout."),
) -> None:
    """Measure a suite, continuing where an earlier run stopped, and write its report."""
    options = RunOptions(
        results, MeasureOptions(seed, retry_failed, budget, mem_limit, predict=not no_skip, peaks=not no_peaks),
        protocol and protocol.value, energy, keep_host, fresh, live,
    )  # fmt: skip
    with show_progress() as announce:
        result = run_suite(suite, options, PageOptions(reports, claims, scripts=not no_js), announce)
    if result.stopped:
        again = f"{suite} --retry-failed" if retry_failed else str(suite)
        typer.echo(f"{result.open_cases} cases are open: scalebench run {again} goes on", err=True)
    if result.page is not None:
        print_findings(result.page, json_)
    if result.stopped:
        raise KeyboardInterrupt  # which gives the exit code of the signal
