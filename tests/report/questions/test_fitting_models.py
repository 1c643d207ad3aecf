"""What fits the limits, from literal rounds and from committed records."""

from __future__ import annotations

from dataclasses import replace
from statistics import geometric_mean

import pytest

from scalebench.flags import is_bad
from scalebench.record import Record
from scalebench.report.questions.asked import answers
from scalebench.report.questions.fitting_models import WithinLimits, in_words
from scalebench.report.questions.question import Answer
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Limits, Scene
from tests.report.questions.literal_rounds import NOISY, evidence, reference, rounds, words

LIMITS = Limits(0.050, 2 * 2.0**30)
SCRATCH = Scene(1000, 1)


def _rounds(model: str, latencies: dict[int, float]) -> list[Record]:
    return [record for size, latency in latencies.items() for record in rounds(Case(model, size), latency)]


RECORDS = [
    *_rounds("efficientnet_b0", {224: 0.010, 512: 0.034, 800: 0.090}),
    *_rounds("resnet50", {224: 0.040, 512: 0.200, 800: 0.600}),
]


def _answer(records: list[Record], limits: Limits = LIMITS, scene: Scene | None = SCRATCH) -> Answer:
    answer = WithinLimits().answer(evidence(records, limits=limits, scene=scene))
    assert answer is not None
    assert all(words(sentence) <= 25 for sentence in answer.sentences)
    return answer


def test_the_largest_resolution_of_each_model_and_what_it_shows_of_the_scene() -> None:
    """512 pixels over 1000 mm are half a pixel per millimetre."""
    answer = _answer(RECORDS)
    assert answer.sentences == (
        "Within 50 ms and 2 GiB at batch 1: EfficientNet-B0 up to 512 px, ResNet-50 up to 224 px.",
        "At 512 px a detail of 1 mm is 0.51 px wide: too fine for any model, which needs about 2 pixels.",
    )
    assert answer.numbers["detail_px"] == pytest.approx(0.512)
    assert answer.numbers["largest"]["resnet50"]["resolution"] == 224
    # Rounds of 34 ms and 1 and 2 % more: their geometric mean is 34.34 ms. All six cases have the same variance, so
    # it is known with 12 degrees of freedom: t = 2.179, 1.25 % to either side.
    assert answer.points[0] == "EfficientNet-B0 at 512 px: 34.3 ms (33.9 to 34.8), 128 MiB, eager."


def test_a_suite_with_limits_asks_for_them_first() -> None:
    asked = [question.name for question in answers(evidence(RECORDS, limits=LIMITS))]
    assert asked[0] == "limits"
    assert asked[1:] == ["accuracy", "resolution", "trust"], "the others in their order"
    assert "limits" not in [question.name for question in answers(evidence(RECORDS))]


def test_a_detail_of_several_pixels_can_be_seen() -> None:
    assert _answer(RECORDS, scene=Scene(1000, 10)).sentences[1] == (
        "At 512 px a detail of 10 mm is 5.1 px wide: wide enough to be seen."
    )
    assert len(_answer(RECORDS, scene=None).sentences) == 1
    assert "A closer camera" in _answer(RECORDS).closes
    assert "A closer camera" not in _answer(RECORDS, scene=Scene(1000, 10)).closes


def test_the_faster_configuration_counts() -> None:
    fast = rounds(Case("resnet50", 512, runtime="onnxruntime"), 0.045)
    answer = _answer([*RECORDS, *fast])
    assert "ResNet-50 up to 512 px" in answer.sentences[0]
    assert any(point.startswith("ResNet-50 at 512 px") and point.endswith("ONNX Runtime.") for point in answer.points)


def test_an_interval_across_the_limit_is_undecided_and_not_said_to_fit() -> None:
    near = rounds(Case("resnet50", 300), 0.048, NOISY)
    answer = _answer([*RECORDS, *near])
    assert "ResNet-50 up to 224 px" in answer.sentences[0]
    assert answer.numbers["undecided"] == ["resnet50@300"]
    assert any(point.startswith("Undecided: ResNet-50 at 300 px") for point in answer.points)
    assert "More rounds would decide one case near the limits." in answer.closes


