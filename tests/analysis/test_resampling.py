"""Resampled rounds give what pooling them by hand gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.analysis.resampling import drawn_means, drawn_quantiles, generator
from scalebench.analysis.tails import tail

ROUNDS = st.lists(st.lists(st.floats(0.001, 1.0), min_size=1, max_size=12), min_size=1, max_size=6)


@given(rounds=ROUNDS, quantile=st.sampled_from([0.5, 0.95, 0.99]), seed=st.integers(0, 9))
def test_a_drawn_quantile_is_that_of_the_drawn_rounds(rounds: list[list[float]], quantile: float, seed: int) -> None:
    """The smallest lap with at least that share of the drawn laps at or below it."""
    drawn = drawn_quantiles(rounds, quantile, 20, generator(seed, "m", "k"))
    weights = generator(seed, "m", "k").multinomial(len(rounds), [1 / len(rounds)] * len(rounds), size=20)
    for found, counts in zip(drawn, weights, strict=True):
        laps = sorted(lap for times, some in zip(counts, rounds, strict=True) for lap in some * times)
        least = next(lap for at, lap in enumerate(laps, 1) if at >= quantile * len(laps))
        assert found == least


def test_one_round_leaves_nothing_to_chance() -> None:
    laps = [float(lap) for lap in range(1, 401)]
    found = tail([laps], 0.99).estimate
    assert found is not None
    assert set(drawn_quantiles([laps], 0.99, 30, generator(1, "m", "k"))) == {found.value}


def test_no_draws_are_no_numbers() -> None:
    assert drawn_quantiles([[0.1]], 0.99, 0, generator(1, "m", "k")).shape == (0,)
    assert drawn_means([0.1], 0, generator(1, "m", "k")).shape == (0,)


def test_drawn_means_spread_as_the_interval_of_so_few_rounds() -> None:
    """The t-interval of three rounds: logs 4.4998, 4.6052, 4.7185, deviation 0.10937 / sqrt(3), times 4.3027."""
    drawn = drawn_means([90.0, 100.0, 112.0], 200_000, generator(1, "m", "k"))
    assert np.quantile(drawn, [0.025, 0.5, 0.975]) == pytest.approx([76.41, 100.27, 131.57], rel=0.02)


def test_drawn_means_without_spread() -> None:
    assert drawn_means([3.0, 3.0], 5, generator(1, "m", "k")) == pytest.approx(np.full(5, 3.0))
    assert drawn_means([3.0], 5, generator(1, "m", "k")) == pytest.approx(np.full(5, 3.0))


def test_draws_differ_by_case_and_machine_and_repeat_by_seed() -> None:
    rounds = [[float(at)] for at in range(1, 6)]
    drawn = [
        drawn_quantiles(rounds, 0.5, 100, generator(*of)).tolist()
        for of in ((1, "m", "k"), (1, "m", "k"), (2, "m", "k"), (1, "n", "k"), (1, "m", "l"))
    ]
    assert drawn[0] == drawn[1]
    assert all(drawn[0] != other for other in drawn[2:])
