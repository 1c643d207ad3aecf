"""compare(a, b): two result sets, case by case, with a verdict each and one gate over all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from scipy import stats

from scalebench.analysis.compare.comparison import Compared, Comparison, NoiseScale, RankTest, finish, row_of
from scalebench.analysis.compare.gate import welch
from scalebench.analysis.compare.pairing import Pair, pair_up
from scalebench.analysis.compare.sides import Side
from scalebench.metrics import METRICS
from scalebench.record import Environment, Record

MARGIN = 0.03
"""Differences below this do not matter, unless the machine's own noise is larger."""
FLOORS = {"cuda": 0.02, "cpu": 0.05, "virtual": 0.10}
"""Noise between runs until ``scalebench aa`` has measured it."""


@dataclass(frozen=True)
class CompareOptions:
    """How two result sets are compared.

    Attributes:
        metrics: names of measured metrics.
        margin: least difference that matters, relative.
        floors: noise between runs by hardware key, |log ratio|, see ``store.floors``.
        floor: the same for every machine, in place of what is known; None uses ``floors``.
        force: compare rounds that were timed by different methods.
    """

    metrics: tuple[str, ...] = ("latency_s",)
    margin: float = MARGIN
    floors: Mapping[str, float] = field(default_factory=dict)
    floor: float | None = None
    force: bool = False

    def floor_of(self, environment: Environment) -> tuple[float, str]:
        """Noise between two runs on this machine, |log ratio|, and where it is from."""
        if self.floor is not None:
            return self.floor, "given"
        if environment.hw_key in self.floors:
            return self.floors[environment.hw_key], "measured by scalebench aa"
        return default_floor(environment), "assumed; scalebench aa measures it"


def compare(a: Sequence[Record], b: Sequence[Record], terms: CompareOptions | None = None) -> Comparison:
    """Compare B with A.

    The unit is the round: Welch's t on the logs of round medians, widened by the noise between runs, which is the
    machine's floor or what the canary moved between the two runs, whichever is larger. The margin is the larger of
    ``terms.margin`` and twice the floor. Bytes know no such noise.

    Raises:
        StoreError: the sets cannot be compared, see ``pairing.pair_up``.
    """
    terms = terms or CompareOptions()
    pairing = pair_up(a, b, terms.force)
    drifts = _drifts(pairing.pairs)
    rows = [
        row
        for pair in pairing.pairs
        for metric in terms.metrics
        if (row := _compared(pair, metric, terms, drifts)) is not None
    ]
    return finish(
        rows,
        differences=pairing.differences,
        only_a=tuple(_named(side) for side in pairing.only_a),
        only_b=tuple(_named(side) for side in pairing.only_b),
        failed=tuple(text for pair in pairing.pairs for text in _failures(pair, terms.metrics)),
        notes=pairing.notes,
    )


def default_floor(environment: Environment) -> float:
    """Noise between two runs of a machine on which it was never measured: GPU 2 %, CPU 5 %, virtual CPU 10 %."""
    if environment.hardware.get("device") == "cuda":
        return FLOORS["cuda"]
    cpu = environment.hardware.get("cpu") or {}
    return FLOORS["virtual" if cpu.get("virtual") else "cpu"]


def _compared(
    pair: Pair, metric: str, terms: CompareOptions, drifts: Mapping[tuple[str, ...], float]
) -> Compared | None:
    a, b = pair.a.values(metric), pair.b.values(metric)
    if not a or not b:
        return None
    scale = _scale(pair, metric, terms, drifts)
    return row_of(pair.a, pair.b, metric, welch(a, b, scale.noise), RankTest(*_ranks(a, b)), scale)


def _scale(pair: Pair, metric: str, terms: CompareOptions, drifts: Mapping[tuple[str, ...], float]) -> NoiseScale:
    if METRICS[metric].unit == "byte":
        return NoiseScale(terms.margin)
    floor, source = max(terms.floor_of(side.environment) for side in (pair.a, pair.b))
    margin, drift = max(terms.margin, 2 * floor), drifts.get(_place(pair), 0.0)
    if drift > floor:
        return NoiseScale(margin, drift, "by so much the canary moved between the runs")
    return NoiseScale(margin, floor, source)


def _ranks(a: Sequence[float], b: Sequence[float]) -> tuple[float, float]:
    """Hodges-Lehmann ratio B / A, and the two-sided p of Mann and Whitney's test, exact where no rounds tie."""
    steps = np.subtract.outer(np.log(b), np.log(a))
    ties = len({*a, *b}) < len(a) + len(b)
    found = stats.mannwhitneyu(b, a, method="asymptotic" if ties else "exact")
    return math.exp(float(np.median(steps))), float(found.pvalue)


def _drifts(pairs: Sequence[Pair]) -> dict[tuple[str, ...], float]:
    """|log ratio| of the canary's median time between two runs on one machine, by machine, device and threads."""
    places: dict[tuple[str, ...], list[Pair]] = {}
    for pair in pairs:
        if pair.difference.kind != "cross-hardware":
            places.setdefault(_place(pair), []).append(pair)
    found = {}
    for place, here in places.items():
        a = [time for pair in here for time in pair.a.canaries]
        b = [time for pair in here for time in pair.b.canaries]
        if a and b:
            found[place] = abs(math.log(median(b) / median(a)))
    return found


def _place(pair: Pair) -> tuple[str, ...]:
    return pair.a.environment.hw_key, pair.a.case.device, str(pair.a.case.threads)


def _failures(pair: Pair, metrics: Sequence[str]) -> list[str]:
    """What has no row: sides without a good round, and metrics that a side's rounds did not deliver."""
    sides = (("A", pair.a), ("B", pair.b))
    ends = [f"{side.ending} in {name}" for name, side in sides if not side.rounds]
    if not ends:
        ends = [
            f"no {METRICS[metric].label} in {' and '.join(lacking)}"
            for metric in metrics
            if (lacking := [name for name, side in sides if not side.values(metric)])
        ]
    return [f"{pair.a.case.label}: {', '.join(ends)}"] if ends else []


def _named(side: Side) -> str:
    return f"{side.case.label} on {side.environment.machine}"
