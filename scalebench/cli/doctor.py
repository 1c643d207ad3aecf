"""scalebench doctor: what this machine is, its peaks and its noise, and how far its measurements can be trusted."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from scalebench.cli.output import print_json, print_table
from scalebench.cli.progress import show_progress
from scalebench.jobs.examine import MachineExamination, examine
from scalebench.machine.ability import Ability
from scalebench.suite.device_kinds import AUTO, DEVICE_WORDS
from scalebench.units import si

UNTRUSTED = 1
"""Exit code where a check that decides trust has failed."""


def doctor(
    device: str = typer.Argument(AUTO, help=f"For --selftest: {DEVICE_WORDS}."),
    self_test: bool = typer.Option(
        False, "--selftest", help="Check in three minutes what measurements on DEVICE rest on; writes one JSON file."
    ),
    quick: bool = typer.Option(
        False, "--quick", help="Measure nothing: only what can be read at once. A self-test only shows that it runs."
    ),
    out: Path | None = typer.Option(None, "--out", help="File of the self-test; default selftest-MACHINE-DEVICE.json."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
) -> None:
    """Show this machine's peaks, its noise, and what it can and cannot measure, with what to do about it.

    Peaks are measured once a week and take about 10 s per device, the noise 5 s. Exit code 1: at least one check rules
    out trusting measurements from this machine. With --selftest exit code 1: at least one of its checks failed.
    """
    if self_test:
        from scalebench.cli.selftest import run_selftest  # reads the catalogue, which the rest does not need

        run_selftest(device, quick, out, json_)
        return
    if out is not None or device != AUTO:
        raise typer.BadParameter("DEVICE and --out go with --selftest")
    with show_progress() as announce:
        examination = examine(quick, announce)
    print_json(_document(examination)) if json_ else _print(examination)
    if examination.deciding:
        raise typer.Exit(UNTRUSTED)


def _document(examination: MachineExamination) -> dict[str, Any]:
    return {"trusted": not examination.deciding, "deciding": examination.deciding, **asdict(examination)}


def _print(examination: MachineExamination) -> None:
    for device, environment in examination.machines.items():
        typer.echo(f"{device}: {environment.machine}, hardware {environment.hw_key}, software {environment.sw_key}")
    for ability in examination.abilities:
        _print_peaks(ability)
    if not examination.abilities:
        typer.echo("peaks: not measured yet with this hardware and software")
    # Capitals mark a check that decides.
    rows = [[c.name, c.state.upper() if c.decides else c.state, c.finding, c.advice] for c in examination.checks]
    print_table("", ["check", "", "finding", "what to do"], rows)
    if examination.deciding:
        typer.echo(f"Do not trust measurements from this machine now: {', '.join(examination.deciding)}.")
    else:
        typer.echo("No check rules out trusting measurements from this machine.")


def _print_peaks(ability: Ability) -> None:
    rows = [
        [name, si(peak.best, peak.unit), si(peak.sustained, peak.unit), peak.shape, peak.note]
        for name, peak in (*ability.matmul.items(), *ability.bandwidth.items())
    ]
    when = ability.started[:16].replace("T", " ")
    print_table(
        f"{ability.device}, {ability.threads} threads, measured {when} UTC",
        ["peak", ">best", ">sustained", "at", "note"],
        rows,
    )
