import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.analysis.stats import Estimate, exact, mean_ratio, of_rounds, ratio, ratio_of_ratios

TIMES = st.floats(1e-6, 1e4)
ROUNDS = st.lists(TIMES, min_size=2, max_size=8)


# --- one case ------------------------------------------------------------------------------------------------------


@given(value=TIMES, n=st.integers(2, 12))
def test_identical_rounds_have_no_spread(value: float, n: int) -> None:
    """Rounds that agree give their value, with an interval of no width."""
    found = of_rounds([value] * n)
    assert (found.value, found.low, found.high) == pytest.approx((value, value, value), rel=1e-9)
    assert found.n == n
    assert found.half_width == pytest.approx(0, abs=1e-9)


@given(rounds=ROUNDS)
def test_the_interval_holds_the_value(rounds: list[float]) -> None:
    """The value lies between the ends of its interval and between the extremes of the rounds."""
    found = of_rounds(rounds)
    slack = 1 + 1e-9
    assert 0 <= found.low <= found.value * slack
    assert found.value <= found.high * slack
    assert min(rounds) / slack <= found.value <= max(rounds) * slack


@given(rounds=ROUNDS, unit=st.sampled_from([1e-3, 60.0, 1e6]))
def test_the_unit_does_not_matter(rounds: list[float], unit: float) -> None:
    """In another unit all three numbers are the same times the unit."""
    one, other = of_rounds(rounds), of_rounds([value * unit for value in rounds])
    assert (other.value, other.high) == pytest.approx((one.value * unit, one.high * unit), rel=1e-6)


def test_known_rounds() -> None:
    """1, 2 and 4 have the geometric mean 2; t(0.975, 2) = 4.302653 and the logs' standard error is ln 2 / sqrt 3."""
    found = of_rounds([1.0, 2.0, 4.0])
    width = math.exp(4.302653 * math.log(2) / math.sqrt(3))
    assert found.value == pytest.approx(2.0)
    assert (found.low, found.high) == pytest.approx((2 / width, 2 * width), rel=1e-6)


def test_one_round_has_no_interval() -> None:
    """A single round says nothing about the next one."""
    found = of_rounds([0.25])
    assert (found.value, found.n) == (pytest.approx(0.25), 1)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert math.isnan(found.half_width)
    assert not found.exact


def test_no_round_has_no_value() -> None:
    """Without rounds nothing is known, and that is a value too."""
    found = of_rounds([])
    assert math.isnan(found.value)
    assert found.n == 0


@pytest.mark.parametrize(("n", "spread"), [(3, 0.05), (5, 0.2), (10, 0.05)])
def test_the_interval_covers_as_often_as_it_says(n: int, spread: float) -> None:
    """Over 2000 simulated cases with log-normal rounds the interval holds the true value in 92 to 97 % of them."""
    draws = np.exp(np.random.default_rng(20261123).normal(math.log(0.05), spread, size=(2000, n)))
    covered = sum(found.low <= 0.05 <= found.high for found in (of_rounds(list(rounds)) for rounds in draws))
    assert 0.92 <= covered / 2000 <= 0.97


# --- estimates -----------------------------------------------------------------------------------------------------


def test_a_count_is_exact() -> None:
    """A counted value has an interval of no width; a measured one has not."""
    assert exact(4.0, 2) == Estimate(4.0, 4.0, 4.0, 2, exact=True)
    assert exact(4.0).exact
    assert exact(4.0).half_width == 0
    assert not Estimate(4.0, 3.9, 4.1, 3).exact
    assert not of_rounds([4.0, 4.0, 4.0]).exact


@pytest.mark.parametrize(
    ("estimate", "half"),
    [
        (Estimate(2.0, 1.9, 2.1, 3), 0.05),
        (Estimate(-2.0, -2.1, -1.9, 3), 0.05),
        (Estimate(0.0, -1.0, 1.0, 3), math.nan),
    ],
)
def test_half_width_is_relative(estimate: Estimate, half: float) -> None:
    """Half the interval over the value's size; relative to nothing it is no number."""
    assert estimate.half_width == pytest.approx(half, nan_ok=True)


# --- ratios --------------------------------------------------------------------------------------------------------


@given(under=ROUNDS, factor=st.floats(0.01, 100))
def test_a_known_ratio_is_found(under: list[float], factor: float) -> None:
    """Rounds that are a factor apart have that ratio, inside its interval."""
    found = ratio([value * factor for value in under], under)
    assert found.value == pytest.approx(factor, rel=1e-6)
    assert found.low <= found.value * (1 + 1e-9)
    assert found.high >= found.value * (1 - 1e-9)
    assert found.n == len(under)


@given(over=ROUNDS, under=ROUNDS)
def test_the_other_way_round_is_the_reciprocal(over: list[float], under: list[float]) -> None:
    """Exchanging the two cases inverts value and interval."""
    one, other = ratio(over, under), ratio(under, over)
    assert other.value == pytest.approx(1 / one.value, rel=1e-6)
    if 0 < one.low < one.high < math.inf and other.high < math.inf:
        assert math.log(other.high) == pytest.approx(-math.log(one.low), rel=1e-6, abs=1e-6)


