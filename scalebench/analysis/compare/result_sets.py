"""compare(a, b): two result sets, case by case, with a verdict for each and one gate over all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from scipy import stats

from scalebench.analysis.compare.comparison import Compared, Comparison, NoiseScale, RankTest, gate, means_of, row_of
from scalebench.analysis.compare.gate import welch
from scalebench.analysis.compare.pairing import Pair, pair_up
from scalebench.machine.canaries import is_idle
from scalebench.metrics import METRICS
from scalebench.record import Environment, Record
from scalebench.store.floors import Floor
from scalebench.suite.device_kinds import CPU, kind_of

MARGIN = 0.03
"""Relative difference that does not matter; twice the machine's noise floor where that is more."""
_VIRTUAL_FLOOR = 0.10
"""Noise between runs, |log ratio|, where ``scalebench aa`` has not measured it."""


@dataclass(frozen=True)
class CompareOptions:
    """How two result sets are compared."""

    metrics: tuple[str, ...] = ("latency_s",)
    margin: float = MARGIN
    floors: Mapping[str, Floor] = field(default_factory=dict)  # noise between runs as measured, by hardware key
    floor: float | None = None  # the same for every machine; replaces ``floors``
    force: bool = False  # compare rounds that were timed by different methods

    def floor_of(self, environment: Environment) -> tuple[float, str, float]:
        """Noise between two runs on this machine, |log ratio|, its source, and its degrees of freedom."""
        if self.floor is not None:
            return self.floor, "given", math.inf
        if floor := self.floors.get(environment.hw_key):
            return floor.floor, f"measured by scalebench aa, {floor.basis}", floor.freedom or math.inf
        return default_floor(environment), "assumed; scalebench aa measures it", math.inf


def compare(a: Sequence[Record], b: Sequence[Record], options: CompareOptions | None = None) -> Comparison:
    """Compare B with A.

    The unit is the round: Welch's t on the logs of round medians, widened by the noise between runs, which is the
    machine's floor or the canary's drift between the two runs, whichever is larger. The margin is the larger of
    ``options.margin`` and twice the floor. Metrics in bytes have no such noise.

    Raises:
        StoreError: the sets cannot be compared, see ``pairing.pair_up``.
    """
    options = options or CompareOptions()
    pairing = pair_up(a, b, options.force)
    drifts = _drifts(pairing.pairs)
    rows = [
        row
        for pair in pairing.pairs
        for metric in options.metrics
        if (row := _compared(pair, metric, options, drifts)) is not None
    ]
    gated = gate(rows)
    return Comparison(
        gated,
        means_of(gated),
        differences=pairing.differences,
        only_a=tuple(side.label for side in pairing.only_a),
        only_b=tuple(side.label for side in pairing.only_b),
        failed=tuple(text for pair in pairing.pairs for text in _failures(pair, options.metrics)),
        notes=pairing.notes,
    )


def default_floor(environment: Environment) -> float:
    """Noise between two runs of a machine where it was not measured: GPU 2 %, CPU 5 %, virtual CPU 10 %."""
    kind = kind_of(str(environment.hardware.get("device", CPU.name)))
    cpu = environment.hardware.get("cpu") or {}
    return _VIRTUAL_FLOOR if kind.on_host and cpu.get("virtual") else kind.floor


def _compared(
    pair: Pair, metric: str, options: CompareOptions, drifts: Mapping[tuple[str, ...], float]
) -> Compared | None:
    a, b = pair.a.values(metric), pair.b.values(metric)
    if not a or not b:
        return None
    scale = _scale(pair, metric, options, drifts)
    return row_of(pair.a, pair.b, metric, welch(a, b, scale.noise, scale.freedom), RankTest(*_ranks(a, b)), scale)


def _scale(pair: Pair, metric: str, options: CompareOptions, drifts: Mapping[tuple[str, ...], float]) -> NoiseScale:
    if METRICS[metric].unit == "byte":
        return NoiseScale(options.margin)
    floor, source, freedom = max(options.floor_of(side.environment) for side in (pair.a, pair.b))
    margin, drift = max(options.margin, 2 * floor), drifts.get(_place(pair), 0.0)
    if drift > floor:
        return NoiseScale(margin, drift, "drift of the canary between the runs")
    return NoiseScale(margin, floor, source, freedom)


def _ranks(a: Sequence[float], b: Sequence[float]) -> tuple[float, float]:
    """Hodges-Lehmann ratio B / A, and the two-sided p of the Mann-Whitney test, exact where no rounds tie."""
    steps = np.subtract.outer(np.log(b), np.log(a))
    ties = len({*a, *b}) < len(a) + len(b)
    test = stats.mannwhitneyu(b, a, method="asymptotic" if ties else "exact")
    return math.exp(float(np.median(steps))), float(test.pvalue)


def _drifts(pairs: Sequence[Pair]) -> dict[tuple[str, ...], float]:
    """|log ratio| of the canary's median time between two runs on one machine, by machine, device and threads.

    Canaries beside a runtime's own threads and those of idle processes are not compared.
    """
    places: dict[tuple[str, ...], list[Pair]] = {}
    for pair in pairs:
        idle = {is_idle(record) for side in (pair.a, pair.b) for record in side.rounds}
        if pair.difference.kind != "cross-hardware" and len(idle) == 1:
            places.setdefault(_place(pair), []).append(pair)
    drifts = {}
    for place, own in places.items():
        a = [time for pair in own for time in pair.a.canaries]
        b = [time for pair in own for time in pair.b.canaries]
        if a and b:
            drifts[place] = abs(math.log(median(b) / median(a)))
    return drifts


def _place(pair: Pair) -> tuple[str, ...]:
    return pair.a.environment.hw_key, pair.a.case.device, str(pair.a.case.threads)


def _failures(pair: Pair, metrics: Sequence[str]) -> list[str]:
    """Why a pair lacks rows: sides without a good round, and metrics that a side's rounds lack."""
    sides = (("A", pair.a), ("B", pair.b))
    ends = [f"{side.ending} in {name}" for name, side in sides if not side.rounds]
    if not ends:
        ends = [
            f"no {METRICS[metric].label} in {' and '.join(lacking)}"
            for metric in metrics
            if (lacking := [name for name, side in sides if not side.values(metric)])
        ]
    return [f"{pair.a.case.label}: {', '.join(ends)}"] if ends else []
