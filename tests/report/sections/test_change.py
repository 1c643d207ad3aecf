"""What changed since an earlier run, and two runs side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from scalebench.analysis.stats import Estimate
from scalebench.claims.judge import judge
from scalebench.record import Environment, Record
from scalebench.report.comparison_answer import _counts, _sentence
from scalebench.report.content import Chart
from scalebench.report.figures.forest import forest
from scalebench.report.findings import Findings, find
from scalebench.report.sections.change import change_section, compare_runs, since
from scalebench.report.sidebyside import Named, comparison_document, compose_comparison, slug
from scalebench.report.write_report import write_pages, write_report
from scalebench.store.jsonl import Results
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Plan
from tests.report.literal_report import CLAIMS, MACHINE, make_counts, make_rounds, specifications

OTHER = Environment("gpu-b", "bbbbbbbbbbbb", "111111111111", {"device": "cpu", "cores": 64}, {"torch": "2.15.0"})
NEWER = replace(MACHINE, sw_key="222222222222", software={"torch": "2.16.0"})


def _results(records: Sequence[Record], name: str = "a.jsonl") -> Results:
    cases = tuple(Case(model, size) for model, size, _ in specifications())
    plan = Plan("small", "A small suite", "schema: 1\n", cases, (), (), (), 3)
    return Results((plan,), (*make_counts(), *records), (), (Path(name),))


def _later(times: float, environment: Environment = MACHINE) -> list[Record]:
    """Another three rounds, so many times as slow."""
    return [
        replace(r, started=r.started.replace("T22", "T23"), environment=environment,
                facts={**r.facts, "latency_s": times * r.facts["latency_s"]})
        for r in make_rounds(3)
    ]  # fmt: skip


BEFORE = _results(make_rounds(3), "before.jsonl")


def test_a_run_half_again_as_slow_is_worse_in_every_case() -> None:
    change = since(BEFORE, _results(_later(1.5)))
    assert change.comparison is not None
    section = change_section(change)
    latency = section.charts[0]
    assert latency.numbers["worse"] == len(specifications())
    assert latency.numbers["mean"] == pytest.approx(1.5)
    assert "slower in latency" in section.text[0]
    assert any("before.jsonl" in text for text in section.text[1:])


def test_the_same_again_is_nobodys_change() -> None:
    change = since(BEFORE, _results(_later(1.0)))
    assert change.comparison is not None
    chart = forest(change.comparison, "latency_s", "x")
    assert isinstance(chart, Chart)
    assert chart.numbers["worse"] == chart.numbers["better"] == 0


def test_newer_software_is_compared_and_said_on_top() -> None:
    section = change_section(since(BEFORE, _results(_later(1.0, NEWER))))
    assert section.text[0] == "software differs: torch 2.15.0 -> 2.16.0"


def test_other_hardware_is_another_question() -> None:
    change = since(BEFORE, _results(_later(1.0, OTHER)))
    assert change.comparison is None
    assert "other hardware" in change.why
    assert change_section(change).text[1].startswith("Not compared: it was made on other hardware")
    assert change_section(change).charts == ()


def test_nothing_in_common_is_said_and_not_raised() -> None:
    assert since(BEFORE, _results([])).why == "B has no measured rounds"


def test_the_change_is_on_the_page_and_in_its_json(tmp_path: Path) -> None:
    now = replace(_results(_later(1.5)), files=())
    page = write_report(find(now, previous=BEFORE), tmp_path)
    assert '<section id="change"' in page.read_text(encoding="utf-8")
    assert '"headline"' in page.with_suffix(".json").read_text(encoding="utf-8")


def _sides(environment: Environment = OTHER, times: float = 0.5) -> tuple[Named, Named]:
    both = (("old", replace(BEFORE, files=())), ("new", replace(_results(_later(times, environment)), files=())))
    found = []
    for name, stored in both:
        findings = find(stored)
        found.append(Named(name, Findings(stored, findings.analysis, judge(CLAIMS, findings.analysis))))
    return found[0], found[1]


def test_two_machines_side_by_side_name_both_and_say_what_differs_on_top(tmp_path: Path) -> None:
    a, b = _sides()
    comparison = compare_runs(a.findings.stored, b.findings.stored)
    report = compose_comparison(a, b, comparison)
    assert report.title == "old against new"
    assert report.facts["A"].startswith("old: cpu-a, 27 rounds, measured 2026-11-23, 22:00")
    answer, differences = report.answers[0], next(s for s in report.sections if s.id == "differences")
    assert answer.question == "Is new slower than old?"
    assert answer.sentences == (
        "In latency, new is 2.00x faster than old (2.00 to 2.00) over 9 cases.", "Case by case, 9 are faster.",
    )  # fmt: skip
    assert answer.numbers["latency_s_ratio"] == pytest.approx(0.5)
    assert answer.points[0] == "Two machines: cpu-a -> gpu-b (cores (none) -> 64)."
    assert "In throughput, new and old are equal within 5 % over 9 cases." in answer.points
    assert answer.chart is not None
    assert ("cpu-a and gpu-b", "hardware", "cores", "(none)", "64") in differences.tables[0].rows
    page = write_pages(report, comparison_document(a, b, comparison), tmp_path)
    assert page.name == "old-vs-new.html"
    assert "B over A" in page.read_text(encoding="utf-8")


def test_what_is_undecided_reads_as_a_sentence_for_any_metric_and_number() -> None:
    """Throughput is not taken but had, and one case is, not are."""
    text = _sentence("throughput_ips", Estimate(0.99, 0.945, 1.03, 9), 9, "old", "new")
    assert text == "In throughput it is undecided: that of new is 0.945 to 1.03 times that of old over 9 cases."
    counts = Counter({"better": 1, "same": 1, "inconclusive": 7})
    assert _counts("latency_s", counts) == "Case by case, 1 is faster, 1 is the same and 7 are undecided."


def test_cases_of_one_side_stand_in_a_table_alone() -> None:
    """A list of cases is a table, not a sentence for each of them besides; a machine keeps the case of its name."""
    a, b = _sides()
    comparison = replace(
        compare_runs(a.findings.stored, b.findings.stored), only_a=("x@224 on cpu-a",), notes=("Note",)
    )
    sections = {section.id: section for section in compose_comparison(a, b, comparison).sections}
    assert sections["gaps"].text == ("Note.",)
    assert sections["gaps"].tables[0].rows == (("x@224 on cpu-a",),)
    assert not any(text.startswith(("Cpu-a", "Gpu-b")) for text in sections["method"].text)


def test_claims_stand_side_by_side_and_those_that_moved_are_counted() -> None:
    a, b = _sides()
    report = compose_comparison(a, b, compare_runs(a.findings.stored, b.findings.stored))
    claims = next(section for section in report.sections if section.id == "claims")
    assert claims.text == ("0 of 3 claims have other verdicts in B than in A.",)
    assert [row[0] for row in claims.tables[0].rows] == ["EN-18", "EN-02", "EN-12"]


def test_the_explorer_of_two_sides_holds_both() -> None:
    a, b = _sides(MACHINE)
    report = compose_comparison(a, b, compare_runs(a.findings.stored, b.findings.stored))
    found = next(section.explorer for section in report.sections if section.explorer)
    assert set(found.columns["machine"]) == {"A: cpu-a", "B: cpu-a"}
    assert len(found.columns["machine"]) == 2 * len(specifications())


def test_names_of_files_are_harmless() -> None:
    a, b = _sides()
    assert slug(replace(a, name="../../etc/x<>"), replace(b, name="..")) == "etc-x-vs-x"
