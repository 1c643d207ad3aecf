"""What the page shows, before any HTML."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from scalebench.report.claim_tables import effect
from scalebench.report.content import Absent, Answered, Chart, Elsewhere, Section, Table
from scalebench.report.labels import days, plain, short, verdict_word, when
from scalebench.report.looks import drawn_family, series
from scalebench.report.sections.results import draw_figures
from scalebench.report.view import answers_before_details, claims_sections, compose
from tests.report.literal_report import Built, make_record


def test_the_first_answer_is_the_title_and_answers_come_in_order(full: Built) -> None:
    report = compose(full.findings)
    assert [answer.id for answer in report.answers] == ["ask-size", "ask-count"]
    assert report.answers[0].sentences[0] == "From 128 to 320 px, ResNet-50 takes 6.25 times as long."
    assert report.answers[0].numbers["ratio"] == pytest.approx(6.25)
    assert report.answers[0].closes == "more sizes between the two."


def test_a_link_leads_to_details_that_are_there(full: Built) -> None:
    size, count = compose(full.findings).answers
    assert size.details == Elsewhere("cases", "All cases")
    assert count.details is None, "its section does not exist"


def test_a_figure_stands_once_on_the_page(figures: dict[str, Chart | Absent]) -> None:
    heat, memory = figures["f7"], Section("memory", "Memory", charts=(figures["f7"],))
    assert isinstance(heat, Chart)
    answer = Answered("ask-x", "Does it fit?", ("Yes.",), chart=heat, details=Elsewhere("memory", ""))
    (shown,), details = answers_before_details([answer], [memory])
    assert shown.chart is not None
    assert "memory" not in [section.id for section in details], "nothing is left of it"
    assert shown.details is None


def test_the_table_of_an_answers_figure_is_a_detail(figures: dict[str, Chart | Absent]) -> None:
    heat, own = figures["f7"], Table("numbers", (), (("1",),))
    assert isinstance(heat, Chart)
    answer = Answered("ask-x", "Does it pay?", ("Yes.",), chart=replace(heat, table=own))
    (shown,), (tables,) = answers_before_details([answer], [])
    assert tables.tables == (own,)
    assert shown.chart is not None
    assert shown.chart.table == Elsewhere(tables.id, tables.title)


def test_no_section_is_empty_and_none_is_about_offers(full: Built) -> None:
    sections = {section.id: section for section in compose(full.findings).sections}
    assert all(section.has_evidence or section.text for section in sections.values())
    assert "offers" not in sections
    assert "roofline" not in sections, "no peaks of these machines are known"


def test_what_is_about_papers_stands_apart_from_what_was_measured(full: Built) -> None:
    sections = {section.id: section for section in claims_sections(full.verdicts)}
    by_section = {name: [row[0] for row in section.tables[0].rows] for name, section in sections.items()}
    assert by_section == {"claims": ["EN-18"] * 3, "paper": ["EN-02"], "untested": ["EN-12"]}
    assert sections["paper"].tables[0].rows[0][2] == "holds"
    assert {row[0] for row in sections["claims"].tables[1].rows} == {"EN-18"}, "parts"


def test_the_page_says_how_many_verdicts_may_be_false(full: Built) -> None:
    """Of 40 verdicts that measurements decided, 2.5 % each is one; counts and open verdicts have no part in it."""
    open_ = next(v for v in full.verdicts if v.n)
    sampled = replace(open_.parts[0], word="supported")
    decided = [replace(open_, verdict="supported", parts=(sampled,))] * 40
    (section,) = claims_sections([*decided, open_])
    assert "Of 40 verdicts that measurements decided, 1.0 would be false" in section.text[0]


def test_an_open_verdict_says_what_would_decide_it(full: Built) -> None:
    sections = {section.id: section.tables[0].rows for section in claims_sections(full.verdicts)}
    assert "About 41 rounds per case in place of 3 would decide it if the effect stays." in sections["claims"][0][8]
    assert sections["untested"][0][-1].endswith("scalebench suite-for EN-12 writes a suite that decides it.")
    assert "rounds" not in sections["paper"][0][8]


def test_readers_words() -> None:
    assert verdict_word("supported") == "holds here"
    assert verdict_word("refuted") == "does not hold here"
    assert verdict_word("refuted", on_paper=True) == "does not hold"
    assert verdict_word("not reproduced here", on_paper=True) == "not reproduced here"
    assert verdict_word("inconclusive") == "undecided"


def test_an_effect_has_its_interval_where_there_is_one(full: Built) -> None:
    verdict = replace(full.verdicts[0], effect=1.25, low=0.9194, high=1.702, exact=False)
    assert effect(verdict) == "1.25, 0.919 to 1.70"
    assert effect(replace(verdict, low=math.nan, high=math.nan)) == "1.25"
    assert effect(replace(verdict, low=1.25, high=1.25, exact=True)) == "1.25"
    assert effect(replace(verdict, effect=math.nan)) == ""


def test_a_figure_without_data_is_left_out_and_the_reason_is_told(build: Callable[..., Built]) -> None:
    built = build([make_record("resnet50", 128, 1e9, r) for r in range(3)])
    figures = draw_figures(built.analysis)
    drawn = [name for name, figure in figures.items() if not isinstance(figure, Absent)]
    assert drawn == [], "one case of one model compares nothing"
    report = compose(built.findings)
    told = {row[0] for s in report.sections if s.id == "gaps" for t in s.tables for row in t.rows}
    assert any("Memory by model, batch and resolution: no model" in text for text in told)
    assert any("resnet50@192" in text for text in told), "missing cases are listed"


def test_provenance_names_machines_dates_and_rounds(full: Built) -> None:
    report = compose(full.findings)
    assert report.machines == {"cpu-a": "", "gpu-b": ""}, "nothing but their names is stored"
    assert report.measured == "23 November 2026"
    (method,) = [section for section in report.sections if section.id == "method"]
    facts = dict(method.tables[0].rows)
    assert facts["machines"] == "cpu-a and gpu-b"
    assert facts["measured"] == "2026-11-23, 22:00 to 22:00 UTC"
    assert facts["rounds"].startswith("83 stored")


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("resnet50", "resnet"),
        ("resnet50[d=2]", "resnet, scaled"),
        ("tf_efficientnetv2_s", "efficientnetv2"),
        ("efficientnet_b0", "efficientnet"),
        ("convnext_tiny", "convnext"),
        ("vit_base", "other"),
    ],
)
def test_series(model: str, expected: str) -> None:
    assert series(model) == expected
    assert drawn_family(model) == expected.removesuffix(", scaled")


def test_times_in_words() -> None:
    assert when("2026-11-24T00:07:35+00:00", "2026-11-24T00:49:42+00:00") == "2026-11-24, 00:07 to 00:49 UTC"
    assert (
        when("2026-11-23T23:59:00+00:00", "2026-11-24T00:01:00+00:00") == "2026-11-23, 23:59 to 2026-11-24, 00:01 UTC"
    )
    assert when("<b>", "x") == "<b> to x"


def test_days_in_words() -> None:
    assert days("2026-11-24T00:07:35+00:00", "2026-11-24T00:49:42+00:00") == "24 November 2026"
    assert days("2026-06-30T23:59:00+00:00", "2026-07-01T00:01:00+00:00") == "30 June 2026 to 1 July 2026"
    assert days("<b>", "x") == "<b> to x"


def test_short_names() -> None:
    assert short("resnet50") == "resnet50"
    assert len(short("x" * 200)) <= 26
    assert short("a\x00b") == "a\ufffdb"
    assert [plain(v) for v in (2.0, 0.5, 2.5, 100.0, 1500.0)] == ["2", "0.5", "2.5", "100", "1500"]
