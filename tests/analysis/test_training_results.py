"""Verdicts of training studies whose truth is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from scalebench.analysis.training_results import TrainingResults, training_results
from scalebench.suite.suite_plan import Plan
from scalebench.suite.training_study import TrainingRun
from tests.analysis.literal_study import RATE, STUDY, Networks, plan_of, record_of, records_of

ALL_METHODS = ("depth", "width", "resolution", "compound")


def results_of(plan: Plan, seed: int, better: dict[str, float]) -> TrainingResults:
    networks = Networks(seed)
    right = {method: [networks.trained(better.get(method, 0.0)) for _ in range(3)] for method in ("base", *ALL_METHODS)}
    results = training_results(plan, records_of(plan, right))
    assert results is not None
    return results


def test_one_model_under_two_names_is_rarely_said_to_differ() -> None:
    """A/A: at most 5 % false verdicts over 200 simulated sets of seeds."""
    plan = plan_of("width", "compound")
    words: Counter[str] = Counter()
    for seed in range(200):
        networks = Networks(seed)
        right = {method: [networks.trained() for _ in range(3)] for method in ("base", "compound", "width")}
        results = training_results(plan, records_of(plan, right))
        assert results is not None
        words[results.verdicts[0].word] += 1
    assert words["inconclusive"] >= 190, words
    assert words["not measured"] == 0


def test_four_equal_models_are_rarely_said_to_differ() -> None:
    """Three comparisons at once, after Holm."""
    plan = plan_of(*ALL_METHODS)
    words = Counter(results_of(plan, seed, {}).verdicts[0].word for seed in range(100))
    assert words["inconclusive"] >= 95, words


@pytest.mark.parametrize(
    ("better", "word", "best"),
    [
        ({"compound": 0.3}, "supported", "compound"),
        ({"resolution": 0.3}, "refuted", "resolution"),
        ({"resolution": 0.3, "width": 0.6}, "refuted", "width"),
        ({"compound": 0.3, "resolution": 0.3}, "inconclusive", ""),
    ],
)
def test_a_planted_effect_is_found(better: dict[str, float], word: str, best: str) -> None:
    """0.3 is about 8 points of accuracy."""
    verdicts = [results_of(plan_of(*ALL_METHODS), seed, better).verdicts[0] for seed in range(10)]
    assert Counter((verdict.word, verdict.best) for verdict in verdicts).most_common(1)[0][0] == (word, best)


def test_noisier_labels_of_one_variant_are_found() -> None:
    """A network trained on wrong labels is right on fewer images: a tenth of its answers are other ones."""
    plan, networks, random = plan_of("width", "compound"), Networks(0), np.random.default_rng(0)
    right = {method: [networks.trained() for _ in range(3)] for method in ("base", "compound", "width")}
    right["width"] = [bits & (random.random(len(bits)) > 0.1) for bits in right["width"]]
    results = training_results(plan, records_of(plan, right))
    assert results is not None
    assert results.verdicts[0].word == "supported"
    assert results.verdicts[0].comparisons[0].difference.value == pytest.approx(0.065, abs=0.03)


@pytest.mark.parametrize(("share", "word"), [(0.54, "not measured"), (0.56, "supported"), (0.86, "not measured")])
def test_no_verdict_where_the_base_is_near_chance_or_the_top(share: float, word: str) -> None:
    plan, images = plan_of("width", "compound"), np.arange(1000)
    right = {
        "base": [images < 1000 * share] * 3, "width": [images < 500 + s for s in range(3)],
        "compound": [images < 900 + 2 * s for s in range(3)],
    }  # fmt: skip
    results = training_results(plan, records_of(plan, right))
    assert results is not None
    assert results.verdicts[0].word == word
    assert ("55 to 85 %" in results.verdicts[0].why) == (word == "not measured")


def test_missing_seeds_are_no_verdict() -> None:
    plan, networks = plan_of("width", "compound"), Networks(0)
    right = {method: [networks.trained() for _ in range(3)] for method in ("base", "compound", "width")}
    results = training_results(plan, records_of(plan, right | {"width": right["width"][:2]}))
    assert results is not None
    assert (results.verdicts[0].word, results.verdicts[0].why) == ("not measured", "some training runs are missing")


def test_a_diverged_run_is_counted_with_its_accuracy() -> None:
    plan, networks = plan_of("width", "compound"), Networks(0)
    right = {method: [networks.trained() for _ in range(3)] for method in ("base", "compound", "width")}
    right["width"][1] = np.zeros(1000, bool)
    records = [
        replace(record, outcome="failed", ending="diverged") if (run := record.facts["run"])["method"] == "width"
        and run["seed"] == 1 else record
        for record in records_of(plan, right)
    ]  # fmt: skip
    results = training_results(plan, records)
    assert results is not None
    width = next(variant for variant in results.variants if variant.method == "width")
    assert (width.seeds, width.diverged) == (3, 1)
    assert width.accuracy["1 px"].value == pytest.approx(np.mean([np.mean(bits) for bits in right["width"]]))


def test_runs_without_a_network_are_counted_by_outcome() -> None:
    plan, networks = plan_of("width", "compound"), Networks(0)
    right = {method: [networks.trained() for _ in range(3)] for method in ("base", "compound", "width")}
    *good, last = records_of(plan, right)
    lost = replace(last, outcome="oom", facts={"run": last.facts["run"]})
    results = training_results(plan, [*good, lost])
    assert results is not None
    assert results.failed == {"oom": 1}
    assert results.verdicts[0].word == "not measured"


def test_the_second_recipe_has_each_variants_better_rate() -> None:
    """Width prefers the other rate, with which it is better."""
    plan, networks = plan_of("width", "compound"), Networks(0)
    right = {method: [networks.trained() for _ in range(3)] for method in ("base", "compound", "width")}
    records = records_of(plan, right)
    records.append(
        record_of(plan, TrainingRun("compound", 0.2, 0, STUDY.epochs), {"1 px": right["compound"][0]}, validation=0.6)
    )
    for seed in range(3):
        bits = networks.trained(0.5)
        records.append(record_of(plan, TrainingRun("width", 0.2, seed, STUDY.epochs), {"1 px": bits}, validation=0.9))
    results = training_results(plan, records)
    assert results is not None
    rates = {(variant.recipe, variant.method): variant.rate for variant in results.variants}
    assert (rates["shared", "width"], rates["own", "width"], rates["own", "compound"]) == (RATE, 0.2, RATE)
    assert [(verdict.recipe, verdict.best) for verdict in results.verdicts] == [("shared", ""), ("own", "width")]


def test_depth_that_catches_up_with_more_epochs_leaves_the_verdict_open() -> None:
    study = replace(STUDY, depth_epochs=3)
    plan, networks = plan_of("depth", "compound", study=study), Networks(0)
    right = {"base": [networks.trained() for _ in range(3)], "compound": [networks.trained(0.5) for _ in range(3)],
             "depth": [networks.trained() for _ in range(3)]}  # fmt: skip
    records = records_of(plan, right)

    def verdict(better: float) -> tuple[str, str]:
        longer = [
            record_of(plan, TrainingRun("depth", RATE, seed, 3 * STUDY.epochs), {"1 px": networks.trained(better)})
            for seed in range(3)
        ]
        results = training_results(plan, [*records, *longer])
        assert results is not None
        return results.verdicts[0].word, results.verdicts[0].why

    assert verdict(0.0) == ("supported", "")
    assert verdict(0.5) == ("inconclusive", "with more epochs depth is not behind compound scaling")


def test_runs_of_another_suite_or_machine_are_left_out() -> None:
    """Records of other variants, of other sizes, and of a second machine with fewer runs."""
    plan, networks = plan_of("width", "compound"), Networks(0)
    right = {method: [networks.trained() for _ in range(3)] for method in ("base", "compound", "width")}
    records = records_of(plan, right)
    elsewhere = replace(records[3], environment=replace(records[3].environment, hw_key="other"))
    other_size = records_of(plan_of("width", "compound", study=replace(STUDY, images=65)), right)
    other_model = [replace(r, case=replace(r.case, model=r.case.model.replace("0.7", "0.8"))) for r in records]
    mixed = training_results(plan, [*records, elsewhere, *other_size, *other_model[-3:]])
    assert mixed == training_results(plan, records)
