import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.analysis.power_law import power_law

X = [1.0, 2.0, 3.0, 5.0, 8.0]


@given(exponent=st.floats(0.01, 3) | st.floats(-3, -0.01), coefficient=st.floats(1e-6, 1e6))
def test_a_power_law_is_found_again(exponent: float, coefficient: float) -> None:
    """Points on y = c x^e give e and c, with an interval of no width."""
    fit = power_law(X, [coefficient * x**exponent for x in X])
    assert fit is not None
    assert fit.exponent.value == pytest.approx(exponent, abs=1e-6)
    assert fit.coefficient == pytest.approx(coefficient, rel=1e-5)
    assert fit.exponent.high - fit.exponent.low == pytest.approx(0, abs=1e-4)
    assert fit.exponent.n == 5
    assert fit.r2 == pytest.approx(1)


def test_noise_is_in_the_interval() -> None:
    """Over 500 noisy fits the interval holds the true exponent in 92 to 97.5 % of them."""
    rng = np.random.default_rng(11)
    x = np.geomspace(1, 64, 7)
    fits = [power_law(list(x), list(2 * x**0.8 * np.exp(rng.normal(0, 0.1, 7)))) for _ in range(500)]
    covered = sum(fit is not None and fit.exponent.low <= 0.8 <= fit.exponent.high for fit in fits)
    assert 0.92 <= covered / 500 <= 0.975
    assert all(fit is not None and 0.9 < fit.r2 <= 1 for fit in fits)


def test_a_flat_law_has_exponent_zero() -> None:
    """A quantity that does not change has exponent 0, without a warning."""
    fit = power_law(X, [4.0] * 5)
    assert fit is not None
    assert (fit.exponent.value, fit.exponent.low, fit.exponent.high) == (0, 0, 0)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([], []), ([1.0], [1.0]), ([1.0, 2.0], [1.0, 2.0]), ([1.0, 1.0, 2.0, 2.0], [1.0, 1.1, 2.0, 2.1]),
        ([1.0, 2.0, 3.0], [1.0, 2.0, math.nan]), ([1.0, 2.0, math.nan], [1.0, 2.0, 3.0]),
    ],
)  # fmt: skip
def test_fewer_than_three_different_points_are_no_fit(x: list[float], y: list[float]) -> None:
    """A line through two points has no interval; a point without a number is no point."""
    assert power_law(x, y) is None


def test_points_without_a_number_are_left_out() -> None:
    """What was not measured does not spoil the rest."""
    fit = power_law([*X, 13.0], [*(x**2 for x in X), math.nan])
    assert fit is not None
    assert fit.exponent.value == pytest.approx(2)
    assert fit.exponent.n == 5
