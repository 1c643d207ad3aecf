"""Why bound, simulation and load test give different capacities: one cause after the other, with its number."""

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
"""Batches of one size from which on their times under load are used as they are, not only for the slowdown."""


def under_load(curves: Curves, runs: Sequence[Run]) -> tuple[Curves, float]:
    """Service times in the load test, and the median slowdown of a batch against the same batch alone.

    A size with few batches gets the times of ``curves``, measured alone, multiplied by that slowdown.
    """
    loaded: defaultdict[int, list[float]] = defaultdict(list)
    for run in runs:
        for started, ended, images in {(request.started_s, request.ended_s, request.batch) for request in run.requests}:
            loaded[min(size for size in curves if size >= images)].append(ended - started)
    alone = {size: median(times) for size, times in curves.items()}
    slowdown = median(time / alone[size] for size, times in loaded.items() for time in times)
    return {
        size: loaded[size] if len(loaded[size]) >= _FEWEST_BATCHES else [slowdown * time for time in times]
        for size, times in curves.items()
    }, slowdown


@dataclass(frozen=True)
class Gap:
    """Why the three capacities differ; rates in images per second.

    Attributes:
        saturation: full batches, each in its mean service time.
        busy: share of saturation up to which the simulation meets the service level.
        images_per_batch: mean in the simulation there.
        slower: median slowdown of a batch under load.
        with_load: the simulation with the service times of the load test.
        outside_s: mean time of a request outside the queue and the model's process: client and transport, seconds.
        with_transport: the same, with that time subtracted from the service level.
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
    """Explain the gap: repeat the simulation with what the load test measured, one cause after the other.

    ``server`` has the service times measured alone, and ``simulated`` is its capacity with them.
    """
    at_capacity = simulate(server, simulated.value, search.requests, search.seed) if simulated.value > 0 else None
    nearest = tested.nearest
    curves, slowdown = under_load(server.curves, [run for run in runs if run.rate == nearest.rate])
    loaded, outside_s = replace(server, curves=curves), nearest.late_s + nearest.transport_s
    with_load, with_transport = (
        capacity_by_simulation(loaded, level.slo_s, level.percentile, overhead_s, search)
        for overhead_s in (level.overhead_s, level.overhead_s + outside_s)
    )
    return Gap(
        server.saturation,
        simulated.value / server.saturation,
        float(at_capacity.batches.mean()) if at_capacity is not None else 0.0,
        slowdown,
        with_load,
        outside_s,
        with_transport,
    )


def sentences(server: Server, rule: Rule, tested: Tested, level: ServiceLevel, why: Gap) -> list[str]:
    """The gap in words."""
    p = f"p{level.percentile:g}"
    return [
        f"bound: full batches of {rule.batch} back to back, each in its {p} time of {seconds(rule.tail_s)}, give "
        f"{digits(rule.images_per_s)} images/s; in their mean time they would give {digits(why.saturation)}"
        if rule.batch
        else f"bound: twice the {p} time of every batch is more than {seconds(level.slo_s)}",
        f"queueing: with random arrivals the service level is met up to {digits(why.busy * why.saturation)} images/s, "
        f"{digits(100 * why.busy)} % of that saturation; a batch then holds {digits(why.images_per_batch)} of "
        f"{server.cap} images on average",
        f"contention: under load a batch took {digits(why.slower)} times as long as alone, pixels to input included, "
        f"because client and reader share the host; simulated with these times the capacity is "
        f"{digits(why.with_load.value)} images/s",
        f"transport: {seconds(why.outside_s)} of a request are client and loopback; with that time subtracted from the "
        f"service level too, the simulation gives {digits(why.with_transport.value)} images/s",
        _rest(why.with_transport.value, tested),
    ]


def _rest(explained: float, tested: Tested) -> str:
    if tested.low <= explained < tested.high:
        return "rest: none that this test resolves: the explained capacity lies between the bounds of the load test"
    bound, side = (tested.low, "above") if explained < tested.low else (tested.high, "below")
    return (
        f"rest: the load test is {side} the explained capacity, {digits(bound)} against {digits(explained)} images/s; "
        "possible causes are a changing host, or consecutive service times that are correlated, which the simulation "
        "draws independently"
    )
