"""Why rule, simulation and load test give different capacities: one cause after the other, with its number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from scalebench.analysis.stats import Estimate
from scalebench.execute.load_generator import Run
from scalebench.procure.load_check import Rule, ServiceLevel, Tested
from scalebench.procure.simulate import Curves, Search, Server, capacity_by_simulation, simulate
from scalebench.units import digits, seconds

_FEWEST_BATCHES = 20
"""Batches of one size from which their times under load are drawn as they are; fewer only say how much slower."""


def under_load(curves: Curves, runs: Sequence[Run]) -> tuple[Curves, float]:
    """Service times as they were in the load test, and how many times longer a batch took than alone (median).

    Args:
        curves: measured alone; their sizes are those that the server padded to.
        runs: of the load test.

    Returns: the times of a size that had few batches are those alone, longer by that factor.
    """
    found: defaultdict[int, list[float]] = defaultdict(list)
    for run in runs:
        for started, ended, images in {(one.started_s, one.ended_s, one.batch) for one in run.requests}:
            found[min(size for size in curves if size >= images)].append(ended - started)
    alone = {size: median(times) for size, times in curves.items()}
    factor = median(taken / alone[size] for size, times in found.items() for taken in times)
    return {
        size: found[size] if len(found[size]) >= _FEWEST_BATCHES else [factor * time for time in times]
        for size, times in curves.items()
    }, factor


@dataclass(frozen=True)
class Gap:
    """Why the three differ; rates in images per second.

    Attributes:
        saturation: full batches, each in its mean service time.
        busy: share of saturation at which the simulation still keeps the level.
        images_per_batch: mean in the simulation there.
        slower: how many times longer a batch took under load than alone, median.
        with_load: the simulation with the service times of the load test.
        outside_s: mean time of a request outside the queue and the model's process: client and transport, seconds.
        with_transport: the same, with that time taken off the service level.
    """

    saturation: float
    busy: float
    images_per_batch: float
    slower: float
    with_load: Estimate
    outside_s: float
    with_transport: Estimate


def gap(
    server: Server, simulated: Estimate, runs: Sequence[Run], tested: Tested, level: ServiceLevel, search: Search
) -> Gap:
    """Take the gap apart: first the simulation repeated with what the load test saw, one cause after the other.

    Args:
        server: as simulated, with the service times measured alone.
        simulated: its capacity.
        runs, tested: the load test and what it says.
        level: the service level.
        search: effort of each simulation.
    """
    at = simulate(server, simulated.value, search.requests, search.seed) if simulated.value > 0 else None
    near = tested.nearest
    curves, slower = under_load(server.curves, [run for run in runs if run.rate == near.rate])
    loaded = replace(server, curves=curves)
    outside = near.late_s + near.transport_s
    how = (level.slo_s, level.percentile)
    return Gap(
        server.saturation,
        simulated.value / server.saturation,
        float(at.batches.mean()) if at is not None else 0.0,
        slower,
        capacity_by_simulation(loaded, *how, level.overhead_s, search),
        outside,
        capacity_by_simulation(loaded, *how, level.overhead_s + outside, search),
    )


def sentences(server: Server, rule: Rule, tested: Tested, level: ServiceLevel, why: Gap) -> list[str]:
    """The gap in words."""
    p = f"p{level.percentile:g}"
    said = [
        f"rule: full batches of {rule.batch} back to back, each in its {p} time of {seconds(rule.tail_s)}, give "
        f"{digits(rule.images_per_s)} images/s; in their mean time it would be {digits(why.saturation)}"
        if rule.batch
        else f"rule: no batch keeps twice its {p} time within {seconds(level.slo_s)}",
        f"queueing: with random arrivals the level is kept up to {digits(why.busy * why.saturation)} images/s, "
        f"{digits(100 * why.busy)} % of that saturation, where a batch holds {digits(why.images_per_batch)} of "
        f"{server.cap} images on average",
        f"contention: beside its client and its own reader a batch took {digits(why.slower)} times as long as alone, "
        f"pixels to input included; simulated with these times the capacity is {digits(why.with_load.value)} images/s",
        f"transport: {seconds(why.outside_s)} of a request are client and loopback; with that taken off the level too "
        f"the simulation gives {digits(why.with_transport.value)} images/s",
    ]
    return [*said, _left(why.with_transport.value, tested)]


def _left(explained: float, tested: Tested) -> str:
    if tested.low <= explained < tested.high:
        return "left: nothing that this test resolves: what is explained lies between the rates that bound the real one"
    bound = tested.low if explained < tested.low else tested.high
    way = "above" if explained < tested.low else "below"
    return (
        f"left: the load test is {way} what is explained, {digits(bound)} against {digits(explained)} images/s: "
        "a changing host, or service times that follow each other where the simulation draws them independently"
    )
