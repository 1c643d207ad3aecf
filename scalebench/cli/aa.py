"""scalebench aa: how much runs of the same cases differ on this machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from scalebench.cli.arguments import Timing
from scalebench.cli.output import print_json, print_table
from scalebench.cli.progress import show_progress
from scalebench.jobs.noise_floor import CASES, MIN_CASES, RUNS, MeasuredFloor, measure_floor
from scalebench.suite.device_kinds import AUTO, DEVICE_WORDS


def aa(
    names: list[str] | None = typer.Argument(None, metavar="[MODEL@RES]...", help=f"Default: {' '.join(CASES)}."),
    rounds: int = typer.Option(5, min=2, help="Rounds per case and run."),
    device: str = typer.Option(AUTO, help=f"{DEVICE_WORDS}."),
    protocol: Timing = typer.Option(Timing.standard, help="How a round is timed."),
    runs: int = typer.Option(RUNS, min=2, help="Runs of the same cases."),
    out: Path = typer.Option(Path("results/aa"), help="Folder of the result files, one per run."),
    seed: int = typer.Option(0, help="Seed of the order."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
) -> None:
    """Measure the same cases in several runs and store how much they differ: the machine's noise floor.

    Within a run the cases take turns in heats, as those of a suite do.

    The floor is the difference that 95 % of comparisons of two runs of one case stay below.

    scalebench compare widens its intervals by the floor, and calls nothing slower that lies within twice of it.
    """
    with show_progress() as announce:
        measured = measure_floor(names or CASES, rounds, device, protocol.value, runs, out, seed, announce)
    if json_:
        file = None if measured.file is None else str(measured.file)
        print_json({**asdict(measured.floor), "differences": dict(measured.differences), "stored": file})
    else:
        _print(measured)


def _print(measured: MeasuredFloor) -> None:
    floor = measured.floor
    rows = [(case, f"{100 * difference:.2f} %") for case, difference in measured.differences.items()]
    print_table("", ["case", ">largest |log ratio| of latency between two runs"], rows)
    typer.echo(
        f"{floor.machine}: noise floor {100 * floor.floor:.2f} % ({floor.basis}): 95 % of comparisons stay below"
    )
    typer.echo(f"stored: {measured.file}" if measured.file else f"not stored: it takes at least {MIN_CASES} cases")
