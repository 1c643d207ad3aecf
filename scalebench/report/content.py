"""What a report page consists of: plain data, decided before anything is drawn or written as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Column:
    """Heading of a table column; the unit is part of the label.

    Attributes:
        label: text.
        number: whether its cells are numbers, set right-aligned.
    """

    label: str
    number: bool = False


@dataclass(frozen=True)
class Table:
    """A table of formatted text; the first cell of each row names the row.

    Attributes:
        caption: what it holds, with what the numbers are.
        columns: headings.
        rows: cells, as many per row as there are columns.
        note: what was left out, empty where nothing was.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Panel:
    """One drawing: one way of running on one machine, never averaged over.

    Attributes:
        title: the way of running, and what is drawn where a chart has several kinds of panel.
        svg: the drawing as an SVG element.
    """

    title: str
    svg: str


@dataclass(frozen=True)
class Chart:
    """A figure with its table twin.

    Attributes:
        id: anchor on the page.
        title: what is drawn against what.
        takeaway: one sentence worked out from the data.
        numbers: the figures in that sentence, unrounded.
        panels: the drawings.
        table: the same data.
        columns: most panels beside each other.
    """

    id: str
    title: str
    takeaway: str
    numbers: Mapping[str, float]
    panels: tuple[Panel, ...]
    table: Table
    columns: int = 2


@dataclass(frozen=True)
class Absent:
    """A figure that could not be drawn, and the reason."""

    title: str
    why: str


@dataclass(frozen=True)
class Ruling:
    """A claim's verdict in one place.

    Attributes:
        word: supported, refuted, inconclusive or not measured.
        effect: decisive number with interval and n, in words.
        place: machine and way of running.
        why: one or two sentences.
        parts: every part, judged.
    """

    word: str
    effect: str
    place: str
    why: str
    parts: Table


@dataclass(frozen=True)
class Article:
    """A claim with its rulings, one per machine and way of running."""

    id: str
    name: str
    statement: str
    stance: str
    source: str
    published: str
    conditions: str
    rulings: tuple[Ruling, ...]


@dataclass(frozen=True)
class Section:
    """A part of the page that holds figures and tables.

    Attributes:
        id: anchor.
        title: heading.
        text: sentences above the content.
        charts: figures.
        tables: tables.
        code: text shown verbatim, by its caption.
    """

    id: str
    title: str
    text: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    code: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """The whole page, in reading order.

    Attributes:
        suite, title: of the suite.
        facts: provenance, by label.
        headline: at most 60 words.
        counts: verdicts by word.
        verdicts: tables over all claims: what was found, and what cannot be decided.
        articles: claims.
        sections: everything after the claims.
    """

    suite: str
    title: str
    facts: Mapping[str, str]
    headline: str
    counts: Mapping[str, int]
    verdicts: tuple[Table, ...]
    articles: tuple[Article, ...]
    sections: tuple[Section, ...]
