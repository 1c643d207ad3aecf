"""The page of a decision: the answers come first, and every number of its headline is in the JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from scalebench.procure.decide import decide
from scalebench.procure.decision_document import build_document
from scalebench.procure.outcome import PurchaseOutcome, weigh
from scalebench.procure.quantity import quantities
from scalebench.procure.serving import Refusal
from scalebench.report.content import Report, Table
from scalebench.report.decision_page import compose_decision
from scalebench.report.index import write_index
from scalebench.report.naming import amount, given, name, percentage, with_unit
from scalebench.report.ranking import headings, remarks, rows, share
from scalebench.report.write_report import write_pages
from scalebench.report.writing.page import render
from tests.procure.literal_plan import CAPACITY, DRAWS, box, buy, capacity, plan, rent
from tests.report.offers.literal_outcome import outcome_of, tied


@pytest.fixture
def outcome() -> PurchaseOutcome:
    return tied()


@pytest.fixture
def document(outcome: PurchaseOutcome, tmp_path: Path) -> dict[str, Any]:
    file = tmp_path / "plan.yaml"
    file.write_text("schema: scalebench.procure/1\n", encoding="utf-8")
    return build_document(outcome, {"plan.yaml": file})


@pytest.fixture
def report(outcome: PurchaseOutcome, document: dict[str, Any]) -> Report:
    return compose_decision(outcome, document, "plan", "schema: scalebench.procure/1\n")


def test_a_status_has_its_reason_in_the_table() -> None:
    drawn = (0.0,) * (DRAWS // 10) + (CAPACITY,) * (DRAWS - DRAWS // 10)
    assert rows(decide(plan([rent()]), [capacity(draws=drawn)]))[0][-1] == "leads, not established"
    decision = decide(plan(), [], [Refusal("box", capacity().setup, "slo", "72 ms against 60 ms")])
    assert [row[-1] for row in rows(decision)] == ["rejected: service level"] * 2
    assert "72 ms against 60 ms" in remarks(decision)[0][1]


def test_what_was_not_measured_stands_in_the_table() -> None:
    guess = box("guess", machine="", estimate={"from": "box", "method": "flops_ratio"})
    offers = [rent("far", "guess", per_hour=0.1), rent()]
    decision = decide(plan(offers, [box(), guess]), [capacity(), capacity("guess", 5000.0, origin="extrapolated")])
    assert "extrapolated from box by flops_ratio" in remarks(decision)[0][1]
    assert rows(decision)[0][-1] == "winner, not measured"


def test_a_lower_bound_stands_in_the_table() -> None:
    decision = decide(plan([buy(), rent("elastic", scaling="elastic")]), [capacity()])
    assert [row[-1] for row in rows(decision)] == ["winner", "lower bound"]
    assert rows(decision)[1][-2] == "-"
    decision = decide(plan([rent("elastic", scaling="elastic")]), [capacity()])
    assert rows(decision)[0][-1] == "winner, lower bound"


def test_every_offer_has_a_row_as_wide_as_the_headings(outcome: PurchaseOutcome) -> None:
    table = rows(outcome.decision)
    assert [row[0] for row in table] == ["rent", "own", "far", "gone"]
    assert {len(row) for row in table} == {len(headings(outcome.decision))}
    assert table[-1][-1] == "rejected: price expired"
    assert table[2][-1] == "ranked, not measured"


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
    assert [percentage(p) for p in (0.0, 0.001, 0.5, 0.999, 1.0)] == ["0 %", "< 1 %", "50 %", "> 99 %", "100 %"]


def test_the_page_has_everything_in_reading_order(report: Report) -> None:
    assert [answer.id for answer in report.answers] == [
        "ask-take", "ask-cost", "ask-certainty", "ask-change", "ask-service", "ask-next",
    ]  # fmt: skip
    assert [section.id for section in report.sections] == [
        "figure-tables", "offers", "assumptions", "capacities", "sensitivity", "switching", "pareto", "gaps", "method",
    ]  # fmt: skip
    charts = {chart.id for section in report.sections for chart in section.charts}
    assert charts == {"d1", "d2", "d3"}
    assert (
        "Warning: the price of offers.own.capex is 193 days old (2026-01-20), more than 90." in report.sections[2].text
    )


def test_no_section_is_empty() -> None:
    """With one offer and no other there is nothing to switch to, to draw over demand, or to put on a front."""
    for single in (outcome_of(plan([rent()]), [capacity()]), outcome_of(plan(), [])):
        report = compose_decision(single, build_document(single, {}), "one", "")
        assert all(s.text or s.charts or s.tables or s.code for s in report.sections)
        assert not {"sensitivity", "switching", "pareto"} & {section.id for section in report.sections}
        html = render(report)
        assert not re.search(r"<section[^>]*>\s*<h2[^>]*>[^<]*</h2>\s*</section>", html)


def test_the_written_page_and_its_json_agree(report: Report, document: dict[str, Any], tmp_path: Path) -> None:
    page = write_pages(report, document, tmp_path / "reports")
    assert page.name == "plan-decision.html"
    html = page.read_text(encoding="utf-8")
    content = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert content["headline"] == " ".join(report.answers[0].sentences)
    assert content["answers"]["take"]["numbers"] == dict(report.answers[0].numbers)
    assert "a &lt;quote&gt;" in html
    assert html.count('role="img"') == 4, "costs of the offers, and three figures of the details"
    assert "ask-cost-1" in {figure["id"] for figure in content["figures"]}
    first = content["ranked"][0]["numbers"]
    (number,) = re.findall(r"[\d,]+ EUR per year", content["headline"])
    assert number == f"{first['per_year']['value']:,.0f} EUR per year"
    _, entries = write_index(page.parent)
    assert (entries[0].kind, entries[0].headline) == ("decision", content["headline"])


def test_a_page_without_any_offer_is_written_all_the_same(tmp_path: Path) -> None:
    nothing = outcome_of(plan(), [])
    document = build_document(nothing, {})
    report = compose_decision(nothing, document, "none", "")
    assert write_pages(report, document, tmp_path).exists()
    assert report.answers[0].sentences[0].startswith("None: no offer meets the constraints")


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