def test_welchs_interval() -> None:
    """Against hand-worked numbers: logs (0, 1, 2) and (0, 3) have Welch's 1.46 degrees of freedom."""
    found = ratio([1.0, math.e, math.e**2], [1.0, math.e**3])
    # variances of the means: 1/3 with 2 degrees of freedom, 4.5/2 with 1
    variance = 1 / 3 + 2.25
    freedom = variance**2 / ((1 / 3) ** 2 / 2 + 2.25**2 / 1)
    assert freedom == pytest.approx(1.3041, abs=1e-3)
    assert math.log(found.value) == pytest.approx(-0.5)
    half = math.log(found.high) - math.log(found.value)
    assert half == pytest.approx(7.463 * math.sqrt(variance), rel=0.02)
    assert found.n == 2


@pytest.mark.parametrize(("over", "under"), [([0.2], [0.1]), ([0.2], [0.1, 0.11]), ([0.2, 0.21], [0.1])])
def test_a_ratio_with_a_single_round_has_no_interval(over: list[float], under: list[float]) -> None:
    """One round on either side is a value without an interval."""
    found = ratio(over, under)
    assert found.value == pytest.approx(2, rel=0.06)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert found.n == 1


@pytest.mark.parametrize(("over", "under"), [([], []), ([0.1], []), ([], [0.1])])
def test_a_ratio_of_nothing_is_unknown(over: list[float], under: list[float]) -> None:
    """Without one of the cases there is no ratio."""
    found = ratio(over, under)
    assert math.isnan(found.value)
    assert found.n == 0


def test_the_ratios_interval_covers() -> None:
    """Over 2000 simulated pairs of unequal spread the interval holds the true ratio in 92 to 97.5 % of them."""
    rng = np.random.default_rng(7)
    over, under = np.exp(rng.normal(math.log(3), 0.1, (2000, 5))), np.exp(rng.normal(0, 0.03, (2000, 5)))
    found = [ratio(list(a), list(b)) for a, b in zip(over, under, strict=True)]
    assert 0.92 <= sum(f.low <= 3 <= f.high for f in found) / 2000 <= 0.975


def test_a_mean_of_ratios_is_their_geometric_mean() -> None:
    """Ratios 2 and 8 have the mean 4, with no spread where the rounds have none."""
    found = mean_ratio([([2.0, 2.0], [1.0, 1.0]), ([8.0, 8.0, 8.0], [1.0, 1.0])])
    assert (found.value, found.low, found.high) == pytest.approx((4, 4, 4))
    assert found.n == 2


@given(over=ROUNDS, under=ROUNDS)
def test_the_mean_of_one_ratio_is_that_ratio(over: list[float], under: list[float]) -> None:
    """Averaging over one target changes nothing."""
    assert mean_ratio([(over, under)]) == ratio(over, under)


def test_a_mean_of_more_ratios_is_narrower() -> None:
    """Independent targets with the same ratio and spread narrow the interval."""
    pair = ([2.0, 2.2, 1.9], [1.0, 1.05, 0.97])
    one, three = mean_ratio([pair]), mean_ratio([pair] * 3)
    assert three.value == pytest.approx(one.value)
    assert three.half_width < one.half_width / 1.7


def test_pairs_that_lack_a_side_do_not_count() -> None:
    """A target measured for one method only says nothing; with none left nothing is known."""
    pair = ([2.0, 2.0], [1.0, 1.0])
    assert mean_ratio([pair, ([], [1.0]), ([3.0], [])]) == mean_ratio([pair])
    assert math.isnan(mean_ratio([([], [1.0])]).value)
    assert math.isnan(mean_ratio([]).value)


def test_a_ratio_of_ratios_is_their_quotient_with_the_noise_of_all_four() -> None:
    """6 over 2 is 3; four noisy cases make a wider interval than either ratio has."""
    a, b, c, d = ([x * f for f in (0.98, 1.0, 1.02)] for x in (6.0, 1.0, 2.0, 1.0))
    found = ratio_of_ratios((a, b), (c, d))
    assert found.value == pytest.approx(3)
    assert found.low < 3 < found.high
    assert found.high / found.low > ratio(a, b).high / ratio(a, b).low
    assert found.n == 3
    assert math.isnan(ratio_of_ratios(([1.0], [1.0]), ([1.0], [1.0])).low)


def test_estimates_know_their_degrees_of_freedom() -> None:
    """Five rounds leave four; two cases of five rounds that vary alike eight (Welch); sums of three such pairs 24."""
    rounds = [0.97, 0.99, 1.0, 1.01, 1.03]
    twice = [2 * value for value in rounds]
    assert of_rounds(rounds).freedom == 4
    assert ratio(rounds, twice).freedom == pytest.approx(8)
    assert mean_ratio([(rounds, twice)] * 3).freedom == pytest.approx(24)
    assert ratio_of_ratios((rounds, twice), (twice, rounds)).freedom == pytest.approx(16)
