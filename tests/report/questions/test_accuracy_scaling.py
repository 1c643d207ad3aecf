"""Which way of scaling gives more accuracy, from literal right answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scalebench.analysis.analyse import Analysis, analyse
from scalebench.record import Record
from scalebench.report.content import Answered
from scalebench.report.findings import find
from scalebench.report.questions.accuracy_scaling import AccuracyScaling
from scalebench.report.questions.question import Answer, AnswerBasis
from scalebench.report.sections.trained_accuracy import training_study_section
from scalebench.report.training_tables import losses_table, prices_table
from scalebench.report.view import compose
from scalebench.report.writing.page import render
from scalebench.store.jsonl import Results
from scalebench.suite.suite_plan import Plan
from scalebench.suite.training_study import Damage, TrainingRun
from tests.analysis.literal_study import RATE, STUDY, plan_of, record_of

METHODS = ("depth", "width", "resolution", "compound")
WIDE = replace(STUDY, damage=Damage(scratch_widths=(1.0, 2.0, 4.0)))
SHARES = {
    "1 px": {"base": 600, "depth": 640, "width": 650, "resolution": 800, "compound": 700},
    "2 px": {"base": 620, "depth": 700, "width": 700, "resolution": 701, "compound": 700},
    "4 px": {"base": 640, "depth": 700, "width": 700, "resolution": 700, "compound": 800},
}
"""Of a thousand test images; those that a network is right on come first, so that differences are exact."""


def right(number: int, seed: int) -> np.ndarray:
    bits: np.ndarray = np.arange(1000) < number + seed
    return bits


def records(plan: Plan, shares: dict[str, dict[str, int]] = SHARES) -> list[Record]:
    epochs = STUDY.epochs
    other = {test: right(500, 0) for test in shares}
    rows = [record_of(plan, TrainingRun("base", 0.2, 0, epochs), other, validation=0.5)]
    for method in ("base", *METHODS):
        for seed in range(3):
            bits = {test: right(of[method], seed) for test, of in shares.items()}
            rows.append(record_of(plan, TrainingRun(method, RATE, seed, epochs), bits))
    return rows


PLAN = plan_of(*METHODS, study=WIDE)


def analysis_of(rows: list[Record]) -> Analysis:
    return analyse(PLAN, rows)


def answer_of(rows: list[Record]) -> Answer:
    answer = AccuracyScaling().answer(AnswerBasis(analysis_of(rows)))
    assert answer is not None
    return answer


def test_the_winner_of_each_width_and_the_clearest_lead() -> None:
    answer = answer_of(records(PLAN))
    assert answer.sentences == (
        "Resolution for scratches of 1 px; compound scaling for scratches of 4 px; undecided for scratches of 2 px.",
        "At 1 px, resolution is 10.0 points (8.1 to 11.9) ahead of compound scaling.",
    )
    words = {(verdict["test"], verdict["verdict"], verdict["best"]) for verdict in answer.numbers["verdicts"]}
    assert words == {("1 px", "refuted", "resolution"), ("2 px", "inconclusive", ""), ("4 px", "supported", "compound")}


def test_the_claim_has_its_published_and_its_measured_side() -> None:
    """Table 7 of the paper beside what was measured, each named."""
    verdicts, claim = answer_of(records(PLAN)).tables
    assert [row[-1] for row in verdicts.rows] == ["does not hold here", "undecided", "holds here"]
    published, *measured = claim.rows
    assert published[0].startswith("published: ImageNet top-1, Tan and Le, Table 7")
    assert published[1:] == ("4.5 to 4.75, printed FLOPs", "77.3", "79", "78.9", "79.1", "81.1")
    assert [row[0].startswith("measured here: ") for row in measured] == [True] * 3
    assert measured[0][1] == "4, counted MACs"
    assert measured[0][-1].startswith("70.1 (")


def test_no_verdict_is_said_with_its_reason() -> None:
    low = {test: {**of, "base": 400} for test, of in SHARES.items()}
    assert answer_of(records(PLAN, low)).sentences == (
        "Not measured: the base is right on 40 % of the images; a verdict needs 55 to 85 %.",
    )


def test_what_it_does_not_show_is_said() -> None:
    assert answer_of(records(PLAN)).points[-1].startswith("It does not show what other data")


def test_the_question_is_not_asked_without_a_study() -> None:
    assert AccuracyScaling().answer(AnswerBasis(analyse(plan_of(*METHODS), []))) is None


def test_points_per_doubling_of_what_they_cost() -> None:
    """Four times the MACs are two doublings: 10 points are 5 per doubling; twice the time is one."""
    rows = [
        record if record.facts["run"]["method"] == "base"
        else replace(record, facts={**record.facts, "train_s": 0.04, "inference_s": 0.016})
        for record in records(PLAN)
    ]  # fmt: skip
    training = analysis_of(rows).training
    assert training is not None
    row = next(row for row in prices_table(training).rows if row[:2] == ("1 px", "compound"))
    assert [cell.split(" ")[0] for cell in row[2:]] == ["+10.0", "4.00", "+5.0", "4.00", "+5.0", "2.00", "+10.0"]


def test_a_study_that_has_only_begun_has_a_page() -> None:
    """Base and one variant, of seeds that do not meet: nothing is compared, and no NaN is shown."""
    every = records(PLAN)
    begun = [r for r in every if (r.facts["run"]["method"], r.round) in {("base", 0), ("compound", 1), ("width", 2)}]
    report = compose(find(Results((PLAN,), tuple(begun), (), ())))
    assert report.answers[0].sentences == ("Not measured: some training runs are missing.",)
    assert "nan" not in render(report).replace("nan-", "").lower().split("<body", 1)[1].split("<script", 1)[0]


def test_the_learning_curve_of_each_variant() -> None:
    training = analysis_of(records(PLAN)).training
    assert training is not None
    assert losses_table(training).rows[1] == ("compound", "1.25", "0.75")


def test_the_page_has_answer_figure_and_section() -> None:
    findings = find(Results((PLAN,), tuple(records(PLAN)), (), ()))
    report = compose(findings)
    answered: Answered = next(a for a in report.answers if a.id == "ask-accuracy_scaling")
    assert answered.chart is not None
    assert [panel.title for panel in answered.chart.panels] == [f"scratches of {width} px" for width in (1, 2, 4)]
    assert "training-study" in [section.id for section in report.sections]
    html = render(report)
    assert "Which way of scaling gives more accuracy here?" in html
    assert findings.document["closing"]["facts"][0] == "16 networks trained and tested"
    assert findings.document["training_study"]["study"]["damage"]["scratch_widths"] == (1.0, 2.0, 4.0)


@pytest.mark.parametrize("method", ["depth", "compound"])
def test_runs_without_networks_and_diverged_ones_are_on_the_page(method: str) -> None:
    rows = records(PLAN)
    run = {"method": method, "seed": 0, "rate": RATE}
    at = next(i for i, r in enumerate(rows) if run.items() <= r.facts["run"].items())
    rows[at] = replace(rows[at], outcome="failed", ending="diverged")
    assert "1 training runs diverged; they count with the accuracy that they have." in answer_of(rows).points
    rows[at] = replace(rows[at], outcome="oom", facts={"run": rows[at].facts["run"]})
    training = analysis_of(rows).training
    assert training is not None
    assert "1 training runs ended without a network: oom." in training_study_section(training).text
