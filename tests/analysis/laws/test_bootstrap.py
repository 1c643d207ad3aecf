import numpy as np
import pytest

from scalebench.analysis.laws.bootstrap import bootstrap
from scalebench.analysis.laws.forms import LAWS

X = np.geomspace(1e8, 1e10, 12)


def _rounds(seed: int, points: float, within: float, n: int = 3) -> list[list[float]]:
    random = np.random.default_rng(seed)
    level = 3e-10 * X**0.9 * np.exp(random.normal(0, points, len(X)))
    return [(value * np.exp(random.normal(0, within, n))).tolist() for value in level]


def test_the_interval_covers_the_exponent_about_as_often_as_it_says() -> None:
    """Of 40 known power laws with 5 % scatter between points and 3 % between rounds, 80 to 100 % are covered."""
    covered = 0
    for seed in range(40):
        found = bootstrap(LAWS["power"], X.tolist(), _rounds(seed, 0.05, 0.03), draws=60).parameters["c"]
        covered += found.low <= 0.9 <= found.high
    assert 32 <= covered <= 40


def test_rounds_count_where_points_do_not_scatter() -> None:
    """Between points on the line exactly, only the rounds make an interval: more of their noise, wider."""
    calm, noisy = (
        bootstrap(LAWS["power"], X.tolist(), _rounds(1, 0.0, within), draws=60).parameters["c"]
        for within in (0.001, 0.1)
    )
    assert calm.high - calm.low < (noisy.high - noisy.low) / 5


def test_the_interval_is_the_same_again() -> None:
    """The seed decides every draw; the interval contains its estimate, and n is the number of points."""
    first = bootstrap(LAWS["power"], X.tolist(), _rounds(2, 0.05, 0.02), draws=60)
    assert first == bootstrap(LAWS["power"], X.tolist(), _rounds(2, 0.05, 0.02), draws=60)
    exponent = first.parameters["c"]
    assert exponent.low < exponent.value < exponent.high
    assert exponent.n == 12


def test_what_was_refused_has_no_interval() -> None:
    """Three points carry no power law: no parameters, the reason kept."""
    found = bootstrap(LAWS["power"], X[:3].tolist(), _rounds(0, 0.0, 0.01)[:3])
    assert found.parameters == {}
    assert "need 5" in found.fit.why


@pytest.mark.parametrize("name", ["power_floor", "linear_sqrt"])
def test_other_laws_are_drawn_too(name: str) -> None:
    """Every parameter gets an interval around its estimate, and few draws fail."""
    found = bootstrap(LAWS[name], X.tolist(), _rounds(3, 0.03, 0.02), draws=40)
    assert set(found.parameters) == set(LAWS[name].parameters)
    assert all(e.low <= e.high for e in found.parameters.values())
    assert found.failed <= 4
