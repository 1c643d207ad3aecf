"""scalebench aa: how much two runs of one and the same case differ on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from scalebench.cli.arguments import Timing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scalebench.execute.abba import Bench
    from scalebench.execute.events import Listener
    from scalebench.record import Record
    from scalebench.store.floors import Floor
    from scalebench.suite.case import Case

CASES = ("resnet18@128", "resnet50@96", "efficientnet_b0@128", "efficientnet_b0@224")
FEWEST = 4
"""Cases below which a floor is shown and not stored: one that happens to agree would make later runs look exact."""


def aa(
    names: list[str] | None = typer.Argument(None, metavar="[MODEL@RES]...", help=f"Default: {' '.join(CASES)}."),
    rounds: int = typer.Option(5, min=2, help="Rounds per case and run."),
    device: str = typer.Option("auto", help="auto, cpu or cuda:N."),
    protocol: Timing = typer.Option(Timing.standard, help="How a round is timed."),
    out: Path = typer.Option(Path("results/aa"), help="Folder of the two result files."),
    seed: int = typer.Option(0, help="Seed of the order."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
) -> None:
    """Measure the same cases in two runs and store how much they differ: the machine's noise floor.

    scalebench compare widens its intervals by it, and calls nothing slower that lies within twice of it.
    """
    from scalebench.analysis.floor import run_differences
    from scalebench.cli.side_by_side import cases_of, starting_case, watch
    from scalebench.execute.abba import Bench, describe
    from scalebench.execute.client import Worker
    from scalebench.execute.lock import machine_lock

    with machine_lock(), Worker() as warm, Worker(fork=False) as fresh:
        where, environment = describe(warm, device)
        cases = cases_of(names or CASES, starting_case(where, 1, None, protocol.value), warm)
        with watch() as listen:
            runs = two_runs(cases, rounds, Bench("aa", environment, warm, fresh), out, listen, seed)
    differences = run_differences(*runs)
    floor = floor_of(differences, environment.machine)
    _say(floor, differences, keep(floor, environment.hw_key), json_)


def two_runs(
    cases: Sequence[Case], rounds: int, bench: Bench, out: Path, listen: Listener, seed: int
) -> tuple[list[Record], list[Record]]:
    """The same cases twice, one run after the other, each with a server and a result file of its own."""
    from scalebench.cli.side_by_side import plan_of, writer_of
    from scalebench.execute.abba import run_once

    machine, hw_key = bench.environment.machine, bench.environment.hw_key
    runs: list[list[Record]] = []
    for number in (0, 1):
        bench.warm.close()
        writer = writer_of(out, plan_of("aa", f"A/A, run {number + 1} of 2", cases, rounds, hw_key), machine)
        runs.append(run_once(cases, rounds, bench, writer.append, listen, 2 * seed + number))
    return runs[0], runs[1]


def floor_of(differences: Mapping[str, float], machine: str) -> Floor:
    """The floor that the differences of the cases make.

    Raises:
        MachineError: no case has a number in both runs.
    """
    from datetime import datetime, timezone

    from scalebench.analysis.floor import noise_floor
    from scalebench.errors import MachineError
    from scalebench.store.floors import Floor

    if not differences:
        raise MachineError("no case could be measured in both runs", "the records say why; try smaller models")
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return Floor(noise_floor(list(differences.values())), len(differences), now, machine, tuple(differences))


def keep(floor: Floor, hw_key: str) -> Path | None:
    """Store the floor, unless too few cases are behind it."""
    from scalebench.store.floors import write_floor

    return write_floor(hw_key, floor) if floor.n >= FEWEST else None


def _say(floor: Floor, differences: Mapping[str, float], file: Path | None, json_: bool) -> None:
    from dataclasses import asdict

    from scalebench.cli.output import print_json, print_table

    if json_:
        stored = None if file is None else str(file)
        print_json({**asdict(floor), "differences": dict(differences), "stored": stored})
        return
    columns = [("case", False), ("|log ratio| of latency", True)]
    print_table("", columns, [(case, f"{100 * found:.2f} %") for case, found in differences.items()])
    which = "the largest of" if floor.n < 20 else "95th percentile of"
    typer.echo(f"{floor.machine}: noise floor {100 * floor.floor:.2f} %, {which} {floor.n} cases in two runs")
    typer.echo(f"stored: {file}" if file else f"not stored: fewer than {FEWEST} cases say too little")
