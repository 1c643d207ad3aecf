"""Two cases, or one case under two interpreters, measured alternately in one run, or by turns."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy import stats

from scalebench.analysis.compare.comparison import Compared, Comparison, NoiseScale, RankTest, gate, means_of, row_of
from scalebench.analysis.compare.gate import paired
from scalebench.analysis.compare.sides import Side
from scalebench.analysis.decisions import FIRST_LOOK, level_of_look
from scalebench.analysis.fingerprint import Difference, fingerprint_difference
from scalebench.analysis.heats import log_ratio, of_record
from scalebench.analysis.stats import LEVEL
from scalebench.analysis.stopping import SPARE, counting, doubts
from scalebench.metrics import METRICS
from scalebench.record import Record

Duel = Sequence[tuple[Record, Record]]
"""Pairs of rounds of A and B, in order: consecutive ones, or of one heat."""

SUSPICIOUS = 0.05
"""One-sided p below which a screened case is measured again. Not corrected: only a miss would be final."""


def compare_paired(
    duels: Sequence[Duel], metrics: Sequence[str], margin: float, heats: int | None = None
) -> Comparison:
    """Compare the two sides of each duel, which has at least one pair.

    The effect is the mean of the paired log ratios with a t-interval: the rounds of a pair were made within a minute,
    so no noise between runs is added. Of a pair that took turns the log ratio is the median over its turns. From six
    pairs on there is also the sign test's interval of the median.

    Args:
        duels: the pairs of each.
        metrics: names of measured metrics.
        margin: relative difference that does not matter.
        heats: most heats of a duel, where a decision after each could end it, see ``decided``: the interval is that of
            the look. None where their number was fixed.
    """
    rows: list[Compared] = []
    failed: list[str] = []
    differences: dict[str, Difference] = {}
    for duel in duels:
        a, b = _sides(duel)
        difference = fingerprint_difference(a.environment, b.environment)
        differences.setdefault(difference.banner, difference)
        own = [row for metric in metrics if (row := _row(a, b, metric, margin, heats)) is not None]
        rows += own
        failed += _failures(a, b, {row.metric for row in own}, metrics)
    gated = gate(rows)
    return Comparison(gated, means_of(gated), tuple(differences.values()), failed=tuple(failed))


def wants_more(duel: Duel, rounds: int) -> bool:
    """Whether to measure another pair: until ``rounds`` are usable, with ``SPARE`` replacements, or one fails."""
    marks = _marks(duel)
    return all(ok for ok, _ in marks) and sum(counting(marks)) < rounds and len(duel) < rounds + SPARE


def decided(duel: Duel, metrics: Sequence[str], margin: float, heats: int) -> bool:
    """Whether a duel whose pairs took turns needs no more of its at most so many heats: every metric has a verdict."""
    if len(duel) < FIRST_LOOK or not all(a.heat and b.heat for a, b in duel):
        return False
    rows = compare_paired([duel], metrics, margin, heats).rows
    return len(rows) == len(metrics) and all(row.verdict != "inconclusive" for row in rows)


def suspicious(duel: Duel, metrics: Sequence[str]) -> bool:
    """Whether a screened duel succeeded and looks different before any correction."""
    rows = compare_paired([duel], metrics, 0.0).rows
    looks = any(row.p <= SUSPICIOUS or row.p >= 1 - SUSPICIOUS for row in rows)
    return looks and all(ok for ok, _ in _marks(duel))


def compare_screened(
    first: Sequence[Duel],
    again: Mapping[int, Duel],
    metrics: Sequence[str],
    margin: float,
    heats: int | None = None,
) -> Comparison:
    """Compare duels of which the suspicious ones were measured again.

    Those are decided on their fresh pairs alone, with Holm over them only: the pairs that raised a suspicion cannot
    confirm it. The others are listed as screened and cannot fail the gate.

    Args:
        first: screening pairs of every duel.
        again: fresh pairs by index in ``first``.
        metrics: names of measured metrics.
        margin: least difference that matters, relative.
        heats: of the fresh pairs, see ``compare_paired``.
    """
    fresh = compare_paired(list(again.values()), metrics, margin, heats)
    rest = compare_paired([duel for index, duel in enumerate(first) if index not in again], metrics, margin)
    screened = (replace(row, p_holm=math.nan, q=math.nan, gated=False) for row in rest.rows)
    rows = (*fresh.rows, *screened)
    differences = tuple({d.banner: d for d in (*fresh.differences, *rest.differences)}.values())
    note = f"{len(again)} of {len(first)} cases differed in the screening and were decided on fresh pairs"
    return Comparison(rows, means_of(rows), differences, failed=(*fresh.failed, *rest.failed), notes=(note,))


def sign_interval(values: Sequence[float]) -> tuple[float, float]:
    """Distribution-free interval of the median, at least 95 %; NaN below six values."""
    interval = stats.quantile_test(np.asarray(values), q=0, p=0.5).confidence_interval(LEVEL)
    return float(interval.low), float(interval.high)


def _marks(duel: Duel) -> list[tuple[bool, tuple[str, ...]]]:
    return [(a.outcome == b.outcome == "ok", (*doubts(a), *doubts(b))) for a, b in duel]


def _sides(duel: Duel) -> tuple[Side, Side]:
    marks = _marks(duel)
    used = [pair for pair, counts in zip(duel, counting(marks), strict=True) if counts]
    used = used or [pair for pair, (ok, _) in zip(duel, marks, strict=True) if ok]
    ends = [next((r.ending for r in side if r.outcome != "ok"), "ok") for side in zip(*duel, strict=True)]
    (a, b), (rounds_a, rounds_b) = duel[-1], ([pair[i] for pair in used] for i in (0, 1))
    return Side(a.case, a.environment, tuple(rounds_a), ends[0]), Side(b.case, b.environment, tuple(rounds_b), ends[1])


def _row(a: Side, b: Side, metric: str, margin: float, heats: int | None) -> Compared | None:
    before, after = a.values(metric), b.values(metric)
    if not before or len(before) != len(after):
        return None
    logs = [_log_by_turns(*pair, metric) for pair in zip(a.rounds, b.rounds, strict=True)]
    if any(map(math.isnan, logs)):
        logs = [math.log(y / x) for x, y in zip(before, after, strict=True)]
    by_turns = all(record.heat for record in a.rounds)
    effect = paired(logs, _level(len(logs), heats) if by_turns and heats else LEVEL)
    low, high = (math.exp(end) for end in sign_interval(logs))
    check = RankTest(math.exp(float(np.median(logs))), low=low, high=high)
    row = row_of(a, b, metric, effect, check, NoiseScale(margin))
    return replace(row, doubts=()) if by_turns else row  # what disturbs a heat disturbs both of its rounds


def _level(look: int, heats: int) -> float:
    return level_of_look(min(look, heats), heats, min(FIRST_LOOK, heats))


def _log_by_turns(a: Record, b: Record, metric: str) -> float:
    """Log of B / A by turns; NaN where they are not of one heat, and of metrics that turns lack."""
    before, after = (of_record(record).get(metric) for record in (a, b))
    return math.nan if a.heat != b.heat or before is None or after is None else log_ratio(after.logs, before.logs)


def _failures(a: Side, b: Side, delivered: Collection[str], metrics: Sequence[str]) -> list[str]:
    ends = [f"{side.ending} in {name}" for name, side in (("A", a), ("B", b)) if side.ending != "ok"]
    lacking = ", ".join(METRICS[metric].label for metric in metrics if metric not in delivered)
    reason = ", ".join(ends) or (f"{lacking} missing in some rounds" if lacking else "")
    return [f"{a.case.label}: {reason}"] if reason else []
