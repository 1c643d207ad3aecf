"""Rounds measured in turns: pairs, replacements, screening."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scalebench.analysis.compare.paired import (
    Duel,
    compare_paired,
    compare_screened,
    decided,
    sign_interval,
    suspicious,
    wants_more,
)
from scalebench.analysis.stopping import SPARE
from scalebench.record import Record

Make = Callable[..., Record]
LATENCY = ("latency_s",)


@pytest.fixture
def duel(measured: Make) -> Callable[..., Duel]:
    """Pairs of two models whose times drift together by a lot and differ by a factor with 1 % noise."""

    def make(factor: float, n: int = 10, seed: int = 0, model: str = "a") -> Duel:
        rng = np.random.default_rng(seed)
        drift, noise = np.exp(rng.normal(0, 0.3, n)), np.exp(rng.normal(0, 0.01, n))
        return [
            (measured(model, 224, 0.1 * float(d), i), measured(f"{model}_b", 224, 0.1 * float(d * e) * factor, i))
            for i, (d, e) in enumerate(zip(drift, noise, strict=True))
        ]

    return make


def test_a_drift_of_thirty_percent_hides_nothing(duel: Callable[..., Duel]) -> None:
    found = compare_paired([duel(1.10), duel(1.0, seed=1)], LATENCY, 0.03)
    assert [row.verdict for row in found.rows] == ["worse", "same"]
    assert [row.gated for row in found.rows] == [True, False]
    slow = found.rows[0]
    assert slow.ratio.low < 1.10 < slow.ratio.high
    assert slow.check.low <= slow.check.ratio <= slow.check.high
    assert math.isnan(slow.check.p)
    assert (slow.noise, slow.ratio.n) == (0.0, 10)


def test_the_sign_interval_needs_six_pairs(duel: Callable[..., Duel]) -> None:
    five, six = (compare_paired([duel(1.1, n=n)], LATENCY, 0.03).rows[0].check for n in (5, 6))
    assert math.isnan(five.low)
    assert six.low < six.high


@given(st.lists(st.floats(-1, 1), min_size=6, max_size=30, unique=True))
def test_the_sign_interval_is_the_sign_test_turned_round(values: list[float]) -> None:
    """Its ends are values; below the lower one, and above the upper one, the binomial leaves at most 2.5 %."""
    low, high = sign_interval(values)
    for outside in (sum(v < low for v in values), sum(v > high for v in values)):
        assert stats.binom.cdf(outside, len(values), 0.5) <= 0.025
    assert {low, high} <= set(values)


def test_more_pairs_until_enough_count(duel: Callable[..., Duel]) -> None:
    """Doubtful pairs are replaced, up to a number; a failed round ends the duel."""
    pairs = duel(1.0, n=4)
    doubtful = [(a, replace(b, notes=("throttled: x",))) for a, b in pairs]
    assert wants_more([], 4)
    assert wants_more(pairs[:3], 4)
    assert not wants_more(pairs, 4)
    assert wants_more([*pairs[:3], doubtful[3]], 4)
    assert not wants_more([*pairs[:3], doubtful[3], pairs[3]], 4)
    assert not wants_more(doubtful * 3, 4)
    made: Duel = []
    while wants_more(made, 4):
        made = [*made, doubtful[0]]
    assert len(made) == 4 + SPARE
    failed = replace(pairs[0][1], outcome="oom")
    assert not wants_more([*pairs[:2], (pairs[2][0], failed)], 4)


def test_a_doubtful_pair_leaves_with_both_rounds(duel: Callable[..., Duel]) -> None:
    """The neighbour of a throttled round has no partner left."""
    pairs = list(duel(1.0, n=5))
    pairs[2] = (pairs[2][0], replace(pairs[2][1], notes=("throttled: x",)))
    row = compare_paired([pairs], LATENCY, 0.03).rows[0]
    assert (row.before.n, row.after.n, row.doubts) == (4, 4, ())


def test_a_duel_that_is_doubtful_throughout_is_not_gated(duel: Callable[..., Duel]) -> None:
    pairs = [(a, replace(b, notes=("throttled: x",))) for a, b in duel(1.3)]
    found = compare_paired([pairs], LATENCY, 0.03)
    assert found.rows[0].doubts == ("throttled",)
    assert not found.worse


def test_a_side_that_fails_is_said(duel: Callable[..., Duel]) -> None:
    """What was measured before stays; alone, a failed pair has no row."""
    pairs = list(duel(1.0, n=3))
    failed = (pairs[2][0], replace(pairs[2][1], outcome="oom", ending="oom_host", facts={}))
    some, none = (compare_paired([x], LATENCY, 0.03) for x in ([*pairs[:2], failed], [failed]))
    assert some.rows[0].before.n == 2
    assert none.rows == ()
    assert some.failed[0].endswith(": oom_host in B")
    assert none.failed == some.failed


def test_other_software_is_named_once(duel: Callable[..., Duel]) -> None:
    """Two models under two interpreters: one banner."""
    pairs = [[(a, replace(b, environment=replace(b.environment, sw_key="t", software={"torch": "3"})))
              for a, b in duel(1.0, seed=seed)] for seed in range(2)]  # fmt: skip
    found = compare_paired(pairs, LATENCY, 0.03)
    assert [difference.banner for difference in found.differences] == ["software differs: torch (none) -> 3"]


def test_screening_decides_on_fresh_pairs_alone(duel: Callable[..., Duel]) -> None:
    """Two of three look slower; one still does afterwards. Holm is over the two, and the third cannot fail."""
    first = [duel(1.2, n=4, model="a"), duel(1.15, n=4, model="b"), duel(1.0, n=4, model="c", seed=2)]
    assert [suspicious(x, LATENCY) for x in first] == [True, True, False]
    found = compare_screened(first, {0: duel(1.2, seed=5), 1: duel(1.0, seed=6, model="b")}, LATENCY, 0.03)
    assert [(row.a.model, row.before.n, row.gated) for row in found.rows] == [
        ("a", 10, True),
        ("b", 10, False),
        ("c", 4, False),
    ]
    assert math.isnan(found.rows[2].p_holm)
    assert found.rows[0].p_holm == pytest.approx(2 * found.rows[0].p)
    assert found.means["latency_s"].n == 3
    assert found.notes[0].startswith("2 of 3 cases differed in the screening")


def test_a_failed_screening_is_not_repeated(duel: Callable[..., Duel]) -> None:
    pairs = list(duel(1.5, n=4))
    assert not suspicious([*pairs, (pairs[0][0], replace(pairs[0][1], outcome="crashed"))], LATENCY)


def test_screening_may_find_nothing(duel: Callable[..., Duel]) -> None:
    found = compare_screened([duel(1.0, n=4)], {}, LATENCY, 0.03)
    assert len(found.rows) == 1
    assert not found.worse


def test_pairs_that_took_turns_are_compared_turn_by_turn(measured: Make) -> None:
    """B takes 1.1 times A in every turn but a disturbed one of B alone; the values of the rounds say 2.2."""
    pairs = []
    for number in range(3):
        heat, host = f"h{number}", [1.0, 5.0, 1.0, 2.0, 3.0]
        a = replace(measured("a", 224, 2.0, number), heat=heat, turns=(0, 1, 2, 3, 4), samples={"latency_s": host})
        slow = [1.1 * x for x in host[:-1]] + [90.0]
        b = replace(measured("b", 224, 4.4, number), heat=heat, turns=a.turns, samples={"latency_s": slow})
        pairs.append((a, replace(b, notes=("steal_heavy: 9 %",))))
    (row,) = compare_paired([pairs], LATENCY, 0.03).rows
    assert (row.ratio.value, row.ratio.n) == (pytest.approx(1.1), 3)
    assert not wants_more(pairs, 3)
    (memory,) = compare_paired([pairs], ("memory_bytes",), 0.03).rows
    assert memory.ratio.value == 1.0


@pytest.fixture
def heats(measured: Make) -> Callable[..., Duel]:
    """Heats with these ratios B / A in every turn, on a host whose speed differs from turn to turn."""

    def make(*ratios: float) -> Duel:
        pairs = []
        for number, ratio in enumerate(ratios):
            sides = []
            for side, factor in (("a", 1.0), ("b", ratio)):
                laps = [0.1 * factor * host for host in (1.0, 4.0, 2.0)]
                record = replace(measured(side, 224, laps[0], number), samples={"latency_s": laps}, turns=(0, 1, 2))
                sides.append(replace(record, heat=f"h{number}", notes=("host_disturbed: x",)))
            pairs.append((sides[0], sides[1]))
        return pairs

    return make


def test_a_duel_of_heats_ends_with_its_verdict(heats: Callable[..., Duel]) -> None:
    """Not before the third heat; by a difference beyond the margin, or an interval within it."""
    slower, equal, open_ = (1.25, 1.26, 1.24), (1.0005, 0.9995, 1.0), (0.9, 1.1, 1.2)
    assert [decided(heats(*ratios), LATENCY, 0.03, 20) for ratios in (slower, equal, open_)] == [True, True, False]
    assert not decided(heats(*slower[:2]), LATENCY, 0.03, 20)
    alone = [(replace(a, heat="", turns=()), replace(b, heat="", turns=())) for a, b in heats(*slower)]
    assert not decided(alone, LATENCY, 0.03, 20)


def test_an_early_look_has_the_interval_of_its_level(heats: Callable[..., Duel]) -> None:
    """Logs -0.1, 0 and 0.1, third of ten heats: 0.09 of 5 % may be spent, the quantile is t(0.99775, 2) = 14.8568."""
    pairs = heats(*map(math.exp, (-0.1, 0.0, 0.1)))
    (looked,), (fixed,) = (compare_paired([pairs], LATENCY, 0.03, heats=most).rows for most in (10, None))
    assert math.log(fixed.ratio.high) == pytest.approx(4.302653 * 0.1 / math.sqrt(3))
    assert math.log(looked.ratio.high) == pytest.approx(14.856761 * 0.1 / math.sqrt(3), rel=1e-4)
    (early,) = compare_paired([pairs[:2]], LATENCY, 0.03, heats=10).rows
    assert (math.isnan(early.ratio.low), early.verdict) == (True, "inconclusive")


def test_what_disturbs_a_heat_does_not_keep_it_from_the_gate(heats: Callable[..., Duel]) -> None:
    found = compare_paired([heats(1.25, 1.26, 1.24, 1.25)], LATENCY, 0.03, heats=10)
    assert [(row.doubts, row.gated) for row in found.rows] == [((), True)]
