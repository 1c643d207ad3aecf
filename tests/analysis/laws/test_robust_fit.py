import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from scalebench.analysis.laws.forms import LAWS
from scalebench.analysis.laws.robust_fit import fit_law, predict
from scalebench.analysis.power_law import power_law

X = np.geomspace(1e8, 1e11, 24)
TRUTH = {
    "power": lambda x: 3e-10 * x**0.9,
    "power_floor": lambda x: 0.02 + 3e-10 * x**0.95,
    "linear_sqrt": lambda x: 2e-11 * x + 4e-7 * np.sqrt(x),
    "double_saturating": lambda x: 0.12 + 0.6 * (x / 1e9 + 0.5) ** -0.4,
    "broken_power": lambda x: 1e-3 * (x / 1e9) ** 0.3 * (1 + (x / 5e9) ** 2) ** 0.4,
}


def _noisy(name: str, spread: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, spread, len(X))
    return np.asarray(TRUTH[name](X) * np.exp(noise))


@pytest.mark.parametrize("name", LAWS)
def test_a_known_law_is_recovered_without_noise(name: str) -> None:
    """Each form gives its own curve back to a thousandth, converged, from several starts."""
    fit = fit_law(LAWS[name], X.tolist(), TRUTH[name](X).tolist())
    assert fit.converged
    assert fit.agreeing >= 2
    assert predict(fit, X.tolist()) == pytest.approx(TRUTH[name](X), rel=1e-3)


@pytest.mark.parametrize("name", LAWS)
def test_a_known_law_is_recovered_through_noise(name: str) -> None:
    """With 3 % noise the curve lies within 5 % of the truth everywhere in the support."""
    fit = fit_law(LAWS[name], X.tolist(), _noisy(name, 0.03).tolist())
    assert np.abs(np.log(predict(fit, X.tolist()) / TRUTH[name](X))).max() < 0.05
    assert 0.01 < fit.rms < 0.04


def test_parameters_are_those_of_the_formula() -> None:
    """The power law's exponent and coefficient, about the geometric mean of x."""
    fit = fit_law(LAWS["power"], X.tolist(), TRUTH["power"](X).tolist())
    assert fit.parameters["c"] == pytest.approx(0.9, rel=1e-6)
    assert fit.parameters["b"] == pytest.approx(float(TRUTH["power"](np.array(fit.x0))), rel=1e-6)


def test_an_outlier_moves_the_robust_fit_little() -> None:
    """One point ten times too high moves the exponent by far less than it moves least squares."""
    y = _noisy("power", 0.02)
    y[-1] *= 10
    robust = fit_law(LAWS["power"], X.tolist(), y.tolist()).parameters["c"]
    plain = power_law(X.tolist(), y.tolist())
    assert plain is not None
    assert abs(robust - 0.9) < 0.02
    assert abs(plain.exponent.value - 0.9) > 3 * abs(robust - 0.9)


@pytest.mark.parametrize(("name", "needed"), [("power", 5), ("power_floor", 8), ("linear_sqrt", 5),
                                              ("double_saturating", 10), ("broken_power", 15)])  # fmt: skip
def test_too_few_points_are_refused(name: str, needed: int) -> None:
    """2.5 different x for every parameter; the same x again carries nothing."""
    x, y = X[:needed].tolist(), TRUTH[name](X[:needed]).tolist()
    assert fit_law(LAWS[name], x, y).why == ""
    short = fit_law(LAWS[name], [*x[:-1], x[0]], y)
    assert f"need {needed}" in short.why
    assert short.theta == ()
    assert np.isnan(predict(short, x)).all()


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_values_that_are_no_cost_are_refused(bad: float) -> None:
    """A logarithm needs a positive number."""
    assert "not positive" in fit_law(LAWS["power"], [1, 2, 3, 4, 5], [1, 2, 3, 4, bad]).why
    assert "not positive" in fit_law(LAWS["power"], [1, 2, 3, 4, bad], [1, 2, 3, 4, 5]).why


def test_nothing_is_predicted_outside_the_support_unasked() -> None:
    """Beyond the measured range a law says nothing, unless told to extrapolate."""
    fit = fit_law(LAWS["power"], X.tolist(), TRUTH["power"](X).tolist())
    beyond = [float(X[0]) / 2, float(X[-1]) * 2]
    assert np.isnan(predict(fit, beyond)).all()
    assert predict(fit, beyond, extrapolate=True) == pytest.approx(TRUTH["power"](np.array(beyond)), rel=1e-3)


@settings(max_examples=15, deadline=None)
@given(by_x=st.floats(1e-3, 1e3), by_y=st.floats(1e-3, 1e3))
def test_units_do_not_matter(by_x: float, by_y: float) -> None:
    """Other units of x and y give the same curve in those units."""
    y = _noisy("power_floor", 0.03)
    here, there = (fit_law(LAWS["power_floor"], (X * a).tolist(), (y * b).tolist()) for a, b in ((1, 1), (by_x, by_y)))
    assert predict(there, (X * by_x).tolist(), True) == pytest.approx(predict(here, X.tolist(), True) * by_y, rel=0.01)


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_minimum_is_that_of_scipys_robust_least_squares(name: str, seed: int) -> None:
    """Trust regions with scipy's own Huber loss find no lower loss from any start, nor from the minimum itself."""
    law, y = LAWS[name], _noisy(name, 0.06, seed)  # every third point beyond the threshold of 5 %
    y[3] *= 1.5
    fit = fit_law(law, X.tolist(), y.tolist())
    u, v = np.log(X / fit.x0), np.log(y)

    def descended(start: np.ndarray, **tolerances: float) -> optimize.OptimizeResult:
        return optimize.least_squares(
            lambda theta: law.curve(u, theta) - v, start, bounds=(-40, 40), loss="huber", f_scale=0.05, **tolerances
        )

    elsewhere = min(descended(start, max_nfev=300).cost for start in law.starts(u, v))
    assert fit.loss * len(X) <= elsewhere * (1 + 1e-7)
    peer = descended(np.asarray(fit.theta), ftol=1e-15, xtol=1e-15, gtol=1e-15)
    assert fit.loss * len(X) == pytest.approx(float(peer.cost), rel=1e-7)
    assert predict(fit, X.tolist()) == pytest.approx(np.exp(law.curve(u, peer.x)), rel=1e-6)
