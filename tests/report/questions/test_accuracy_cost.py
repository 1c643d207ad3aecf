"""What accuracy costs, from literal rounds of models with published accuracies and from committed records.

Tan and Le, arXiv:1905.11946v5, Table 2: EfficientNet-B0 77.1, B1 79.1, ResNet-50 76.0, ResNet-152 77.8 per cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from scalebench.record import Record
from scalebench.report.questions.accuracy_cost import AccuracyCost
from scalebench.report.questions.question import Answer
from scalebench.suite.case import Case
from tests.report.questions.literal_counts import count
from tests.report.questions.literal_rounds import NOISY, STEADY, evidence, rounds, words
from tests.report.questions.recomputed import committed, good_rounds, seconds, time_ratio

GMACS = {"efficientnet_b0": 0.39, "efficientnet_b1": 0.70, "resnet50": 4.1, "resnet152": 11.5}


def _model(model: str, time: float, factors: Sequence[float] = STEADY, batch: int = 1) -> list[Record]:
    side = 240 if model == "efficientnet_b1" else 224
    timed = rounds(Case(model, side, batch=batch, threads=2), time, factors)
    return [count(model, side, GMACS.get(model, 1.0)), *timed]


def _answer(*records: list[Record]) -> Answer:
    answer = AccuracyCost().answer(evidence([record for own in records for record in own]))
    assert answer is not None
    assert all(words(sentence) <= 25 for sentence in answer.sentences)
    return answer


def test_a_pair_of_like_accuracy_and_the_family_that_leads() -> None:
    """Rounds at 1, 1.01 and 1.02 have a geometric mean of 1.01: 20.2 and 60.6 ms; log interval +-0.0224."""
    answer = _answer(
        _model("efficientnet_b0", 0.02), _model("efficientnet_b1", 0.03), _model("resnet50", 0.06),
        _model("resnet152", 0.12),
    )  # fmt: skip
    assert answer.sentences == (
        "For 76 to 77.1 % ImageNet top-1 (published), EfficientNet-B0 takes 20.2 ms and ResNet-50 60.6 ms: 3.00x as "
        "long (2.93 to 3.07).",
        "Whatever the accuracy, the fastest model that reaches it is one of the EfficientNets.",
    )
    assert answer.numbers["front"] == ["efficientnet_b0", "efficientnet_b1"]
    assert answer.numbers["slower"]["top1"] == 76.0
    assert answer.points[0].startswith("With each model's best published weights: for ")


def test_above_which_accuracy_a_family_leads() -> None:
    answer = _answer(
        _model("resnet50", 0.01), _model("efficientnet_b0", 0.02), _model("efficientnet_b1", 0.03),
        _model("resnet152", 0.12),
    )  # fmt: skip
    assert answer.sentences[1] == "Above 76 %, the fastest model for each accuracy is one of the EfficientNets."


def test_a_pair_that_the_intervals_do_not_tell_is_undecided() -> None:
    answer = _answer(_model("efficientnet_b0", 0.02, NOISY), _model("resnet50", 0.022, NOISY))
    assert answer.sentences[0].endswith(", undecided).")
    assert answer.numbers["time"]["outcome"] == "undecided"
    assert "instead of 3" in answer.closes


def test_one_family_alone_says_what_more_accuracy_costs() -> None:
    answer = _answer(_model("efficientnet_b0", 0.02), _model("efficientnet_b1", 0.03))
    assert answer.sentences == (
        "EfficientNet-B0 reaches 77.1 % ImageNet top-1 (published) in 20.2 ms, EfficientNet-B1 79.1 % in 30.3 ms: "
        "1.50x as long (1.47 to 1.53).",
    )


@pytest.mark.parametrize("models", [("efficientnet_b0",), ("nobody1", "nobody2")])
def test_without_two_published_models_it_is_not_asked(models: tuple[str, ...]) -> None:
    records = [record for model in models for record in _model(model, 0.02)]
    assert AccuracyCost().answer(evidence(records)) is None


def test_time_has_a_panel_per_batch_with_its_families() -> None:
    shown = evidence([
        record for batch in (1, 8) for model, time in (("efficientnet_b0", 0.02), ("resnet50", 0.06))
        for record in _model(model, time * batch, batch=batch)
    ])  # fmt: skip
    answer = AccuracyCost().answer(shown)
    assert answer is not None
    chart = AccuracyCost().chart(shown, answer)
    assert chart is not None
    assert len(chart.panels) == 2
    assert all("b0@224" in panel.svg and "resnet50@224" in panel.svg for panel in chart.panels)
    assert all("resnet50@224" in panel.svg for panel in chart.panels), "a model behind the front has its name, too"


def test_numbers_on_committed_records_follow_from_their_laps() -> None:
    suite = "paper_latency"
    answer = AccuracyCost().answer(committed(suite))
    assert answer is not None
    b1, r152 = good_rounds(suite, "efficientnet_b1", 240, 1), good_rounds(suite, "resnet152", 224, 1)
    assert answer.numbers["faster"]["time_s"] == pytest.approx(seconds(b1), rel=0.005)
    assert answer.numbers["slower"]["time_s"] == pytest.approx(seconds(r152), rel=0.005)
    assert answer.numbers["time"]["ratio"] == pytest.approx(time_ratio(r152, b1), rel=0.005)
    assert answer.sentences[0].startswith("For 77.8 to 79.1 % ImageNet top-1 (published), EfficientNet-B1 takes ")
    assert all(words(sentence) <= 25 for sentence in answer.sentences)


def test_models_that_the_suite_leaves_out_at_the_largest_batch_are_named_once() -> None:
    """B1 is in the suite at batch 1 only; ResNet-152 was to run at batch 8 and did not."""
    both = [_model(model, time, batch=batch) for model, time in (("efficientnet_b0", 0.02), ("resnet50", 0.06))
            for batch in (1, 8)]  # fmt: skip
    excluded = _model("efficientnet_b1", 0.03)
    basis = evidence([record for own in (*both, excluded) for record in own])
    answer = AccuracyCost().answer(basis)
    assert answer is not None
    chart = AccuracyCost().chart(basis, answer)
    assert chart is not None
    assert chart.note.endswith(" Not measured at batch 8, as the suite excludes it: EfficientNet-B1.")
    failed = [replace(record, outcome="oom", facts={}) for record in _model("efficientnet_b1", 0.03, batch=8)[1:]]
    basis = evidence([record for own in (*both, excluded, failed) for record in own])
    chart = AccuracyCost().chart(basis, answer)
    assert chart is not None
    assert chart.note.endswith(" Not measured at batch 8: EfficientNet-B1.")
