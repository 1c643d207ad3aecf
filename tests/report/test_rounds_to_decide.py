"""How many rounds per case decide an open verdict."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from scipy import stats

from scalebench.analysis.stats import Estimate
from scalebench.claims.judge import Verdict
from scalebench.claims.judged_parts import Judged, Word
from scalebench.claims.registry import registry
from scalebench.report.rounds_to_decide import rounds_to_decide
from tests.report.literal_report import CLAIMS


def _verdict(value: float, low: float, high: float, bound: float, word: Word = "inconclusive", n: int = 3) -> Verdict:
    part = Judged("part", Estimate(value, low, high, n), -math.inf, bound, word)
    return Verdict(CLAIMS[0], word, value, low, high, n, "cpu-a", "batch 1, fp32", "why", (part,))


def test_four_times_the_rounds_halve_the_interval() -> None:
    """Of many rounds: there the t-quantile no longer moves."""
    near = _verdict(1.0, 1 / 1.21, 1.21, 1.1, n=100_000)
    assert rounds_to_decide(near) == pytest.approx(4 * 100_000, rel=1e-4)


@pytest.mark.parametrize(("n", "share"), [(3, 0.5), (3, 0.1), (5, 0.9), (20, 0.3)])
def test_so_many_rounds_and_no_fewer_reach_the_bound(n: int, share: float) -> None:
    """Half-width of Welch's interval of two cases of m rounds each: t(2m - 2) times a standard error over root m."""

    def half_width(m: float) -> float:
        return float(stats.t.ppf(0.975, 2 * m - 2)) / math.sqrt(m)

    bound = math.exp(share * math.log(1.21))
    found = rounds_to_decide(_verdict(1.0, 1 / 1.21, 1.21, bound, n=n))
    assert half_width(found) / half_width(n) == pytest.approx(share, rel=1e-6)
    assert half_width(math.ceil(found)) <= share * half_width(n) < half_width(math.ceil(found) - 1)


def test_all_open_parts_must_be_decided_for_support_and_one_for_refutation() -> None:
    def part(value: float, bound: float) -> Judged:
        return Judged("part", Estimate(value, value / 1.2, value * 1.2, 3), -math.inf, bound, "inconclusive")

    def needed(*parts: Judged) -> float:
        return rounds_to_decide(replace(_verdict(1.0, 0.8, 1.2, 1.1), parts=parts))

    near, far, beyond = part(1.0, 1.05), part(1.0, 1.15), part(1.12, 1.0)
    assert needed(near, far) == needed(near) > needed(far)
    assert needed(near, beyond) == needed(beyond) < needed(near)


def test_where_any_part_suffices_one_open_part_inside_decides() -> None:
    def part(value: float) -> Judged:
        return Judged("part", Estimate(value, value / 1.2, value * 1.2, 3), -math.inf, 1.1, "inconclusive")

    def needed(*parts: Judged) -> float:
        verdict = _verdict(1.0, 0.8, 1.2, 1.1)
        return rounds_to_decide(replace(verdict, claim=CLAIMS[0].model_copy(update={"rule": "any_of"}), parts=parts))

    assert needed(part(1.0), part(1.2)) == needed(part(1.0))
    assert needed(part(1.2), part(1.25)) == needed(part(1.2)) > needed(part(1.25))


@pytest.mark.parametrize("machine", ["on paper", "any machine"])
def test_no_round_is_advised_for_what_is_counted(machine: str) -> None:
    """RS-04: an exponent of counts, 0.198 [0.147, 0.249] against 0.215, was given "about 61 rounds per case"."""
    counted = replace(_verdict(0.198, 0.147, 0.249, 0.215, n=7), machine=machine, way="")
    assert math.isnan(rounds_to_decide(counted))


def test_no_round_is_advised_where_the_interval_comes_from_the_choice_of_models() -> None:
    """EM-01: a rank correlation of 37 cases was given "72 rounds per case in place of 37"."""
    ranks = replace(_verdict(0.73, 0.616, 0.861, 0.8, n=37), claim=registry()["EM-01"])
    assert math.isnan(rounds_to_decide(ranks))


def test_on_its_bound_no_number_of_rounds_decides_and_without_an_interval_none_is_known() -> None:
    assert math.isinf(rounds_to_decide(_verdict(1.1, 1.0, 1.2, 1.1)))
    assert math.isnan(rounds_to_decide(_verdict(1.0, math.nan, math.nan, 1.1, n=1)))
