"""The noise floor of this machine: how much two runs of the same cases differ (A/A)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from scalebench.analysis.floor import noise_floor, run_differences
from scalebench.errors import MachineError
from scalebench.execute.abba import RoundRunner, run_once
from scalebench.execute.events import Listener, silent
from scalebench.jobs.named_cases import base_case, open_bench, open_results, resolve_cases
from scalebench.record import Environment, Record
from scalebench.store.floors import Floor, write_floor
from scalebench.suite.case import Case

CASES = ("resnet18@128", "resnet50@96", "efficientnet_b0@128", "efficientnet_b0@224")
MIN_CASES = 4
"""A floor from fewer cases is shown but not stored: one case that happens to agree would make later runs look exact."""


@dataclass(frozen=True)
class MeasuredFloor:
    """The floor; |log ratio| of latency by the case's label; the floor's file, None below ``MIN_CASES`` cases."""

    floor: Floor
    differences: Mapping[str, float]
    file: Path | None


def measure_floor(
    names: Sequence[str] = CASES,
    rounds: int = 5,
    device: str = "auto",
    protocol: str = "standard",
    folder: Path = Path("results/aa"),
    seed: int = 0,
    announce: Listener = silent,
) -> MeasuredFloor:
    """Measure the cases ``names`` (``MODEL[@RES]``) in two runs of ``rounds`` each, and store how much these differ.

    Raises:
        MachineError: another run holds the machine's lock, or no case has a latency in both runs.
    """
    with open_bench("aa", device) as (device, bench):
        cases = resolve_cases(names, base_case(device, 1, None, protocol), bench.warm, announce)
        first, second = two_runs(cases, rounds, bench, folder, announce, seed)
    return store_floor(run_differences(first, second), bench.environment)


def two_runs(
    cases: Sequence[Case], rounds: int, bench: RoundRunner, folder: Path, announce: Listener, seed: int
) -> list[list[Record]]:
    """Measure the same cases twice; each run has a server and a result file of its own."""
    runs = []
    for index in (0, 1):
        bench.warm.close()
        writer = open_results(folder, bench, f"A/A, run {index + 1} of 2", cases, rounds)
        runs.append(run_once(cases, rounds, bench, writer.append, announce, 2 * seed + index))
    return runs


def store_floor(differences: Mapping[str, float], environment: Environment) -> MeasuredFloor:
    """The floor from the differences of the cases, stored unless too few cases are behind it.

    Raises:
        MachineError: there are no differences.
    """
    if not differences:
        raise MachineError("no case could be measured in both runs", "the records say why; try smaller models")
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    share = noise_floor(list(differences.values()))
    floor = Floor(share, len(differences), now, environment.machine, tuple(differences))
    file = write_floor(environment.hw_key, floor) if floor.n >= MIN_CASES else None
    return MeasuredFloor(floor, differences, file)
