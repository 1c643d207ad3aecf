"""The page and the words of a decision: the verdict says all, and every number of it is in the JSON."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scalebench.procure.decide import decide
from scalebench.procure.decision_document import build_document
from scalebench.procure.outcome import PurchaseOutcome, weigh
from scalebench.procure.purchase_plan import PurchasePlan
from scalebench.procure.quantity import quantities
from scalebench.procure.serving import Capacity, Refusal
from scalebench.report.content import Report, Table
from scalebench.report.decision_page import compose_decision
from scalebench.report.index import write_index
from scalebench.report.naming import amount, given, name, with_unit
from scalebench.report.ranking import headings, remarks, rows, share, verdict, what_changes_it
from scalebench.report.write_report import write_pages
from tests.procure.literal_plan import CAPACITY, DRAWS, box, buy, capacity, plan, rent

CAPEX = {"value": 24000, "low": 20000, "high": 30000, "unit": "currency", "source": "a <quote>", "date": "2026-01-20"}


def outcome_of(purchase: PurchasePlan, serving: list[Capacity], refusals: tuple[Refusal, ...] = ()) -> PurchaseOutcome:
    return weigh(purchase, serving, refusals, lambda _: serving)


@pytest.fixture
def outcome() -> PurchaseOutcome:
    """Two offers that tie, one that is not measured, one that has expired."""
    guess = box("guess", machine="", estimate={"from": "box", "method": "roofline"}, power_source="tdp_only")
    offers = [
        buy(capex=CAPEX), rent(), rent("far", "guess", per_hour=4.0),
        buy("gone", quote={"vendor": "x", "date": "2026-05-01", "valid_until": "2026-06-01"}),
    ]  # fmt: skip
    serving = [capacity(), capacity("guess", 2000.0, origin="extrapolated")]
    return outcome_of(plan(offers, [box(), guess]), serving, (Refusal("guess", serving[0].setup, "memory", "9 of 8"),))


@pytest.fixture
def document(outcome: PurchaseOutcome, tmp_path: Path) -> dict[str, Any]:
    file = tmp_path / "plan.yaml"
    file.write_text("schema: scalebench.procure/1\n", encoding="utf-8")
    return build_document(outcome, {"plan.yaml": file})


@pytest.fixture
def report(outcome: PurchaseOutcome, document: dict[str, Any]) -> Report:
    return compose_decision(outcome, document, "plan", "schema: scalebench.procure/1\n")


def test_a_winner_is_said_with_money_count_margin_and_chance() -> None:
    text = verdict(decide(plan(), [capacity()]))
    assert text == (
        "rent, 6 (5+1) nodes with resnet50@288 fp32 onnxruntime at batch 16: 57,816 EUR per year, 2.10 EUR per million "
        "images, 6.52 % less than own; P(best) 1.00."
    )


def test_a_tie_is_said_as_a_tie(outcome: PurchaseOutcome) -> None:
    text = verdict(outcome.decision)
    likely, other = (share(offer.chance.best) for offer in outcome.decision.ranked[:2])
    assert text.startswith(f"Tie between rent and own: P(best) {likely} and {other}, ")
    assert "where a winner needs 0.95" in text
    assert len(text.split()) <= 60


def test_a_leader_of_a_tie_that_is_not_measured_is_marked() -> None:
    guess = box("guess", machine="", estimate={"from": "box", "method": "flops_ratio"})
    offers = [rent(), rent("same", "guess")]
    decision = decide(plan(offers, [box(), guess]), [capacity(), capacity("guess", origin="extrapolated")])
    assert verdict(decision).startswith("Tie between rent and same (not measured): P(best) 0.50 and 0.50")


def test_one_that_serves_too_rarely_is_not_established() -> None:
    drawn = (0.0,) * (DRAWS // 10) + (CAPACITY,) * (DRAWS - DRAWS // 10)
    decision = decide(plan([rent()]), [capacity(draws=drawn)])
    assert verdict(decision).startswith("Not established: rent")
    assert "the only offer" in verdict(decision)
    assert "0.90 of the draws" in verdict(decision)
    assert rows(decision)[0][-1] == "leads, not established"


def test_nothing_serves_is_said_with_the_reasons() -> None:
    decision = decide(plan(), [], [Refusal("box", capacity().setup, "slo", "72 ms against 60 ms")])
    assert verdict(decision) == "No offer meets the constraints (service level: own and rent)."
    assert [row[-1] for row in rows(decision)] == ["rejected: service level"] * 2
    assert "72 ms against 60 ms" in remarks(decision)[0][1]


def test_what_was_not_measured_stands_in_verdict_and_table() -> None:
    guess = box("guess", machine="", estimate={"from": "box", "method": "flops_ratio"})
    offers = [rent("far", "guess", per_hour=0.1), rent()]
    decision = decide(plan(offers, [box(), guess]), [capacity(), capacity("guess", 5000.0, origin="extrapolated")])
    assert "Capacity not measured." in verdict(decision)
    assert "extrapolated from box by flops_ratio" in remarks(decision)[0][1]
    assert "The best measured offer is rent at 2.10 EUR" in verdict(decision)
    assert rows(decision)[0][-1] == "winner, not measured"


def test_board_power_stands_in_the_verdict() -> None:
    decision = decide(plan(nodes=[box(power_source="tdp_only")]), [capacity()])
    assert "Power not measured." in verdict(decision)
    assert "No offer is measured throughout." in verdict(decision)


def test_a_lower_bound_is_called_one_and_does_not_win() -> None:
    decision = decide(plan([buy(), rent("elastic", scaling="elastic")]), [capacity()])
    assert verdict(decision).startswith("own, 6 (5+1) nodes")
    assert verdict(decision).endswith(
        "Elastic rent may cost less: elastic at 0.954 EUR per million images is a lower bound, perfect scaling."
    )
    assert [row[-1] for row in rows(decision)] == ["winner", "lower bound"]
    assert rows(decision)[1][-2] == "-"


def test_where_every_cost_is_a_lower_bound_the_verdict_says_so() -> None:
    decision = decide(plan([rent("elastic", scaling="elastic")]), [capacity()])
    assert "The cost of every offer here is a lower bound" in verdict(decision)
    assert rows(decision)[0][-1] == "winner, lower bound"


def test_every_offer_has_a_row_as_wide_as_the_headings(outcome: PurchaseOutcome) -> None:
    table = rows(outcome.decision)
    assert [row[0] for row in table] == ["rent", "own", "far", "gone"]
    assert {len(row) for row in table} == {len(headings(outcome.decision))}
    assert table[-1][-1] == "rejected: price expired"
    assert table[2][-1] == "ranked, not measured"


def test_what_changes_it_in_plain_words(outcome: PurchaseOutcome) -> None:
    sentences = what_changes_it(outcome)
    assert "own wins if the price of a node of own falls below 22,090 EUR (now 24,000)." in sentences
    assert "own wins if the hourly rent of rent rises above 1.18 EUR per h (now 1.1)." in sentences


def test_what_lies_outside_your_range_does_not_matter_there() -> None:
    narrow = CAPEX | {"low": 23500, "high": 24500}
    sentences = what_changes_it(outcome_of(plan([buy(capex=narrow), rent()]), [capacity()]))
    (sentence,) = [text for text in sentences if "price of a node" in text]
    assert sentence == (
        "The price of a node of own does not matter in your range of 23,500 to 24,500: own would win if it falls below "
        "22,090 EUR."
    )


def test_every_input_has_a_name() -> None:
    names = [name(path) for path in quantities(plan())]
    assert len(set(names)) == len(names)
    assert "the price of a node of own" in names
    assert name("workload.accuracy.values.resnet50@288") == "the accuracy of resnet50@288"


def test_numbers_in_words() -> None:
    assert (amount(57816.0), amount(2.0952), given(0.25), given(24000.0)) == ("57,816", "2.10", "0.25", "24,000")
    purchase = plan()
    assert with_unit("0.25", "currency/kWh", purchase) == "0.25 EUR per kWh"
    assert with_unit("0.08", "1/year", purchase) == "0.08 per year"
    assert with_unit("1.5", "", purchase) == "1.5"
    assert [share(p) for p in (0.0, 0.001, 0.5, 0.999, 1.0)] == ["0.00", "< 0.01", "0.50", "> 0.99", "1.00"]


def test_the_page_has_everything_in_reading_order(report: Report) -> None:
    assert [section.id for section in report.sections] == [
        "offers", "assumptions", "capacities", "sensitivity", "switching", "pareto", "gaps", "method",
    ]  # fmt: skip
    charts = {chart.id for section in report.sections for chart in section.charts}
    assert charts == {"d1", "d2", "d3"}
    assert report.answers[0].numbers["per_million"] == pytest.approx(2.0952, rel=1e-4)
    assert (
        "Warning: the price of offers.own.capex is 193 days old (2026-01-20), more than 90." in report.sections[1].text
    )


def test_the_written_page_and_its_json_agree(report: Report, document: dict[str, Any], tmp_path: Path) -> None:
    page = write_pages(report, document, tmp_path / "reports")
    assert page.name == "plan-decision.html"
    html = page.read_text(encoding="utf-8")
    content = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert content["headline"] == report.answers[0].sentences[0]
    assert "a &lt;quote&gt;" in html
    assert html.count('role="img"') == 3
    first = content["ranked"][0]["numbers"]
    for number in re.findall(r"\d[\d,]* EUR per year", content["headline"]):
        assert number == f"{first['per_year']['value']:,.0f} EUR per year"
    _, entries = write_index(page.parent)
    assert (entries[0].kind, entries[0].headline) == ("decision", report.answers[0].sentences[0])


def test_a_page_without_any_offer_is_written_all_the_same(tmp_path: Path) -> None:
    nothing = outcome_of(plan(), [])
    document = build_document(nothing, {})
    report = compose_decision(nothing, document, "none", "")
    assert write_pages(report, document, tmp_path).exists()
    assert report.answers[0].sentences[0].startswith("No offer meets the constraints")


def test_a_range_at_whose_end_nothing_serves_is_drawn_and_said() -> None:
    latency = {"value": 60, "low": 5, "high": 60, "unit": "ms"}
    serving = [capacity()]
    outcome = weigh(plan(latency_ms=latency), serving, (), lambda _: ())
    report = compose_decision(outcome, build_document(outcome, {}), "strict", "")
    (tornado,) = [chart for section in report.sections for chart in section.charts if chart.id == "d1"]
    assert tornado.takeaway.startswith("At one end of the latency limit nothing serves")
    assert isinstance(tornado.table, Table)
    assert tornado.table.rows[0][4:6] == ("-", "nothing serves")
    assert "5: nothing serves" in tornado.panels[0].svg


def test_a_page_with_one_offer_says_that_there_is_no_runner_up(tmp_path: Path) -> None:
    single = outcome_of(plan([rent()]), [replace(capacity())])
    report = compose_decision(single, build_document(single, {}), "one", "")
    (switching,) = [section for section in report.sections if section.id == "switching"]
    assert "no runner-up" in switching.text[0]
    assert not any(section.charts for section in report.sections)
