"""The noise floor of this machine: how much runs of the same cases differ (A/A)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from scalebench.analysis.floor import noise_floor, run_values
from scalebench.errors import MachineError
from scalebench.execute.abba import RoundRunner, run_once
from scalebench.execute.events import Listener, silent
from scalebench.jobs.named_cases import base_case, open_bench, open_results, resolve_cases
from scalebench.record import Environment, Record
from scalebench.store.floors import Floor, write_floor
from scalebench.suite.case import Case

CASES = ("resnet18@128", "resnet50@96", "efficientnet_b0@128", "efficientnet_b0@224")
RUNS = 4
"""Of the same cases: with four cases twelve degrees of freedom, so that the floor is known to about a factor of 1.6."""
MIN_CASES = 4
"""A floor from fewer cases is shown but not stored: one case that happens to agree would make later runs look exact."""


@dataclass(frozen=True)
class MeasuredFloor:
    """The floor; largest |log ratio| of latency between two of the runs, by the case's label; the floor's file.

    There is no file below ``MIN_CASES`` cases.
    """

    floor: Floor
    differences: Mapping[str, float]
    file: Path | None


def measure_floor(
    names: Sequence[str] = CASES,
    rounds: int = 5,
    device: str = "auto",
    protocol: str = "standard",
    runs: int = RUNS,
    folder: Path = Path("results/aa"),
    seed: int = 0,
    announce: Listener = silent,
) -> MeasuredFloor:
    """Measure the cases ``names`` (``MODEL[@RES]``) in ``runs`` of ``rounds`` each, and store how much these differ.

    Raises:
        MachineError: another run holds the machine's lock, or no case has a latency in every run.
    """
    with open_bench("aa", device, announce) as (device, bench):
        base = base_case(device, 1, None, protocol)
        base = replace(base, protocol=replace(base.protocol, rounds=rounds, max_rounds=None))
        records = same_runs(
            resolve_cases(names, base, bench.warm, announce), rounds, runs, bench, folder, announce, seed
        )
    return store_floor(run_values(records), bench.environment)


def same_runs(
    cases: Sequence[Case], rounds: int, runs: int, bench: RoundRunner, folder: Path, announce: Listener, seed: int
) -> list[list[Record]]:
    """Measure the same cases ``runs`` times; each run has a server and a result file of its own."""
    by_run = []
    for index in range(runs):
        bench.warm.close()
        writer = open_results(folder, bench, f"A/A, run {index + 1} of {runs}", cases, rounds)
        by_run.append(run_once(cases, rounds, bench, writer.append, announce, runs * seed + index))
    return by_run


def store_floor(values: Mapping[str, Sequence[float]], environment: Environment) -> MeasuredFloor:
    """The floor from the values of the cases in each run, stored unless too few cases are behind it.

    Raises:
        MachineError: there are no values.
    """
    if not values:
        raise MachineError("no case could be measured in every run", "the records say why; try smaller models")
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    estimate = noise_floor(list(values.values()))
    floor = Floor(
        estimate.value, len(values), now, environment.machine, tuple(values), estimate.low, estimate.high, estimate.n
    )
    differences = {label: math.log(max(of_case) / min(of_case)) for label, of_case in values.items()}
    file = write_floor(environment.hw_key, floor) if floor.n >= MIN_CASES else None
    return MeasuredFloor(floor, differences, file)
