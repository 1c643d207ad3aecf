"""Whether FLOPs are a guide to time, from literal rounds and counts, and from committed records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import exp, log
from statistics import fmean

import pandas as pd
import pytest
from scipy import stats

from scalebench.analysis.study import Study
from scalebench.analysis.way import WAY
from scalebench.record import Record
from scalebench.report.questions.flops_guide import FlopsGuide
from scalebench.report.questions.question import Answer, AnswerBasis
from scalebench.suite.case import Case
from tests.report.questions.literal_counts import count
from tests.report.questions.literal_rounds import evidence, rounds, words
from tests.report.questions.recomputed import committed, counted_macs, good_rounds, seconds, time_ratio

RESNETS = {"resnet18": 1.0, "resnet34": 1.1, "resnet50": 1.21}
EFFICIENTNETS = {"efficientnet_b0": 4.0, "efficientnet_b1": 4.4, "efficientnet_b2": 4.84}
"""Nanoseconds per MAC, at 1 G MACs each."""


def _model(model: str, seconds_: float, gmacs: float = 1.0, batch: int = 1) -> list[Record]:
    return [count(model, 224, gmacs), *rounds(Case(model, 224, batch=batch, threads=2), seconds_)]


def _evidence(rates: Mapping[str, float], batch: int = 1) -> list[Record]:
    return [record for model, rate in rates.items() for record in _model(model, rate * batch, batch=batch)]


def _answer(shown: AnswerBasis) -> Answer:
    answer = FlopsGuide().answer(shown)
    assert answer is not None
    assert all(words(sentence) <= 25 for sentence in answer.sentences)
    return answer


def test_families_are_compared_over_their_models() -> None:
    """Both vary by a factor of 1.1 from model to model; the interval is Welch's, as scipy has it."""
    answer = _answer(evidence(_evidence({**RESNETS, **EFFICIENTNETS})))
    logs = [[log(rate) for rate in rates.values()] for rates in (EFFICIENTNETS, RESNETS)]
    interval = stats.ttest_ind(*logs, equal_var=False).confidence_interval(0.95)
    told = answer.numbers["time_per_mac"]["1"]
    assert (answer.numbers["slower"], answer.numbers["faster"]) == ("efficientnet", "resnet")
    assert told["ratio"] == pytest.approx(4.0)
    assert (told["low"], told["high"]) == pytest.approx((exp(interval.low), exp(interval.high)))
    assert answer.sentences == (
        f"No: at batch 1, EfficientNets take 4.00x as long as ResNets for the same FLOPs "
        f"({exp(interval.low):.2f} to {exp(interval.high):.2f}).",
    )


def test_few_models_are_compared_one_with_one() -> None:
    """20 ms for 0.7 G MACs are 28.6 per G, 120 ms for 11.5 are 10.4: 2.74 times; log interval +-0.0224."""
    records = [*_model("efficientnet_b1", 0.020, 0.7), *_model("resnet152", 0.120, 11.5)]
    assert _answer(evidence(records)).sentences == (
        "No: at batch 1, EfficientNet-B1 takes 2.74x as long as ResNet-152 for the same FLOPs (2.68 to 2.80).",
    )


@pytest.mark.parametrize(("rate", "word"), [(1.1, "Yes"), (1.26, "Undecided"), (1.5, "No")])
def test_a_good_guide_errs_by_a_quarter_at_most(rate: float, word: str) -> None:
    records = [*_model("efficientnet_b1", rate), *_model("resnet152", 1.0)]
    answer = _answer(evidence(records))
    assert answer.sentences[0].startswith(f"{word}: at batch 1, EfficientNet-B1 takes {rate:.2f}x as long")
    assert bool(answer.closes) == (word == "Undecided")


def test_the_largest_batch_has_a_sentence_of_its_own() -> None:
    records = [*_evidence({"efficientnet_b1": 4.0, "resnet152": 1.0}), *_evidence({"efficientnet_b1": 2.0,
               "resnet152": 1.0}, batch=8)]  # fmt: skip
    answer = _answer(evidence(records))
    assert answer.sentences[1] == "At batch 8 it is 2.00x (1.96 to 2.05)."


