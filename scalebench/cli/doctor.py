"""scalebench doctor: what this machine is, what it can do at most, and how far its numbers can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scalebench.cli.examining import Findings
    from scalebench.machine.ability import Ability, Peak
    from scalebench.machine.checks import Check

UNTRUSTED = 1
"""Exit code where something that decides trust is missing or bad."""


def doctor(
    quick: bool = typer.Option(False, "--quick", help="Measure nothing: only what can be read at once."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
) -> None:
    """Show this machine's peaks, its noise, and what it can and cannot measure, with what to do about it.

    Peaks are measured once a week and take about 10 s per device, the noise 5 s. Exit code 1: something makes numbers
    from here untrustworthy as things are.
    """
    from scalebench.cli.examining import examine
    from scalebench.cli.output import print_json

    found = examine(quick)
    if json_:
        print_json(_document(found))
    else:
        _print(found)
    if found.deciding:
        raise typer.Exit(UNTRUSTED)


def _document(found: Findings) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "trusted": not found.deciding,
        "deciding": found.deciding,
        "machines": {device: asdict(environment) for device, environment in found.machines.items()},
        "abilities": [asdict(ability) for ability in found.abilities],
        "checks": [asdict(check) for check in found.checks],
    }


def _print(found: Findings) -> None:
    for device, environment in found.machines.items():
        typer.echo(f"{device}: {environment.machine}, hardware {environment.hw_key}, software {environment.sw_key}")
    for ability in found.abilities:
        _print_peaks(ability)
    if not found.abilities:
        typer.echo("peaks: not measured yet with this hardware and software")
    _print_checks(found.checks)
    if found.deciding:
        typer.echo(f"numbers from here are not to be trusted now: {', '.join(found.deciding)}")
    else:
        typer.echo("nothing decisive speaks against numbers from here")


def _print_peaks(ability: Ability) -> None:
    from scalebench.cli.output import print_table

    columns = [("peak", False), ("best", True), ("sustained", True), ("at", False), ("note", False)]
    rows = [_row(name, peak) for name, peak in (*ability.matmul.items(), *ability.bandwidth.items())]
    when = ability.started[:16].replace("T", " ")
    print_table(f"{ability.device}, {ability.threads} threads, measured {when} UTC", columns, rows)


def _row(name: str, peak: Peak) -> list[str]:
    from scalebench.units import si

    return [name, si(peak.best, peak.unit), si(peak.sustained, peak.unit), peak.shape, peak.note]


def _print_checks(checks: Sequence[Check]) -> None:
    from scalebench.cli.output import print_table

    columns = [("check", False), ("", False), ("found", False), ("what to do", False)]
    # Capitals mark what decides.
    rows = [[c.name, c.state.upper() if c.decides else c.state, c.finding, c.advice] for c in checks]
    print_table("", columns, rows)
