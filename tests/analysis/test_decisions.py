"""When a comparison is decided, against published boundaries and simulated looks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scalebench.analysis.decisions import Decision, boundaries, decision, level_of_look
from scalebench.analysis.stats import Estimate, unknown


def test_published_boundaries_of_lan_and_demets() -> None:
    """Five looks, two-sided 5 %, O'Brien-Fleming type: ld98 and its R package ldbounds give these."""
    assert boundaries(5) == pytest.approx((4.8769, 3.3569, 2.6803, 2.2898, 2.0310), abs=2e-4)
    assert boundaries(1) == pytest.approx((1.959964,), abs=1e-6)


def test_the_last_look_is_near_o_brien_and_flemings_own() -> None:
    """C = 2.040 for five looks and 1.977 for two (Jennison and Turnbull 2000, table 2.3); spending is a little less."""
    assert boundaries(5)[-1] == pytest.approx(2.040, abs=0.01)
    assert boundaries(2)[-1] == pytest.approx(1.977, abs=0.01)


def test_levels_fall_from_nearly_certain() -> None:
    levels = [level_of_look(look, 12) for look in range(1, 13)]
    assert levels == sorted(levels, reverse=True)
    assert levels[2] > 0.9999
    assert 0.95 < levels[-1] < 0.975
    assert level_of_look(1, 1) == pytest.approx(0.95)


def test_looking_twelve_times_costs_nothing() -> None:
    """Twelve heats of known spread without any difference: 5 % of 40,000 walks cross, where 95 % each lets 21 %."""
    walks = np.random.default_rng(4).normal(size=(40_000, 12)).cumsum(axis=1) / np.sqrt(np.arange(1, 13))
    crossed = (np.abs(walks) > np.array(boundaries(12))).any(axis=1).mean()
    assert crossed == pytest.approx(0.05, abs=0.004)
    assert (np.abs(walks) > 1.96).any(axis=1).mean() > 0.2


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (1.01, 1.30, "different"),
        (0.70, 0.99, "different"),
        (0.96, 1.04, "equal"),
        (0.94, 1.04, "open"),
        (0.96, 1.06, "open"),
        (1.001, 1.02, "different"),
        (math.nan, math.nan, "open"),
    ],
)
def test_one_side_of_1_or_within_the_margin(low: float, high: float, word: Decision) -> None:
    assert decision(Estimate(math.sqrt(low * high), low, high, 5, freedom=4), 0.05) == word


def test_a_claim_is_decided_by_its_thresholds() -> None:
    """Between 1.2 and 1.5, or outside both, it is decided; on one of them it is not."""
    for low, high, word in ((1.25, 1.45, "different"), (1.6, 1.7, "different"), (1.1, 1.3, "open")):
        assert decision(Estimate(1.3, low, high, 5, freedom=4), 0.05, thresholds=(1.2, 1.5)) == word


def test_an_early_look_demands_more() -> None:
    """t(0.975, 4) = 2.776445 half-widths; at 99 % t(0.995, 4) = 4.604095: 1.658 times as far."""
    e = Estimate(1.10, 1.10 / 1.08, 1.10 * 1.08, 5, freedom=4)
    assert decision(e, 0.05) == "different"
    assert 1.08**1.658 > 1.10
    assert decision(e, 0.05, level=0.99) == "open"
    assert decision(e, 0.05, level=level_of_look(1, 100)) == "open"


def test_nothing_is_decided_without_an_estimate() -> None:
    assert decision(unknown(), 0.05) == "open"
