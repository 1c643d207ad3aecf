"""Printed numbers are only as exact as their last digit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from scalebench.analysis.analyse import Analysis
from scalebench.claims.judge import Verdict, judge
from scalebench.claims.printed import Printed, spread
from scalebench.claims.registry import Claim, Part, registry

MakeAnalysis = Callable[..., Analysis]


@pytest.mark.parametrize(
    ("text", "value", "low", "high"),
    [
        ("5.3", 5.3, 5.25, 5.35), ("5.30", 5.3, 5.295, 5.305), ("2.0", 2, 1.95, 2.05), ("19e6", 19e6, 18.5e6, 19.5e6),
        ("0.39e9", 0.39e9, 0.385e9, 0.395e9), ("557e6 / 8.4", 66.309524e6, 556.5e6 / 8.45, 557.5e6 / 8.35),
    ],
)  # fmt: skip
def test_the_last_digit_is_rounded(text: str, value: float, low: float, high: float) -> None:
    number = Printed(text)
    assert (number, number.low, number.high) == tuple(pytest.approx(each, rel=1e-7) for each in (value, low, high))


@pytest.mark.parametrize("text", ["", "five", "1 / 2 / 3", "nan", "1 /"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        Printed(text)
    with pytest.raises((ValidationError, ArithmeticError)):
        TypeAdapter(Part).validate_python(
            {"kind": "constant", "label": "x", "quantity": "compound_constant", "near": text}
        )


def test_both_numbers_of_a_pair_are_rounded() -> None:
    """1.3 over 1.2 is anything from 1.25 / 1.25 to 1.35 / 1.15, and 77.4 - 76.8 from 0.5 to 0.7."""
    assert spread(lambda a, b: a / b, Printed("1.3"), Printed("1.2")) == (1.0, pytest.approx(1.173913, abs=1e-6))
    assert spread(lambda a, b: a - b, Printed("77.4"), Printed("76.8")) == (0.5, 0.7)
    assert spread(lambda a, b: a / b, 3.0, 2.0) == (1.5, 1.5)


def test_a_printed_expectation_allows_what_rounds_to_it() -> None:
    """5.7 times with a margin of 15 % is 4.8025 and more, 85 % of 5.65; 16 as at most is 16.5."""
    part: Any = {"kind": "constant", "label": "x", "quantity": "compound_constant"}
    read = TypeAdapter(Part).validate_python
    assert read({**part, "at_least": "5.7", "margin": 0.15}).bounds[0] == pytest.approx(4.8025)
    assert read({**part, "at_least": 5.7, "margin": 0.15}).bounds[0] == pytest.approx(4.845)
    assert read({**part, "at_most": "16"}).bounds[1] == pytest.approx(16.5)
    assert read({**part, "near": "2.0", "margin": 0.1}).bounds == pytest.approx((1.755, 2.255))


def test_printed_numbers_survive_being_written() -> None:
    """The list of claims as JSON can be read again, digits and all."""
    claim = registry()["EN-10"]
    again = Claim.model_validate_json(claim.model_dump_json())
    assert [part.bounds for part in again.parts] == [part.bounds for part in claim.parts]


def _judge(name: str, analysis: Analysis) -> Verdict:
    (verdict,) = judge([registry()[name]], analysis)
    return verdict


@pytest.mark.parametrize("name", ["EN-20", "EN-24"])
def test_printed_digits_that_leave_it_open_decide_nothing(analysis_of: MakeAnalysis, name: str) -> None:
    """81.1 less 81.1 is at most 0.1 and may be 0.05; 1.3 G over 1.2 G is 1.00 to 1.17 and may be within 6 %."""
    verdict = _judge(name, analysis_of())
    assert verdict.verdict == "inconclusive"
    assert "The rounding of what is printed decides" in verdict.why
    assert verdict.exact  # no sampling error: nothing to measure more of
    assert verdict.low < verdict.effect < verdict.high


def test_a_count_that_is_near_what_rounds_to_the_printed_figure_agrees(analysis_of: MakeAnalysis) -> None:
    """EN-21: 2.4697 G is 7.4 % more than 2.3 G, and 5.1 % more than 2.35 G, which is printed 2.3 too."""
    counts = {
        ("mobilenetv1_100", 224): {"macs": 0.6e9}, ("mobilenetv1_100[w=2]", 224): {"macs": 2.2e9},
        ("mobilenetv1_100", 448): {"macs": 2.2e9}, ("mobilenetv1_100[d=1.4,w=1.2]", 291): {"macs": 2469724000},
    }  # fmt: skip
    verdict = _judge("EN-21", analysis_of(counts))
    assert verdict.verdict == "supported"
    assert verdict.parts[-1].high == pytest.approx(1.06 * 2.35 / 2.3)
    assert "by the printed digits alone it would be refuted" in verdict.why
    counts["mobilenetv1_100[d=1.4,w=1.2]", 291] = {"macs": 2.5e9}  # 6.4 % more than 2.35 G
    refuted = _judge("EN-21", analysis_of(counts))
    assert refuted.verdict == "refuted"
    assert "rounding" not in refuted.why


def test_far_beyond_the_rounding_a_printed_pair_is_refuted(analysis_of: MakeAnalysis) -> None:
    """EN-30: 77.1 less 76.3 is at least 0.7 points."""
    assert _judge("EN-30", analysis_of()).verdict == "refuted"
