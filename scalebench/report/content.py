"""What a report page consists of: plain data, decided before anything is drawn or written as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


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
        whole: whether all rows stand on the page from the start, however many there are.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    whole: bool = False


@dataclass(frozen=True)
class Elsewhere:
    """A figure's data in a table that stands in another section.

    Attributes:
        anchor: of the section.
        title: of the section.
    """

    anchor: str
    title: str


@dataclass(frozen=True)
class Panel:
    """One drawing: one configuration on one machine, never averaged over.

    Attributes:
        title: the configuration, and what is drawn where a chart has several kinds of panel.
        svg: the drawing as an SVG element.
    """

    title: str
    svg: str


@dataclass(frozen=True)
class Chart:
    """A figure with its table twin, its own or one that it shares with other figures.

    Attributes:
        id: anchor on the page.
        title: what is drawn against what.
        takeaway: one sentence worked out from the data.
        numbers: the figures in that sentence, unrounded.
        panels: the drawings.
        table: the same data.
        columns: most panels beside each other.
        note: what is not drawn, empty where everything is.
    """

    id: str
    title: str
    takeaway: str
    numbers: Mapping[str, float]
    panels: tuple[Panel, ...]
    table: Table | Elsewhere
    columns: int = 2
    note: str = ""


@dataclass(frozen=True)
class Absent:
    """A figure that could not be drawn, and the reason."""

    title: str
    why: str


@dataclass(frozen=True)
class Explorer:
    """The one interactive chart.

    Attributes:
        columns: the data, a list of equal length per field; numbers in the unit of the field's title.
        titles: of every field, with its unit.
        axes, kinds: fields that can be axes, and those that can be colour or facet, with their titles.
        filters: values to choose from, by field.
        lines: by field of an interval's metric, the fields of its ends.
        spec: a whole Vega-Lite specification without data, drawn with the first choices.
        channels: encodings to put in its place, by channel and field.
        limit: field that the slider bounds from above.
        start: field of each channel to begin with.
    """

    columns: Mapping[str, Sequence[Any]]
    titles: Mapping[str, str]
    axes: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, str], ...]
    filters: Mapping[str, tuple[tuple[str, str], ...]]
    lines: Mapping[str, tuple[str, str]]
    spec: Mapping[str, Any]
    channels: Mapping[str, Mapping[str, Any]]
    limit: str
    start: Mapping[str, str]


@dataclass(frozen=True)
class Live:
    """A page that is still growing.

    Attributes:
        text: how far the run is.
        every_s: seconds after which the page loads itself again.
    """

    text: str
    every_s: int


@dataclass(frozen=True)
class Section:
    """A folded part of the page with evidence.

    Attributes:
        id: anchor.
        title: heading.
        text: sentences above the content.
        charts: figures.
        tables: tables.
        code: text shown verbatim, by its caption.
        explorer: the interactive chart.
    """

    id: str
    title: str
    text: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    code: Mapping[str, str] = field(default_factory=dict)
    explorer: Explorer | None = None

    @property
    def has_evidence(self) -> bool:
        """Whether it holds more than sentences."""
        return bool(self.charts or self.tables or self.code or self.explorer)


ANCHOR = "ask-"
"""Start of the anchors of answers."""


@dataclass(frozen=True)
class Answered:
    """A question with its answer, as the page shows it.

    Attributes:
        id: anchor, ``ANCHOR`` and the answer's name in the JSON.
        question: as a reader asks it.
        sentences: the answer.
        points: lines below it.
        closes: what would close what is open; empty where nothing is.
        chart: the figure that shows the answer.
        tables: small ones that are part of the answer.
        details: anchor and title of the section with the evidence.
        numbers: the figures in its words, unrounded, in SI units.
    """

    id: str
    question: str
    sentences: tuple[str, ...]
    points: tuple[str, ...] = ()
    closes: str = ""
    chart: Chart | None = None
    tables: tuple[Table, ...] = ()
    details: Elsewhere | None = None
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """The whole page, in reading order.

    Attributes:
        suite: name of the files.
        title: of the suite.
        answers: the first screens.
        sections: the details.
        machines: in words, by id.
        measured: on which days, in words; empty where nothing was measured.
        facts: further provenance, by label.
        live: there while the run goes on.
        kind: what sort of page it is.
    """

    suite: str
    title: str
    answers: tuple[Answered, ...]
    sections: tuple[Section, ...]
    machines: Mapping[str, str] = field(default_factory=dict)
    measured: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    live: Live | None = None
    kind: str = "scalebench report"
