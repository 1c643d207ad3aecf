"""The answers of a decision: every number follows from the decision's JSON, and the words keep to the page's rules."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from scalebench.procure.decision_document import build_document
from scalebench.procure.outcome import PurchaseOutcome
from scalebench.report.content import Report
from scalebench.report.decision_page import compose_decision
from scalebench.report.offers.purchase_answers import QUESTIONS, answered
from scalebench.report.write_report import answers_document, strict
from tests.procure.literal_plan import CAPACITY, plan
from tests.report.offers.literal_outcome import outcome_of, tied, varied


@pytest.fixture(scope="module")
def outcome() -> PurchaseOutcome:
    return varied()


@pytest.fixture(scope="module")
def document(outcome: PurchaseOutcome) -> Any:
    return json.loads(json.dumps(strict(build_document(outcome, {}) | answers_document(_page(outcome)))))


def _page(outcome: PurchaseOutcome) -> Report:
    return Report("plan", "", answered(outcome), ())


def numbers(document: Any, question: str) -> Any:
    return document["answers"][question]["numbers"]


def of_offer(document: Any, place: str = "ranked", rank: int = 0) -> dict[str, float]:
    return {name: entry["value"] for name, entry in document[place][rank]["numbers"].items()}


def test_the_json_has_every_question_with_its_answer(document: Any) -> None:
    assert list(document["answers"]) == ["take", "cost", "certainty", "change", "service", "next"]
    for answer in document["answers"].values():
        assert set(answer) == {"question", "sentences", "points", "numbers", "closes"}
        assert answer["question"].endswith("?")


def test_take_is_the_first_of_the_ranking(document: Any) -> None:
    first, answer = of_offer(document), numbers(document, "take")
    assert answer["offer"] == document["ranked"][0]["offer"]
    assert (answer["standing"], answer["leaders"]) == (document["standing"], document["leaders"])
    assert (answer["nodes"], answer["spare"]) == (first["nodes"], document["policy"]["redundancy"])
    for name in ("per_year", "per_million"):
        assert answer[name] == first[name]
    for end in ("low", "median", "high"):
        assert answer[f"per_million_{end}"] == first[f"cost_{end}"], "the plan ranks by it"
    # The demand is certain: 27,594 million images a year in every draw.
    assert answer["per_year_high"] == pytest.approx(answer["per_million_high"] * 27_594)


def test_certainty_is_the_share_of_the_draws(document: Any) -> None:
    answer = numbers(document, "certainty")
    assert answer["draws"] == document["draws"]["count"] == 400
    assert answer["best"] == {
        entry["offer"]: of_offer(document, rank=rank)["p_best"] for rank, entry in enumerate(document["ranked"])
    }
    assert sum(answer["best"].values()) == pytest.approx(1)
    assert answer["enough"] == document["policy"]["tie_probability"]
    assert answer["regret_per_year"] == document["information"]["regret"]


def test_the_parts_of_a_cost_add_up_to_it(document: Any) -> None:
    answer = numbers(document, "cost")
    for place in ("ranked", "bounds"):
        for rank, entry in enumerate(document[place]):
            parts, offer = answer["parts_per_year"][entry["offer"]], of_offer(document, place, rank)
            assert sum(parts.values()) == pytest.approx(offer["per_year"])
            assert parts == {part: offer[f"{part}_per_year"] for part in parts}
    own = next(rank for rank, entry in enumerate(document["ranked"]) if entry["offer"] == "own")
    assert answer["parts_per_year"]["own"]["hosting"] == 1800 * of_offer(document, rank=own)["nodes"]
    bought = document["ranked"][0]["offer"] == "own"
    assert answer["first_day"] == (24_000 * of_offer(document)["nodes"] if bought else 0)


def test_change_has_the_switching_values(document: Any) -> None:
    answer = numbers(document, "change")
    at = {entry["path"]: entry["at"] for entry in document["switching"] if entry["at"] is not None}
    assert answer["at"] == at
    assert set(answer["in_range"]) == {entry["path"] for entry in document["switching"] if entry["in_range"]}
    assert answer["ranges"] == sum(entry["low"] < entry["high"] for entry in document["switching"])
    assert answer["runner_up"] == document["ranked"][1]["offer"]


def test_service_is_that_of_the_first_offers_node(document: Any) -> None:
    (served,), answer = document["capacities"], numbers(document, "service")
    assert answer["latency_s"] == served["latency_s"]
    assert answer["planned_ips"] == pytest.approx(min(0.6 * served["counted_on"], served["slo_counted_on"]))
    rate = served["slo_images_per_s"]
    assert [answer[f"within_ips{end}"] for end in ("", "_low", "_high")] == [rate["value"], rate["low"], rate["high"]]
    assert (answer["percentile"], answer["limit_s"]) == (99, 0.06)
    # 505 = 0.6 x 842: a node is loaded to 60 % of the low end of its capacity.
    assert document["answers"]["service"]["sentences"][1] == (
        "505 is 60 % of the 842 that a node serves in full batches at the slow end of the measurements."
    )


def test_next_has_the_value_of_each_input(document: Any) -> None:
    answer, information = numbers(document, "next"), document["information"]
    assert answer["everything_per_year"] == information["everything"]
    assert answer["choice_per_year"] == {value["path"]: value["choice"] for value in information["inputs"]}
    assert answer["sizing_per_year"] == {
        value["path"]: value["sizing"] for value in information["inputs"] if value["sizing"]
    }


@pytest.mark.parametrize("which", ["ranges", "tied", "nothing"])
def test_sentences_are_short_and_their_numbers_too(which: str, outcome: PurchaseOutcome) -> None:
    """At most 25 words, none of the jargon of tables, two or three digits."""
    chosen = {"ranges": outcome, "tied": tied(), "nothing": outcome_of(plan(), [])}[which]
    for answer in answers_document(_page(chosen))["answers"].values():
        for text in (*answer["sentences"], *answer["points"], answer["closes"]):
            for sentence in re.split(r"(?<=[.:]) ", text):
                assert len(sentence.split()) <= 25, sentence
            assert not re.search(r"P\(best\)|n = |\[|nan|inf\b", text), text
            for number in re.findall(r"\d+\.\d+", text):
                assert len(number.replace(".", "").lstrip("0")) <= 3, text


def test_an_answer_refers_to_sections_that_are_there(outcome: PurchaseOutcome) -> None:
    """Each question names its evidence; the page keeps the link where the section has something to show."""
    assert [answer.details for answer in answered(outcome)] == [question.details for question in QUESTIONS]
    page = compose_decision(outcome, build_document(outcome, {}), "plan", "")
    sections = {section.id for section in page.sections}
    assert {answer.details.anchor for answer in page.answers if answer.details} <= sections


def test_cost_and_service_level_are_drawn(outcome: PurchaseOutcome) -> None:
    charts = {answer.id: answer.chart for answer in answered(outcome)}
    assert [name for name, chart in charts.items() if chart] == ["ask-take", "ask-service"]
    bars, level = charts["ask-take"], charts["ask-service"]
    assert bars is not None
    assert level is not None
    assert all(offer in bars.panels[0].svg for offer in ("own", "rent", "elastic"))
    assert "service level, 60 ms" in level.panels[0].svg
    assert level.numbers["planned_ips"] == pytest.approx(0.6 * CAPACITY)


def test_without_a_curve_nothing_is_drawn() -> None:
    charts = {answer.id: answer.chart for answer in answered(tied())}
    assert charts["ask-service"] is None
