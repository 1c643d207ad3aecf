"""When a comparison is decided, against published boundaries and simulated looks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scalebench.analysis.decisions import Decision, boundaries, decision, level_of_look
from scalebench.analysis.stats import Estimate, unknown


def test_the_error_grows_with_the_square_of_the_share_of_looks() -> None:
    """Of 200,000 walks 5 % x (k / 5)^2 have crossed by look k; the first boundary is the quantile of 0.2 %."""
    walks = np.random.default_rng(7).normal(size=(200_000, 5)).cumsum(axis=1) / np.sqrt(np.arange(1, 6))
    crossed = np.maximum.accumulate(np.abs(walks) > np.array(boundaries(5)), axis=1).mean(axis=0)
    assert crossed == pytest.approx([0.002, 0.008, 0.018, 0.032, 0.05], abs=0.0015)
    assert boundaries(5)[0] == pytest.approx(3.0902, abs=1e-4)
    assert boundaries(1) == pytest.approx((1.959964,), abs=1e-6)


def test_what_early_looks_do_not_spend_the_first_one_may() -> None:
    """Before the third of ten nothing is decided; it spends 0.09 of 5 %: the two-sided quantile of 0.45 %."""
    values = boundaries(10, 3)
    assert values[:2] == (math.inf, math.inf)
    assert values[2] == pytest.approx(2.8408, abs=1e-3)
    assert level_of_look(3, 10, 3) == pytest.approx(0.9955, abs=1e-6)
    assert level_of_look(2, 10, 3) == 1.0
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
