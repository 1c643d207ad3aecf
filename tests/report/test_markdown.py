"""Answers in Markdown, read by a Markdown parser."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

from scalebench.report.content import Answered, Chart, Column, Elsewhere, Table
from scalebench.report.markdown import markdown_summary, markdown_table

READER = MarkdownIt("commonmark").enable("table")
COLUMNS = (Column("model"), Column("latency, ms", number=True))
NONE = Table("Measured cases", COLUMNS, ())


def _answered(rows: int = 2, **changes: object) -> Answered:
    table = Table("Every case", COLUMNS, tuple((f"m{index}", f"{index}.5") for index in range(rows)))
    chart = Chart("f", "Time", "", {}, (), table)
    content = {"closes": "Ten more rounds.", "points": ("EN-12 holds here", "EN-13 does not"), "chart": chart}
    return Answered("scaling", "Does it pay?", ("Yes, 1.4x.", "It is certain."), **{**content, **changes})  # type: ignore[arg-type]


def test_a_summary_has_title_question_answer_table_and_source() -> None:
    html = READER.render(markdown_summary("A suite", [_answered()], NONE, "suite small on cpu-a"))
    assert re.sub(r">\s+<", "><", html.strip()) == (
        "<h3>A suite</h3><p><strong>Does it pay?</strong> Yes, 1.4x. It is certain.</p>"
        "<ul><li>EN-12 holds here</li><li>EN-13 does not</li></ul><p>Every case:</p>"
        '<table><thead><tr><th>model</th><th style="text-align:right">latency, ms</th></tr></thead><tbody>'
        '<tr><td>m0</td><td style="text-align:right">0.5</td></tr>'
        '<tr><td>m1</td><td style="text-align:right">1.5</td></tr></tbody></table>'
        "<p>Open: Ten more rounds.</p><p>Source: suite small on cpu-a</p>"
    )


def test_of_a_long_table_the_first_rows_are_shown_and_counted() -> None:
    html = READER.render(markdown_summary("A suite", [_answered(30)], NONE, "here"))
    assert html.count("<tr>") == 1 + 8
    assert "Every case (the first 8 of 30 rows):" in html


def test_measured_cases_stand_before_the_source() -> None:
    html = READER.render(markdown_summary("A suite", [], Table("Measured cases", COLUMNS, (("b0", "12.3"),)), "here"))
    assert html.index("<p>Measured cases:</p>") < html.index("<td>b0</td>") < html.index("<p>Source: here</p>")


def test_what_an_answer_does_not_have_leaves_no_trace() -> None:
    bare = _answered(chart=None, closes="", points=())
    elsewhere = _answered(chart=Chart("f", "t", "", {}, (), Elsewhere("cases", "All")), closes="", points=())
    for answered in (bare, elsewhere):
        assert READER.render(markdown_summary("A suite", [answered], NONE, "here")).count("<p>") == 2


def test_names_are_text_and_no_mark_up() -> None:
    name = "a|b *c* <img src=x>\nd & e"
    html = READER.render(markdown_table([(name, False)], [[name]]))
    cell = "a|b *c* &lt;img src=x&gt; d &amp; e"
    assert [f"<t{kind}>{cell}</t{kind}>" in html for kind in "hd"] == [True, True]
