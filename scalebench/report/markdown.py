"""Answers in Markdown, for a pull request, an issue or a wiki."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scalebench.report.content import Answered, Table

MOST_ROWS = 8
"""Rows of a table that are shown: a summary is not the report."""


def markdown_summary(title: str, answers: Sequence[Answered], cases: Table, source: str) -> str:
    """A heading, every question with its answer, the first of the measured cases, and where the numbers come from."""
    blocks = [f"### {_escaped(title)}", *map(_answer, answers), *_first_rows(cases), f"Source: {_escaped(source)}"]
    return "\n\n".join(blocks)


def _answer(answered: Answered) -> str:
    blocks = [f"**{_escaped(answered.question)}** {_escaped(' '.join(answered.sentences))}"]
    if answered.points:
        blocks.append("\n".join(f"- {_escaped(point)}" for point in answered.points))
    for table in answered.tables:
        blocks += _first_rows(table)
    if answered.chart is not None and isinstance(answered.chart.table, Table):
        blocks += _first_rows(answered.chart.table)
    if answered.closes:
        blocks.append(f"Open: {_escaped(answered.closes)}")
    return "\n\n".join(blocks)


def _first_rows(table: Table) -> list[str]:
    if not table.rows:
        return []
    headings = [(column.label, column.number) for column in table.columns]
    left = f" (the first {MOST_ROWS} of {len(table.rows)} rows)" if len(table.rows) > MOST_ROWS else ""
    note = [_escaped(table.note)] if table.note else []
    return [f"{_escaped(table.caption)}{left}:", markdown_table(headings, table.rows[:MOST_ROWS]), *note]


def markdown_table(headings: Sequence[tuple[str, bool]], rows: Iterable[Sequence[str]]) -> str:
    """A table from headings, each with whether its column is numeric, and rows of text."""
    ruler = ["--:" if numeric else "---" for _, numeric in headings]
    lines = [[_escaped(heading) for heading, _ in headings], ruler, *([_escaped(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _escaped(text: str) -> str:
    """Text that is no mark-up: in one line, without HTML, bars or emphasis by asterisks."""
    line = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    return line.replace("|", "\\|").replace("*", "\\*")