def _studied(macs: tuple[float, float, float], activations: tuple[float, float, float]) -> AnswerBasis:
    shown = evidence(_evidence({**RESNETS, **EFFICIENTNETS}))
    place = shown.analysis.cases.iloc[0][WAY].to_dict()
    rows = [
        {**place, "predictor": name, "error_low": low, "error": error, "error_high": high}
        for name, (low, error, high) in (("macs", macs), ("activations", activations))
    ]
    return replace(shown, analysis=replace(shown.analysis, study=Study(predictors=pd.DataFrame(rows))))


@pytest.mark.parametrize(
    ("macs", "activations", "sentence"),
    [
        ((0.4, 0.5, 0.6), (0.2, 0.25, 0.3),
         "At batch 1, activations predict time better than FLOPs: errors of 25 % (20 to 30) against 50 % (40 to 60)."),
        ((0.2, 0.25, 0.3), (0.4, 0.5, 0.6),
         "At batch 1, FLOPs predict time better than activations: errors of 25 % (20 to 30) against 50 % (40 to 60)."),
        ((0.4, 0.5, 0.6), (0.3, 0.4, 0.5),
         "At batch 1, time predicted from FLOPs errs by 50 % (40 to 60), from activations by 40 % (30 to 50): neither "
         "clearly wins."),
    ],
)  # fmt: skip
def test_what_predicts_time_needs_intervals_apart(
    macs: tuple[float, float, float], activations: tuple[float, float, float], sentence: str
) -> None:
    assert _answer(_studied(macs, activations)).sentences[1] == sentence


def test_without_two_counted_models_it_is_not_asked() -> None:
    assert FlopsGuide().answer(evidence(_model("resnet50", 0.1))) is None
    uncounted = [r for m in ("resnet50", "efficientnet_b0") for r in _model(m, 0.1) if r.case.mode != "count"]
    assert FlopsGuide().answer(evidence(uncounted)) is None


def test_time_against_macs_is_drawn_by_family() -> None:
    shown = evidence(_evidence({**RESNETS, **EFFICIENTNETS}))
    chart = FlopsGuide().chart(shown, _answer(shown))
    assert chart is not None
    assert "EfficientNet" in chart.panels[0].svg
    assert chart.note.startswith("Along the dotted line time is proportional to MACs.")


def test_numbers_on_committed_records_follow_from_their_laps() -> None:
    suite, b1, r152 = "paper_latency", ("efficientnet_b1", 240), ("resnet152", 224)
    told = _answer(committed(suite)).numbers["time_per_mac"]["1"]
    macs = counted_macs(suite, *r152) / counted_macs(suite, *b1)
    assert told["ratio"] == pytest.approx(
        time_ratio(good_rounds(suite, *b1, 1), good_rounds(suite, *r152, 1)) * macs, rel=0.005
    )


def test_families_in_committed_records_follow_from_their_laps() -> None:
    """Mean of logs over a model's sizes, then over the family's models."""
    suite = "proxy_study"
    shown = committed(suite)
    answer = _answer(shown)
    slower, faster = answer.numbers["slower"], answer.numbers["faster"]
    assert (slower, faster) == ("efficientnet", "resnet")
    sizes: dict[str, set[int]] = {}
    for case in shown.analysis.plan.cases:
        if case.batch == 1 and "[" not in case.model:
            sizes.setdefault(case.model, set()).add(case.resolution)

    def family(start: str) -> float:
        return fmean(
            fmean(log(seconds(good_rounds(suite, model, side, 1)) / counted_macs(suite, model, side)) for side in own)
            for model, own in sizes.items() if model.startswith(start)
        )  # fmt: skip

    told = answer.numbers["time_per_mac"]["1"]["ratio"]
    assert told == pytest.approx(exp(family("efficientnet_b") - family("resnet")), rel=0.005)
