"""What ``scalebench doctor --selftest`` prints and writes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import typer

from scalebench.atomic import write_atomic
from scalebench.cli.output import plain, print_json, print_table
from scalebench.cli.progress import show_progress
from scalebench.jobs.selftest import SelfTest, selftest
from scalebench.units import duration

FAILED = 1
"""Exit code where a check has failed."""


def run_selftest(word: str, quick: bool, output: Path | None, json_: bool) -> None:
    """Check a device, print one table or the JSON document, and write the document to a file.

    Raises:
        Exit: with code 1, a check has failed.
    """
    with show_progress() as announce:
        result = selftest(word, quick, announce)
    file = output or Path(f"selftest-{result.environment.machine}-{re.sub(r'[^a-z0-9]', '', result.device)}.json")
    document = plain(result.document())
    write_atomic(file, json.dumps(document, indent=1, allow_nan=False) + "\n")
    print_json(document) if json_ else _print(result, file)
    if result.names("fail"):
        raise typer.Exit(FAILED)


def _print(result: SelfTest, file: Path) -> None:
    # Capitals mark a check that failed.
    rows = [
        [c.check.name, c.result.verdict.upper() if c.result.verdict == "fail" else c.result.verdict, c.result.finding]
        for c in result.checks
    ]
    typer.echo(f"{result.device}: {result.environment.machine}, {duration(result.seconds)}")
    print_table("", ["check", "", "finding"], rows)
    failed = result.names("fail")
    expected = {c.check.name: c.check.expects for c in result.checks}
    for name in failed:
        typer.echo(f"{name} has to hold: {expected[name]}")
    unavailable = len(result.names("not available"))
    typer.echo(f"{len(result.names('pass'))} passed, {len(failed)} failed, {unavailable} not available.")
    if unavailable:
        typer.echo("Not available is no fault: the device or this machine lacks what the check needs.")
    typer.echo(f"All figures are in {file}. To report this device, attach it to an issue.")
