"""Accuracy with intervals and paired differences, against published examples and simulation."""

from __future__ import annotations

import numpy as np
import pytest

from scalebench.analysis.classification import Classified, difference, macro_f1, per_class, top1


def answers(right: list[int], group: list[int] | None = None) -> Classified:
    """Images of class 0 of two, each right (1) or wrong (0)."""
    n = len(right)
    return Classified(
        np.zeros(n, np.int64), 1 - np.asarray(right, np.int64), np.arange(n) if group is None else np.asarray(group), 2
    )


def paired(both: int, only_a: int, only_b: int, neither: int) -> tuple[Classified, Classified]:
    counts = [both, only_a, only_b, neither]
    return (
        answers(list(np.repeat([1, 1, 0, 0], counts))),
        answers(list(np.repeat([1, 0, 1, 0], counts))),
    )


def test_wilsons_interval_of_seven_in_ten() -> None:
    """0.397 to 0.892, as printed by R's prop.test without correction."""
    share = top1(answers([1] * 7 + [0] * 3))
    assert (share.value, share.low, share.high) == pytest.approx((0.7, 0.3968, 0.8922), abs=1e-4)
    assert share.n == 10


def test_a_paired_difference_as_published() -> None:
    """Agresti, Categorical Data Analysis, section 10.1: approval fell by 0.04, 95 % interval 0.02 to 0.06, of 1600."""
    a, b = paired(794, 150, 86, 570)
    found = difference(a, b)
    assert found.share.value == -0.04
    assert (found.share.low, found.share.high) == pytest.approx((-0.06, -0.02), abs=0.002)
    assert (found.gained, found.lost) == (86, 150)
    assert found.p < 1e-4


def test_the_exact_test_of_one_against_nine() -> None:
    """Ten images differ, nine of them one way: 2 x (1 + 10) / 2^10."""
    a, b = paired(20, 9, 1, 5)
    assert difference(a, b).p == pytest.approx(22 / 1024)


def test_equal_answers_differ_by_nothing_but_the_interval_has_a_width() -> None:
    a, b = paired(50, 0, 0, 50)
    found = difference(a, b)
    assert found.share.value == 0
    assert found.p == 1
    assert found.share.low < 0 < found.share.high


def test_different_images_are_refused() -> None:
    with pytest.raises(ValueError, match="images differ"):
        difference(answers([1, 0]), answers([1, 0, 1]))


def test_macro_f1_and_recall_by_hand() -> None:
    """True 0 0 0 1, said 0 0 1 1: F1 0.8 and 2/3; recall 2/3 and 1."""
    result = Classified(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), np.arange(4), 2)
    assert macro_f1(result).value == pytest.approx((0.8 + 2 / 3) / 2)
    assert [share.value for share in per_class(result).values()] == pytest.approx([2 / 3, 1])


def test_a_class_without_test_images_has_no_recall_and_does_not_count() -> None:
    result = Classified(np.array([0, 0, 1]), np.array([0, 0, 1]), np.arange(3), 3)
    assert macro_f1(result).value == 1
    assert np.isnan(per_class(result)[2].value)


def test_groups_that_fail_together_widen_the_interval() -> None:
    """Of 40 cars with five photographs each, which all fail or none: the interval is that of 40, not of 200."""
    right = np.repeat([1] * 30 + [0] * 10, 5).tolist()
    alone, grouped = top1(answers(right)), top1(answers(right, np.repeat(np.arange(40), 5).tolist()))
    of_forty = top1(answers([1] * 30 + [0] * 10))
    assert grouped.value == alone.value == 0.75
    assert grouped.half_width == pytest.approx(of_forty.half_width, rel=0.1)
    assert grouped.half_width > 2 * alone.half_width


@pytest.mark.parametrize("grouped", [False, True])
def test_intervals_of_the_difference_cover_the_truth(grouped: bool) -> None:
    """80 simulated sets of 300 images, 100 cars with three each where grouped: 93 to 99 % cover the true 3 points."""
    rng = np.random.default_rng(5)
    covered = 0
    sets = 80
    for _ in range(sets):
        cars = rng.normal(0, 1.0, 100).repeat(3) if grouped else np.zeros(300)
        luck = rng.uniform(size=300)
        group = (np.arange(300) // 3).tolist() if grouped else None
        chance = 1 / (1 + np.exp(-(1.5 + cars)))
        a, b = (answers((luck < chance - loss).astype(int).tolist(), group) for loss in (0.0, 0.03))
        share = difference(a, b).share
        covered += share.low <= -0.03 <= share.high
    assert 0.92 <= covered / sets <= 0.995