def test_above_what_clearly_does_not_fit_nothing_is_undecided() -> None:
    """One round at 800 px has no interval, but 512 px is too slow already."""
    once = rounds(Case("resnet18", 800), 0.300, [1.0])
    answer = _answer([*_rounds("resnet18", {224: 0.01, 512: 0.100}), *once])
    assert answer.numbers["undecided"] == []
    slow = _answer([*RECORDS, *_rounds("resnet152", {224: 0.2})])
    assert slow.points[-1] == "At no measured size: ResNet-152."


def test_one_round_is_undecided() -> None:
    """It has no interval, so it neither fits nor fails."""
    answer = _answer(rounds(Case("resnet50", 224), 0.010, [1.0]))
    assert answer.sentences[0] == "Within 50 ms and 2 GiB at batch 1, no measured model clearly fits."
    assert answer.points == ("Undecided: ResNet-50 at 224 px, 10.0 ms (one round, no interval).",)


def test_many_models_are_counted() -> None:
    names = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
    answer = _answer([record for name in names for record in _rounds(name, {224: 0.01})])
    assert answer.sentences[0] == "Within 50 ms and 2 GiB at batch 1: 5 models up to 224 px."
    assert len(answer.points) == 5
    answer = _answer([*RECORDS, *(record for name in names for record in _rounds(name, {224: 0.01}))])
    assert answer.sentences[0].endswith(": EfficientNet-B0 up to 512 px, 5 more models up to 224 px.")


def test_limits_in_words() -> None:
    assert in_words(Limits(0.05, 2**31, 4)) == "50 ms and 2 GiB at batch 4"
    assert in_words(Limits(memory_bytes=1.5 * 2**30)) == "1.5 GiB at batch 1"


def test_without_limits_the_question_is_not_asked() -> None:
    assert WithinLimits().answer(evidence(RECORDS)) is None
    other = evidence(RECORDS, limits=replace(LIMITS, batch=8))
    assert WithinLimits().answer(other) is None, "nothing was measured at the batch of the limits"


def test_the_figure_marks_every_cell_by_more_than_its_colour() -> None:
    given = evidence([*RECORDS, *rounds(Case("resnet50", 300), 0.048, NOISY)], limits=LIMITS)
    question = WithinLimits()
    answer = question.answer(given)
    assert answer is not None
    chart = question.chart(given, answer)
    assert chart is not None
    svg = chart.panels[0].svg
    # Of seven cells three fit, one is open, three do not fit.
    assert [svg.count(f">{mark} ") for mark in "✓?✗"] == [3, 1, 3]


def test_committed_records_give_the_same_latencies() -> None:
    findings, given = reference("edge")
    answer = WithinLimits().answer(given)
    assert answer is not None
    laps: dict[tuple[str, int, str, str], list[float]] = {}
    for record in findings.stored.records:
        case = record.case
        if record.outcome == "ok" and case.mode == "inference" and case.batch == 1 and not is_bad(record.notes):
            key = (case.model, case.resolution, case.runtime, case.precision)
            laps.setdefault(key, []).append(record.facts["latency_s"])
    means = {key: geometric_mean(own) for key, own in laps.items()}
    assert answer.sentences[0].startswith("Within 33.3 ms and 200 MiB at batch 1: EfficientNet-B1 up to 240 px")
    for model, row in answer.numbers["largest"].items():
        fastest = min(mean for (name, size, *_), mean in means.items() if (name, size) == (model, row["resolution"]))
        assert row["latency_s"] == pytest.approx(fastest, rel=1e-9)
        assert row["latency_s_high"] < 1 / 30
        larger = [mean for (name, size, *_), mean in means.items() if name == model and size > row["resolution"]]
        assert all(mean > 1 / 30 for mean in larger)
