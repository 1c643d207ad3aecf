"""Which papers' statements hold, from literal verdicts and from committed records."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from statistics import geometric_mean
from typing import Any

import pytest

from scalebench.analysis.stats import Estimate
from scalebench.claims.judge import Verdict, judge
from scalebench.claims.judged_parts import Judged, Word
from scalebench.claims.registry import Claim, select_claims
from scalebench.flags import is_bad
from scalebench.report.content import Table
from scalebench.report.questions.question import Answer, AnswerBasis
from scalebench.report.questions.statements import Statements, measured_statements
from tests.report.literal_report import find_in, make_rounds
from tests.report.questions.literal_rounds import evidence, reference, words

EFFECTS: dict[Word, tuple[float, float, float]] = {
    "supported": (0.80, 0.75, 0.85), "refuted": (1.50, 1.40, 1.60), "not reproduced here": (1.50, 1.40, 1.60),
    "inconclusive": (1.00, 0.90, 1.11), "not measured": (math.nan, math.nan, math.nan),
}  # fmt: skip
"""Of statements that allow at most 1."""


def _claim(id_: str, **more: Any) -> Claim:
    part = {"kind": "measured_ratio", "label": "time of A over B", "metric": "latency_s", "over": "resnet50@224",
            "under": "resnet18@224", "at_most": 1.0}  # fmt: skip
    usual = {"claim": f"Statement {id_}.", "stance": "baseline", "source": "a paper", "published": "", "conditions": ""}
    return Claim.model_validate({"id": id_, **usual, **({} if "cannot" in more else {"parts": [part]}), **more})


def _verdict(claim: Claim, word: Word, way: str = "batch 1, fp32", differences: tuple[str, ...] = ()) -> Verdict:
    value, low, high = EFFECTS[word]
    part = Judged("time of A over B", Estimate(value, low, high, 3), -math.inf, 1.0, word)
    return Verdict(claim, word, value, low, high, 3, "epyc", way, "", (part,), differences=differences)


def _answer(verdicts: Sequence[Verdict]) -> Answer | None:
    answer = Statements().answer(AnswerBasis(evidence([]).analysis, verdicts))
    assert answer is None or all(words(sentence) <= 25 for sentence in answer.sentences)
    return answer


def _known(verdicts: Sequence[Verdict]) -> Answer:
    answer = _answer(verdicts)
    assert answer is not None
    return answer


UNTESTED = (
    _verdict(_claim("TRAP", stance="trap"), "refuted"),
    _verdict(_claim("OURS", source="scalebench: a question"), "refuted"),
    _verdict(_claim("NEVER", cannot="It needs training."), "not measured", ""),
    _verdict(_claim("LATER"), "not measured", ""),
    _verdict(_claim("PRINTED"), "refuted", ""),
)
"""A trap, a question of our own, what no suite can test, what was not measured, and a printed number."""


def test_only_measured_statements_of_papers_are_counted() -> None:
    tested = [
        _verdict(_claim("H1"), "supported"), _verdict(_claim("H2"), "supported"), _verdict(_claim("N1"), "refuted"),
        _verdict(_claim("R1"), "not reproduced here", differences=("AMD EPYC instead of V100",)),
        _verdict(_claim("U1"), "inconclusive"),
    ]  # fmt: skip
    answer = _known([*tested, *UNTESTED])
    assert answer.sentences == (
        "Of 5 statements of papers tested here, 2 hold, 1 does not, 1 is not reproduced and 1 is undecided.",
    )
    assert list(answer.numbers["statements"]) == ["H1", "H2", "N1", "R1", "U1"]
    assert answer.points == (
        "Speed: Statement H1. Holds here: time of A over B is 0.800 (0.750 to 0.850), expected at most 1.00.",
        "Speed: Statement H2. Holds here: time of A over B is 0.800 (0.750 to 0.850), expected at most 1.00.",
        "Speed: Statement N1. Does not hold here: time of A over B is 1.50 (1.40 to 1.60), expected at most 1.00.",
        "Speed: Statement R1. Not reproduced here: time of A over B is 1.50 (1.40 to 1.60), expected at most 1.00. "
        "Conditions differ from the source's: AMD EPYC instead of V100.",
        "Speed: Statement U1. Undecided: time of A over B is 1.00 (0.900 to 1.11), expected at most 1.00.",
        "Counting models, without measuring, contradicts 1 further statement of papers.",
        "Not tested: 1 statement about models, settings or hardware that were not measured "
        "and 1 statement that no suite can test.",
    )


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("supported", "The only statement of a paper tested here holds."),
        ("refuted", "The only statement of a paper tested here does not hold."),
        ("inconclusive", "The only statement of a paper tested here is undecided."),
    ],
)
def test_one_statement(word: Word, sentence: str) -> None:
    assert _known([_verdict(_claim("A"), word)]).sentences == (sentence,)


def test_where_all_end_alike_it_is_said_so() -> None:
    claims = [_claim("A"), _claim("B")]
    assert _known([_verdict(c, "refuted") for c in claims]).sentences == (
        "None of the 2 statements of papers tested here holds.",
    )
    assert _known([_verdict(c, "inconclusive") for c in claims]).sentences == (
        "All 2 statements of papers tested here are undecided.",
    )


def test_a_statement_that_a_count_alone_contradicts_is_no_failure_of_this_machine() -> None:
    """V2-02: were its 1.67 times the FLOPs wrong, no timing could mend it; a contradicting time counts."""
    claim, counted = _claim("A"), Judged("MACs", Estimate(2.0, 2.0, 2.0, 2, exact=True), 1.6, 1.7, "refuted")
    times = _verdict(claim, "supported")
    by_count = Verdict(claim, "refuted", 2.0, 2.0, 2.0, 2, "epyc", "batch 1", "", (counted, *times.parts), exact=True)
    assert _known([by_count]).sentences == ("Counting models, without measuring, contradicts 1 statement of papers.",)
    both = (counted, *_verdict(claim, "refuted").parts)
    slower = Verdict(claim, "refuted", 2.0, 2.0, 2.0, 2, "epyc", "batch 1", "", both)
    assert _known([slower]).sentences == ("The only statement of a paper tested here does not hold.",)


def test_the_longest_sentence_is_short() -> None:
    """Every outcome at once; ``_known`` counts the words."""
    both = [_verdict(_claim("D"), word) for word in ("supported", "refuted")]
    words_: tuple[Word, ...] = ("supported", "refuted", "not reproduced here", "inconclusive")
    every = [_verdict(_claim(f"{word[0]}{n}"), word) for word in words_ for n in range(2)]
    assert _known([*both, *every]).sentences == (
        "Of 9 statements of papers tested here, 2 hold, 2 do not, 2 are not reproduced, 1 depends on the configuration "
        "and 2 are undecided.",
    )


def test_the_conditions_nearest_to_the_sources_decide() -> None:
    """A statement about batch 1 is not contradicted at batch 8."""
    claim = _claim("A")
    at_8 = _verdict(claim, "not reproduced here", "batch 8", ("batch 8 instead of batch 1", "EPYC instead of Xeon"))
    at_1 = _verdict(claim, "supported", "batch 1", ("EPYC instead of Xeon",))
    assert [t.outcome for t in measured_statements([at_8, at_1])] == ["holds"]


def test_many_configurations_are_one_statement() -> None:
    """Ten of eleven hold and one is undecided; half and half depends; mostly undecided is undecided."""
    claim = _claim("A")
    hold, open_, fail = (_verdict(claim, word) for word in ("supported", "inconclusive", "refuted"))
    answer = _known([*[hold] * 10, open_])
    assert answer.sentences == ("The only statement of a paper tested here holds.",)
    assert answer.points[0].startswith(
        "Speed: Statement A. Holds here in 10 of 11 configurations. For example, time of"
    )
    assert [t.outcome for t in measured_statements([hold, fail])] == ["depends"]
    assert [t.outcome for t in measured_statements([hold, open_, open_])] == ["undecided"]


def test_what_only_counting_decides_is_said_apart() -> None:
    answer = _known([_verdict(_claim(f"C{n}"), "supported", "") for n in range(3)] + [UNTESTED[-1]])
    assert answer.sentences == (
        "Counting models, without measuring, confirms 3 statements of papers and contradicts 1.",
    )
    assert (answer.numbers["tested"], answer.numbers["does not hold"]) == (0, 0)


def test_without_a_statement_of_a_paper_the_question_is_not_asked() -> None:
    assert _answer([]) is None
    assert _answer(UNTESTED[:4]) is None


def test_an_open_statement_says_how_many_rounds_would_decide_it() -> None:
    """0.9 [0.8, 1.0125] in three rounds against 1: a third of the rounds more, about."""
    part = Judged("time of A over B", Estimate(0.9, 0.8, 1.0125, 3), -math.inf, 1.0, "inconclusive")
    near = Verdict(_claim("A"), "inconclusive", 0.9, 0.8, 1.0125, 3, "epyc", "batch 1", "", (part,))
    assert _known([near]).closes == "About 4 rounds of each case, instead of 3, would decide the undecided statement."
    on_the_bound = _verdict(_claim("A"), "inconclusive")
    assert _known([on_the_bound]).closes.startswith("More rounds alone decide none of the undecided")
    assert _known([_verdict(_claim("A"), "supported")]).closes == ""


def test_what_was_not_asked_for_is_never_reported_as_failing() -> None:
    """All claims judged on two models: no language model, edge device or segmenter fails, and no trap is counted."""
    analysis = find_in(make_rounds(3)).analysis
    verdicts = judge(select_claims(["all"]), analysis)
    answer = Statements().answer(AnswerBasis(analysis, verdicts))
    assert answer is not None
    measured = {verdict.claim.id for verdict in verdicts if verdict.way}
    assert set(answer.numbers["statements"]) <= measured
    fails = ("does not hold", "not reproduced")
    failing = {name for name, row in answer.numbers["statements"].items() if row["outcome"] in fails}
    assert not {name for name in failing if name.startswith(("SL-", "EG-", "DN-", "ED-", "RT-", "SB-"))}
    assert answer.numbers["not measured"] + answer.numbers["cannot"] > 40
    assert sum(point.startswith("Not tested:") for point in answer.points) == 1


def test_the_figure_has_a_row_per_statement_and_its_table_too() -> None:
    verdicts = [_verdict(_claim("A"), "supported"), _verdict(_claim("B"), "inconclusive"), *UNTESTED]
    given = AnswerBasis(evidence([]).analysis, verdicts)
    chart = Statements().chart(given, _known(verdicts))
    assert chart is not None
    lines = re.findall(r">([^<>]+)</(?:text|tspan)>", chart.panels[0].svg)
    assert " ".join(lines).count("Time of A over B, at most 1.00") == 2, "in a reader's words, not by codes of ours"
    assert isinstance(chart.table, Table)
    assert [row[2] for row in chart.table.rows] == ["Holds here", "Undecided"]


def test_what_was_measured_stands_in_the_figure_in_full() -> None:
    label = "latency of EfficientNet-B0 scaled by resolution over the same scaled by width"
    part = Judged(label, Estimate(0.8, 0.75, 0.85, 3), -math.inf, 1.0, "supported")
    verdict = replace(_verdict(_claim("A"), "supported"), parts=(part,))
    chart = Statements().chart(AnswerBasis(evidence([]).analysis, [verdict]), _known([verdict]))
    assert chart is not None
    lines = re.findall(r">([^<>]+)</(?:text|tspan)>", chart.panels[0].svg)
    assert "Latency of EfficientNet-B0 scaled by resolution over the same scaled by width" in " ".join(lines)
    assert "…" not in chart.panels[0].svg


def test_committed_records_give_the_same_effect() -> None:
    """V2-01: B6 trains 1.69 times as fast at 380 as at 512 px; the bound, 2.15 less a quarter, lies in its interval."""
    findings, given = reference("training")
    answer = Statements().answer(given)
    assert answer is not None
    assert answer.sentences == ("Of 3 statements of papers tested here, 1 holds and 2 are undecided.",)
    speeds: dict[int, list[float]] = {380: [], 512: []}
    for record in findings.stored.records:
        b6 = (record.case.model, record.case.mode) == ("efficientnet_b6", "training")
        if b6 and record.outcome == "ok" and not is_bad(record.notes):
            speeds[record.case.resolution].append(record.facts["throughput_ips"])
    shown = answer.numbers["statements"]["V2-01"]
    assert shown["effect"] == pytest.approx(geometric_mean(speeds[380]) / geometric_mean(speeds[512]), rel=1e-9)
    assert shown["allowed_low"] == pytest.approx(2.15 * 0.75)
    assert shown["low"] < shown["allowed_low"] < shown["high"]
