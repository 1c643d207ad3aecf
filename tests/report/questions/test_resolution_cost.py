"""What twice the side of the image costs, from literal rounds and from committed records."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from scalebench.record import Record
from scalebench.report.questions.question import Answer
from scalebench.report.questions.resolution_cost import ResolutionCost
from scalebench.suite.case import Case
from tests.report.questions.literal_rounds import NOISY, STEADY, evidence, rounds, words
from tests.report.questions.recomputed import committed, good_rounds, memory_ratio, time_ratio


def _rounds(
    model: str, side: int, seconds: float, mib: float, batch: int = 1, factors: Sequence[float] = STEADY
) -> list[Record]:
    return rounds(Case(model, side, batch=batch, threads=2), seconds, factors, memory_bytes=mib * 2.0**20)


def _answer(*records: list[Record]) -> Answer:
    answer = ResolutionCost().answer(evidence([record for own in records for record in own]))
    assert answer is not None
    assert all(words(sentence) <= 25 for sentence in answer.sentences)
    return answer


def test_measured_doublings_of_two_families() -> None:
    """10 to 35 ms and 20 to 80 ms, 50 to 100 and 100 to 150 MiB; log interval of the times +-0.0224."""
    answer = _answer(
        _rounds("efficientnet_b0", 224, 0.010, 50), _rounds("efficientnet_b0", 448, 0.035, 100),
        _rounds("resnet50", 224, 0.020, 100), _rounds("resnet50", 448, 0.080, 150),
    )  # fmt: skip
    assert answer.sentences == (
        "Doubling the side of the image costs 3.50x the time for EfficientNet-B0 (3.42 to 3.58) and 4.00x for "
        "ResNet-50 (3.91 to 4.09).",
        "Memory grows 2.00x for EfficientNet-B0 and 1.50x for ResNet-50.",
    )
    assert answer.numbers["batches"]["1"]["resnet50"]["from"] == 224
    assert answer.numbers["batches"]["1"]["resnet50"]["memory"]["ratio"] == pytest.approx(1.5)
    assert answer.closes == ""


def test_a_doubling_between_measured_sides_is_interpolated_on_a_power_law() -> None:
    """From 128 to 362 px (2.828 = 2 ** 1.5 times the side) 8 times the time: with the square of the side, 4."""
    answer = _answer(_rounds("resnet50", 128, 0.010, 100), _rounds("resnet50", 362, 0.080, 100))
    doubling = answer.numbers["batches"]["1"]["resnet50"]
    assert (doubling["from"], doubling["to"]) == (128, 362)
    assert doubling["time"]["ratio"] == pytest.approx(4.0, rel=1e-3)
    # The interval is narrower too: exp(0.0224 / 1.5) is 1.5 %.
    assert doubling["time"]["high"] == pytest.approx(4.06, abs=0.01)


def test_the_doubling_nearest_to_224_px_is_reported() -> None:
    sides = {64: 0.001, 128: 0.002, 224: 0.010, 448: 0.050}
    answer = _answer(*(_rounds("resnet50", side, seconds, 100) for side, seconds in sides.items()))
    doubling = answer.numbers["batches"]["1"]["resnet50"]
    assert (doubling["from"], doubling["to"], round(doubling["time"]["ratio"], 6)) == (224, 448, 5.0)


def test_every_other_model_and_the_largest_batch_have_a_line() -> None:
    answer = _answer(*(
        _rounds(model, side, seconds * factor * batch, 100 * factor, batch)
        for model, seconds in (("resnet18", 0.01), ("resnet50", 0.02), ("resnet152", 0.05))
        for side, factor in ((224, 1), (448, 3)) for batch in (1, 8)
    ))  # fmt: skip
    # Without counts the models keep their order; the middle one stands for the family.
    assert answer.points[0].startswith("At batch 8: 3.00x the time for ")
    lines = [point for point in answer.points if "the memory" in point]
    assert len(lines) == 2
    assert all("3.00x the time (" in line and "), 3.00x the memory." in line for line in lines)


def test_growth_that_may_be_none_is_undecided() -> None:
    answer = _answer(
        _rounds("resnet50", 224, 0.020, 100, factors=NOISY), _rounds("resnet50", 448, 0.025, 100, factors=NOISY)
    )
    assert answer.sentences[0].endswith(", undecided).")
    assert answer.numbers["batches"]["1"]["resnet50"]["time"]["outcome"] == "undecided"
    assert "instead of 3" in answer.closes


@pytest.mark.parametrize("sides", [(224,), (224, 256), (64, 448)])
def test_without_two_sides_about_a_doubling_apart_it_is_not_asked(sides: tuple[int, ...]) -> None:
    records = [record for side in sides for record in _rounds("resnet50", side, 0.02, 100)]
    assert ResolutionCost().answer(evidence(records)) is None


def test_memory_that_was_not_measured_is_not_mentioned() -> None:
    records = [record for side in (224, 448) for record in _rounds("resnet50", side, side / 1e4, float("nan"))]
    shown = evidence(records)
    answer = ResolutionCost().answer(shown)
    assert answer is not None
    assert answer.sentences == ("Doubling the side of the image costs 2.00x the time for ResNet-50 (1.96 to 2.05).",)
    assert "memory" not in answer.numbers["batches"]["1"]["resnet50"]
    chart = ResolutionCost().chart(shown, answer)
    assert chart is not None
    assert len(chart.panels) == 1


def test_time_and_memory_have_a_panel_each() -> None:
    shown = evidence([
        record for side in (224, 448) for record in _rounds("resnet50", side, side / 1e4, side)
    ])  # fmt: skip
    answer = ResolutionCost().answer(shown)
    assert answer is not None
    chart = ResolutionCost().chart(shown, answer)
    assert chart is not None
    assert [panel.title for panel in chart.panels] == ["latency, batch 1", "memory, batch 1"]
    assert all("ResNet-50" in panel.svg for panel in chart.panels)


def test_numbers_on_committed_records_follow_from_their_laps() -> None:
    suite = "matched_groups"
    answer = ResolutionCost().answer(committed(suite))
    assert answer is not None
    models = answer.numbers["batches"]["1"]
    for model in ("efficientnet_b0", "resnet50"):
        told = models[model]
        assert told["to"] == 2 * told["from"]
        large, small = (good_rounds(suite, model, told[end], 1) for end in ("to", "from"))
        assert told["time"]["ratio"] == pytest.approx(time_ratio(large, small), rel=0.005)
        assert told["memory"]["ratio"] == pytest.approx(memory_ratio(large, small), rel=0.005)
    assert "ResNet-50" in answer.sentences[0]
