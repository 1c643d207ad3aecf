import math

import numpy as np
import pytest

from scalebench.analysis.laws.choice import choose, law_ratio, left_out, winner
from scalebench.analysis.laws.forms import LAWS
from scalebench.analysis.laws.robust_fit import fit_law

X = np.geomspace(1e8, 2e10, 20)
SIMPLE = [LAWS[name] for name in ("power", "power_floor", "linear_sqrt")]
FLOOR = 0.02 + 3e-11 * X


def _noise(spread: float) -> np.ndarray:
    return np.exp(np.random.default_rng(1).normal(0, spread, len(X)))


def test_the_law_that_made_the_points_comes_first() -> None:
    """A floor that is there beats laws without one, and the plain power law is not tied with it."""
    found = choose(X.tolist(), (FLOOR * _noise(0.02)).tolist(), SIMPLE)
    by_name = {candidate.fit.law.name: candidate for candidate in found}
    best = winner(found)
    assert best is not None
    assert best.fit.law.name == "power_floor"
    assert not by_name["power"].tied
    assert by_name["power"].error > 3 * by_name["power_floor"].error
    assert [c.error for c in found] == sorted(c.error for c in found)


def test_a_tie_goes_to_the_simplest() -> None:
    """Laws that contain the power law fit its points as well; the one with fewest parameters is named."""
    y = 3e-10 * X**0.9 * _noise(0.05)
    found = choose(X.tolist(), y.tolist())
    best = winner(found)
    assert best is not None
    assert best.fit.law.name == "power"
    assert sum(candidate.tied for candidate in found) > 1


def test_extrapolation_tells_what_leaving_out_does_not() -> None:
    """A power law through points with a floor misses the largest quarter by more than the law with the floor."""
    found = {c.fit.law.name: c for c in choose(X.tolist(), (FLOOR * _noise(0.01)).tolist(), SIMPLE)}
    assert found["power"].extrapolation > 2 * found["power_floor"].extrapolation


def test_a_law_that_the_points_do_not_carry_is_last_and_never_tied() -> None:
    """Ten points carry four parameters, not six; the refusal keeps its reason."""
    found = choose(X[::2].tolist(), FLOOR[::2].tolist())
    last = found[-1]
    assert (last.fit.law.name, last.tied) == ("broken_power", False)
    assert "need 15" in last.fit.why
    assert math.isnan(last.error)
    assert math.isnan(law_ratio(X[::2].tolist(), FLOOR[::2].tolist(), LAWS["broken_power"], LAWS["power"]).value)


def test_where_nothing_can_be_fitted_no_law_wins() -> None:
    """Three points carry no law."""
    assert winner(choose([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])) is None


def test_a_ratio_of_errors_says_which_law_fits() -> None:
    """Below 1 with its whole interval for the true law, its inverse the other way round."""
    y = (FLOOR * _noise(0.02)).tolist()
    ours = law_ratio(X.tolist(), y, LAWS["power_floor"], LAWS["power"])
    theirs = law_ratio(X.tolist(), y, LAWS["power"], LAWS["power_floor"])
    assert ours.low < ours.value < ours.high < 1
    assert theirs.value == pytest.approx(1 / ours.value)
    assert ours.n == 20
    assert law_ratio(X.tolist(), y, LAWS["power_floor"], LAWS["power"]) == ours


def test_points_of_one_x_are_left_out_together() -> None:
    """A model measured twice must not vouch for itself."""
    x, y = np.repeat(X, 2), np.repeat(3e-10 * X**0.9, 2)
    y[0] *= 2
    y[1] *= 2
    errors = left_out(fit_law(LAWS["power"], x.tolist(), y.tolist()), x.tolist(), y.tolist())
    assert errors[0] == errors[1]
    assert abs(errors[0]) > 0.5


def test_a_law_that_contains_another_is_not_better_by_rounding() -> None:
    """On points of a power law the floor vanishes, and both curves are one: nothing is decided, and they are tied."""
    for seed in range(5):
        y = (3e-10 * X**0.9 * np.exp(np.random.default_rng(seed).normal(0, 0.05, len(X)))).tolist()
        found = law_ratio(X.tolist(), y, LAWS["power_floor"], LAWS["power"])
        assert found.low < 1 < found.high
    exact = law_ratio(X.tolist(), (3e-10 * X**0.9).tolist(), LAWS["power_floor"], LAWS["power"])
    assert 0.1 < exact.value < 10


def test_models_of_one_family_are_no_independent_witnesses() -> None:
    """Six near copies of every point leave the interval as wide as it was, once they are named as one family."""
    y, copies = FLOOR * _noise(0.1), 6
    once = law_ratio(X.tolist(), y.tolist(), LAWS["linear_sqrt"], LAWS["power"])
    near = np.repeat(X, copies) * np.tile(1 + 1e-4 * np.arange(copies), len(X))
    names = [str(family) for family in np.repeat(np.arange(len(X)), copies)]
    often = [
        law_ratio(near.tolist(), np.repeat(y, copies).tolist(), LAWS["linear_sqrt"], LAWS["power"], families)
        for families in (names, None)
    ]
    widths = [math.log(e.high / e.low) / math.log(once.high / once.low) for e in often]
    assert widths[0] == pytest.approx(1, abs=0.3)
    assert widths[1] < 0.6  # six times the points would be 0.41


def test_points_of_one_x_are_no_independent_witnesses() -> None:
    """Every point six times over leaves the interval about as wide as it was."""
    y = FLOOR * _noise(0.1)
    once = law_ratio(X.tolist(), y.tolist(), LAWS["linear_sqrt"], LAWS["power"])
    often = law_ratio(np.repeat(X, 6).tolist(), np.repeat(y, 6).tolist(), LAWS["linear_sqrt"], LAWS["power"])
    assert math.log(often.high / often.low) > 0.7 * math.log(once.high / once.low)
