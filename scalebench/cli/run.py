"""scalebench run: plan, measure what is missing, analyse, report."""

from __future__ import annotations

from pathlib import Path

import typer

EXIT_INTERRUPTED = 130


def run(
    suite: Path = typer.Argument(help="Suite file."),
    results: Path = typer.Option(Path("results"), help="Folder of the result files."),
    reports: Path = typer.Option(Path("reports"), help="Folder of the reports."),
    fresh: bool = typer.Option(False, "--fresh", help="Start over; earlier files of this machine are kept as *.old."),
    retry_failed: bool = typer.Option(False, "--retry-failed", help="Measure failed cases again."),
    seed: int = typer.Option(0, help="Seed of the order of the rounds."),
    json_: bool = typer.Option(False, "--json", help="Print the report's JSON on stdout."),
) -> None:
    """Measure a suite, continuing where an earlier run stopped, and write its report."""
    from scalebench.cli.campaign import Campaign
    from scalebench.cli.preparing import prepare_suite
    from scalebench.cli.watching import watch
    from scalebench.execute.client import Worker
    from scalebench.execute.lock import machine_lock

    # The lock comes first: counting on every core would disturb another run's rounds.
    with machine_lock(), Worker() as worker:
        prepared = prepare_suite(suite, worker)
        campaign = Campaign(prepared, results / prepared.plan.suite, seed=seed, retry_failed=retry_failed)
        if fresh:
            campaign.set_aside()
        stopped = False
        try:
            with watch(prepared, campaign.missing()) as listen:
                campaign.run(worker, listen)
        except KeyboardInterrupt:
            stopped = True
    if stopped:
        left, again = len(campaign.missing()), f"{suite} --retry-failed" if retry_failed else str(suite)
        typer.echo(f"stopped; every finished round is kept, {left} are left: scalebench run {again} goes on", err=True)
    stored = campaign.stored()
    if stored.records:
        from scalebench.cli.reporting import finish  # seaborn and scipy: not before anything is refused or measured

        finish(prepared.plan, stored, reports, json_)
    if stopped:
        raise typer.Exit(EXIT_INTERRUPTED)
