"""Several parts, and what chance does to a claim of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scalebench.analysis.stats import Estimate, exact, ratio
from scalebench.claims.judged_parts import Judged, combine, corrected, decide
from scalebench.claims.registry import PartsRule

CLAIMS = 3000
"""Simulated; 2.5 % of them are 75 +- 8.6."""


def _part(estimate: Estimate, bound: float, rule: PartsRule = "all_of") -> Judged:
    """At most ``bound``, or at least where any part suffices: so that chance can decide alone."""
    low, high = (-math.inf, bound) if rule == "all_of" else (bound, math.inf)
    return Judged("part", estimate, low, high, decide(estimate, low, high))


@pytest.mark.parametrize(("rule", "word"), [("all_of", "refuted"), ("any_of", "supported")])
def test_with_every_axis_on_its_bound_few_claims_are_decided(rule: PartsRule, word: str) -> None:
    """One method against three, none of which differs: at most 2.5 % may be decided by a part alone, however many."""
    random = np.random.default_rng(11)
    times = np.exp(random.normal(0, 0.03, (CLAIMS, 4, 5)))  # claims, methods, rounds
    claims = [[_part(ratio(own[0], other), 1.0, rule) for other in own[1:]] for own in times]
    decided, alone = (
        sum(combine([part.word for part in parts], rule) == word for parts in every)
        for every in ([corrected(parts, rule) for parts in claims], claims)
    )
    assert alone > 0.035 * CLAIMS  # what a 95 % interval for each of them does
    assert decided <= 75 + 3 * 8.6


def test_one_part_and_counts_need_no_correction() -> None:
    """What cannot come out otherwise takes no share of the error: a count, and a file that always has one size."""
    size = Estimate(46e6, 46e6, 46e6 * (1 + 1e-12), 5)
    parts = corrected([_part(Estimate(1.2, 1.01, 1.4, 5), 1.0), _part(exact(0.9), 1.0), _part(size, 50e6)], "all_of")
    assert [part.word for part in parts] == ["refuted", "supported", "supported"]
    assert parts[0].level == 0.95


def test_a_part_that_decides_no_longer_says_so() -> None:
    """Of three parts one at 95 % only: open, with what it would be alone, at 1 - 0.05 / 3."""
    chance, clear = Estimate(1.2, 1.001, 1.44, 5, freedom=8), Estimate(0.5, 0.45, 0.55, 5, freedom=8)
    parts = corrected([_part(chance, 1.0), _part(clear, 1.0), _part(clear, 1.0)], "all_of")
    assert (parts[0].word, parts[0].uncorrected) == ("inconclusive", "refuted")
    assert parts[0].level == pytest.approx(0.98333, abs=1e-5)
    assert parts[1].word == "supported"  # to support takes every part, at 95 %


def test_intervals_of_another_level_have_the_quantiles_of_t() -> None:
    """Student's t with 4 degrees of freedom: 2.776 at 95 %, 3.961 at 98.33 %; normal 1.960 and 2.394."""
    four = Estimate(2.0, 2 / math.e, 2 * math.e, 5, freedom=4).at(1 - 0.05 / 3)
    assert math.log(four.high / 2) == pytest.approx(3.961 / 2.776, rel=1e-3)
    assert math.log(2 / four.low) == pytest.approx(3.961 / 2.776, rel=1e-3)
    difference = Estimate(0.1, -0.1, 0.2, 40).at(1 - 0.05 / 3)
    assert (difference.low, difference.high) == (
        pytest.approx(0.1 - 0.2 * 2.394 / 1.960, abs=1e-3), pytest.approx(0.1 + 0.1 * 2.394 / 1.960, abs=1e-3),
    )  # fmt: skip
    assert exact(3.0).at(0.99) == exact(3.0)
