"""Draws of a mean over rounds."""

from __future__ import annotations

import numpy as np
import pytest

from scalebench.analysis.resampling import drawn_means, generator


def test_no_draws_are_no_numbers() -> None:
    assert drawn_means([0.1], 0, generator(1, "m", "k")).shape == (0,)


def test_drawn_means_spread_as_the_interval_of_so_few_rounds() -> None:
    """The t-interval of three rounds: logs 4.4998, 4.6052, 4.7185, deviation 0.10937 / sqrt(3), times 4.3027."""
    drawn = drawn_means([90.0, 100.0, 112.0], 200_000, generator(1, "m", "k"))
    assert np.quantile(drawn, [0.025, 0.5, 0.975]) == pytest.approx([76.41, 100.27, 131.57], rel=0.02)


def test_drawn_means_without_spread() -> None:
    assert drawn_means([3.0, 3.0], 5, generator(1, "m", "k")) == pytest.approx(np.full(5, 3.0))
    assert drawn_means([3.0], 5, generator(1, "m", "k")) == pytest.approx(np.full(5, 3.0))


def test_draws_differ_by_case_and_machine_and_repeat_by_seed() -> None:
    drawn = [
        drawn_means([1.0, 2.0, 3.0, 4.0, 5.0], 100, generator(*of)).tolist()
        for of in ((1, "m", "k"), (1, "m", "k"), (2, "m", "k"), (1, "n", "k"), (1, "m", "l"))
    ]
    assert drawn[0] == drawn[1]
    assert all(drawn[0] != other for other in drawn[2:])
