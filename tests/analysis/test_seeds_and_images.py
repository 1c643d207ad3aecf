"""Intervals over seeds and images, against scipy's one-sample test where only one of the two varies."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from scalebench.analysis.seeds_and_images import p_of_none, two_way


def test_where_all_images_agree_it_is_the_t_test_of_seeds() -> None:
    values = np.repeat(np.array([[0.02], [0.05], [0.01], [0.04]]), 50, axis=1)
    expected = stats.ttest_1samp([0.02, 0.05, 0.01, 0.04], 0)
    estimate = two_way(values, np.arange(50))
    assert (estimate.low, estimate.high) == pytest.approx(tuple(expected.confidence_interval()), rel=1e-9)
    assert p_of_none(values, np.arange(50)) == pytest.approx(expected.pvalue, rel=1e-9)


def test_where_all_seeds_agree_it_is_the_t_test_of_images() -> None:
    images = np.random.default_rng(1).choice([-1.0, 0.0, 1.0], 80)
    expected = stats.ttest_1samp(images, 0)
    values = np.stack([images] * 3)
    estimate = two_way(values, np.arange(80))
    assert (estimate.low, estimate.high) == pytest.approx(tuple(expected.confidence_interval()), rel=1e-9)
    assert p_of_none(values, np.arange(80)) == pytest.approx(expected.pvalue, rel=1e-9)


def test_images_of_one_group_count_once() -> None:
    """Ten copies of each photograph tell nothing more than one."""
    images = np.random.default_rng(1).choice([-1.0, 0.0, 1.0], 40)
    once, copied = np.stack([images] * 2), np.stack([np.repeat(images, 10)] * 2)
    alone = two_way(once, np.arange(40))
    together = two_way(copied, np.repeat(np.arange(40), 10))
    assert (together.low, together.high) == pytest.approx((alone.low, alone.high))
    assert two_way(copied, np.arange(400)).high < alone.high


def test_one_seed_has_no_interval_and_no_difference_has_no_p() -> None:
    assert math.isnan(two_way(np.ones((1, 10)), np.arange(10)).low)
    assert p_of_none(np.ones((1, 10)), np.arange(10)) == 1.0
    assert p_of_none(np.zeros((3, 10)), np.arange(10)) == 1.0
