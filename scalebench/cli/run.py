"""scalebench run: plan, measure what is missing, analyse, report."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from scalebench.cli.arguments import Timing, duration_s, size_bytes
from scalebench.errors import StoreError

if TYPE_CHECKING:
    from scalebench.cli.campaign import Campaign
    from scalebench.cli.wanted import Wanted
    from scalebench.execute.client import Worker
    from scalebench.execute.events import Listener
    from scalebench.execute.planner import Prepared

EXIT_INTERRUPTED = 130


def run(
    suite: Path = typer.Argument(help="Suite file."),
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
    from scalebench.claims.registry import with_file
    from scalebench.cli.campaign import Campaign, Options
    from scalebench.cli.preparing import prepare_suite
    from scalebench.cli.wanted import Wanted
    from scalebench.execute.client import Worker
    from scalebench.execute.lock import machine_lock

    wanted = Wanted(reports, claims, scripts=not no_js)
    options = Options(seed, retry_failed, budget, mem_limit, predict=not no_skip, peaks=not no_peaks)
    # The lock comes first: counting on every core would disturb another run's rounds.
    with machine_lock(), Worker() as worker:
        known = with_file(claims)
        prepared = prepare_suite(suite, worker, protocol and protocol.value, energy, keep_host, known)
        _refuse_unwritable(reports)
        prepared = _resolved(prepared, worker, results, options)
        campaign = Campaign(prepared, results / prepared.plan.suite, options)
        if fresh:
            campaign.set_aside()
        stopped = _measure(campaign, worker, prepared, wanted if live else None)
    if stopped:
        left, again = len(campaign.open()), f"{suite} --retry-failed" if retry_failed else str(suite)
        typer.echo(f"stopped; every finished round is kept, {left} cases are open: scalebench run {again} goes on",
                   err=True)  # fmt: skip
    stored = campaign.stored()
    if stored.records:
        from scalebench.cli.reporting import finish  # seaborn and scipy: not before anything is refused or measured

        finish(stored, wanted, json_, prepared.plan)
    if stopped:
        raise typer.Exit(EXIT_INTERRUPTED)


def _resolved(prepared: Prepared, worker: Worker, results: Path, options: Any) -> Prepared:
    """The same plan, with ``runtime: best`` replaced by what a search found."""
    if all(case.runtime != "best" for case in prepared.plan.cases):
        return prepared
    from scalebench.cli.tuning import with_best
    from scalebench.cli.watching import watch

    return with_best(prepared, worker, results, options, watch)


def _measure(campaign: Campaign, worker: Worker, prepared: Prepared, live: Wanted | None) -> bool:
    """Make the rounds; ``live``: the page that is written between them. Whether the user stopped it."""
    from scalebench.cli.watching import watch

    try:
        with watch(prepared, campaign.open(), campaign.costs) as bar:
            campaign.run(worker, bar if live is None else _paged(campaign, prepared, live, bar))
    except KeyboardInterrupt:
        return True
    return False


def _paged(campaign: Campaign, prepared: Prepared, live: Wanted, bar: Listener) -> Listener:
    from scalebench.cli.live import LivePage

    return LivePage(campaign.stored, prepared.plan, live).after(bar)


def _refuse_unwritable(reports: Path) -> None:
    try:
        reports.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=reports).close()
    except OSError as error:  # else it would be found out after hours of measuring
        raise StoreError(f"{reports} cannot be written: {error.strerror}", "--reports names another folder") from None
