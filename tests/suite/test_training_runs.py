"""Which runs a study makes, in literal lists."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from scalebench.suite.suite_plan import Group, Member
from scalebench.suite.training_runs import foreseen_runs, members, needed_runs, own_rate, study_group
from scalebench.suite.training_study import BUDGETS, TrainingRun

STUDY = replace(BUDGETS["smoke"], epochs=4, seeds=2, learning_rates=(0.1, 0.2, 0.3))
METHODS = ("base", "compound", "width")
SEARCH = {TrainingRun("base", 0.1, 0, 4): 0.5, TrainingRun("base", 0.2, 0, 4): 0.7, TrainingRun("base", 0.3, 0, 4): 0.6}


def test_learning_rates_are_searched_on_the_base_first() -> None:
    assert needed_runs(STUDY, METHODS, {}) == list(SEARCH)
    assert needed_runs(STUDY, METHODS, {TrainingRun("base", 0.1, 0, 4): 0.5}) == list(SEARCH)


def test_then_all_variants_have_the_best_and_the_first_seed_also_the_second() -> None:
    assert needed_runs(STUDY, METHODS, SEARCH)[3:] == [
        TrainingRun("compound", 0.2, 0, 4), TrainingRun("width", 0.2, 0, 4),
        TrainingRun("base", 0.2, 1, 4), TrainingRun("compound", 0.2, 1, 4), TrainingRun("width", 0.2, 1, 4),
        TrainingRun("compound", 0.3, 0, 4), TrainingRun("width", 0.3, 0, 4),
    ]  # fmt: skip


def test_a_variant_that_prefers_the_second_is_trained_with_it_at_every_seed() -> None:
    first = {
        TrainingRun("compound", 0.2, 0, 4): 0.8,
        TrainingRun("compound", 0.3, 0, 4): 0.9,
        TrainingRun("width", 0.2, 0, 4): 0.8,
    }
    scores = SEARCH | first | {TrainingRun("width", 0.3, 0, 4): 0.7}
    assert needed_runs(STUDY, METHODS, scores)[-1] == TrainingRun("compound", 0.3, 1, 4)
    assert [own_rate(STUDY, scores, method) for method in METHODS] == [0.2, 0.3, 0.2]


def test_a_rate_whose_network_is_lost_is_not_chosen() -> None:
    scores = SEARCH | {TrainingRun("base", 0.2, 0, 4): math.nan}
    assert needed_runs(STUDY, METHODS, scores)[3] == TrainingRun("compound", 0.3, 0, 4)
    lost = dict.fromkeys(SEARCH, math.nan)
    assert needed_runs(STUDY, METHODS, lost) == list(SEARCH)


def test_depth_is_checked_with_more_epochs_where_that_is_asked_for() -> None:
    study = replace(STUDY, depth_epochs=3)
    assert needed_runs(study, ("base", "compound", "depth"), SEARCH)[-2:] == [
        TrainingRun("depth", 0.2, 0, 12), TrainingRun("depth", 0.2, 1, 12),
    ]  # fmt: skip


@pytest.mark.parametrize(("switching", "number"), [(False, 3 + 5 + 2), (True, 3 + 5 + 2 + 2)])
def test_the_number_of_runs_is_foreseen(switching: bool, number: int) -> None:
    assert len(foreseen_runs(STUDY, METHODS, switching)) == number


def test_decide_continues_look() -> None:
    """The same images, epochs and runs, and more of them."""
    look, decide = BUDGETS["look"], BUDGETS["decide"]
    few = foreseen_runs(look, METHODS, switching=True)
    assert set(few) < set(foreseen_runs(decide, METHODS, switching=True))
    assert look.data == decide.data


def test_a_study_needs_compound_and_an_axis() -> None:
    def group(*methods: str) -> Group:
        return Group("resnet18[w=0.5]", 64, 10, 2.0, 0.02, tuple(Member(m, 1, 0.7, 64, 20, 0.0) for m in methods))

    good = group("width", "compound")
    assert study_group((group("width", "depth"), good)) == good
    assert {m: (one.width, one.macs) for m, one in members(good).items()} == {
        "base": (0.5, 10), "compound": (0.7, 20), "width": (0.7, 20),
    }  # fmt: skip
    with pytest.raises(ValueError, match="at least one single axis"):
        study_group((group("compound", "fast"),))
