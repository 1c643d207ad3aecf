"""Each tested statement as a dot with its interval against the range that the statement allows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from textwrap import fill

import pandas as pd
from matplotlib.axes import Axes

from scalebench.claims.judged_parts import Judged
from scalebench.claims.why import allowed
from scalebench.report.content import Chart, Table
from scalebench.report.figures.drawing import INK, intervals, log_axis, name_rows
from scalebench.report.figures.panels import panels, scatter
from scalebench.report.labels import printable
from scalebench.report.looks import BLUE, GREEN, GREY, PINK, RED, Look
from scalebench.report.tables import Field, build_table, number, span, whole

TITLE = "Measured effect over the bound of each statement"
_LOOKS = {
    "holds": Look(GREEN, "o", "-"), "does not hold": Look(RED, "X", "-"), "not reproduced": Look(BLUE, "D", "-"),
    "depends": Look(PINK, "s", "-"), "undecided": Look(GREY, "o", "-", hollow=True),
}  # fmt: skip
_READING = (
    "A statement holds where its whole line lies in the shaded range. 1 is its bound, or the middle of its range. "
    "Dot: holds; cross: does not; diamond: not reproduced here; square: depends; ring: undecided."
)
WIDEST = 4.0
"""Lines are followed so many times beyond the furthest dot: a wider interval would squeeze the rest."""
WIDEST_NAME = 30
"""Characters in a line of a row's name."""


@dataclass(frozen=True)
class StatementDot:
    """A tested statement.

    Attributes:
        name, statement, source: of the claim.
        part: whose number decides.
        outcome: key of its look.
        verdict: for readers.
    """

    name: str
    statement: str
    part: Judged
    outcome: str
    verdict: str
    source: str

    @property
    def unit(self) -> float:
        """The bound of the statement, or the middle of its range; NaN where that is not positive."""
        ends = [end for end in (self.part.low, self.part.high) if math.isfinite(end)]
        return math.exp(sum(map(math.log, ends)) / len(ends)) if min(ends) > 0 else math.nan


def statement_dots(statements: Sequence[StatementDot]) -> Chart | None:
    """A row per statement whose bounds are ratios; None where there is none."""
    drawn = [s for s in statements if s.part.estimate.value > 0 and math.isfinite(s.unit)]
    if not drawn:
        return None
    rows = pd.DataFrame([_row(y, statement) for y, statement in enumerate(drawn)])
    named = [("effect over the bound", rows)]
    lines = sum(name.count("\n") + 1 for name in _names(drawn))
    shown, _ = panels(named, partial(_panel, drawn), "statements", TITLE, lambda _: 1.2 + 0.12 * (len(drawn) + lines))
    left = len(statements) - len(drawn)
    note = f"In the table only, as a difference has no ratio: {left}." if left else ""
    table = _table(statements)
    return Chart("statement-dots", TITLE, "", {}, shown, table, columns=1, note=f"{_READING} {note}".strip())


def _names(statements: Sequence[StatementDot]) -> list[str]:
    """What was measured, in full, on as many lines as it takes; with the bound where several measure the same."""
    labels = [f"{s.part.label[0].upper()}{s.part.label[1:]}" for s in statements]
    named = [
        f"{label}, {allowed(s.part)}" if labels.count(label) > 1 else label
        for label, s in zip(labels, statements, strict=True)
    ]
    return [fill(printable(name), WIDEST_NAME) for name in named]


def _row(y: int, statement: StatementDot) -> dict[str, object]:
    part, unit = statement.part, statement.unit
    values = {"x": part.estimate.value, "low": part.estimate.low, "high": part.estimate.high,
              "from": part.low, "to": part.high}  # fmt: skip
    return {"y": y, "outcome": statement.outcome, **{name: value / unit for name, value in values.items()}}


def _panel(statements: Sequence[StatementDot], rows: pd.DataFrame, axes: Axes) -> None:
    furthest = [rows["x"].min() / WIDEST, rows["x"].max() * WIDEST]
    ends = pd.concat([rows["low"], rows["high"], rows["from"], rows["to"]])
    ends = ends[ends.map(math.isfinite) & (ends > 0)].clip(*furthest)
    log_axis(axes, "x", [*rows["x"], *ends, 0.8, 1.25])
    least, most = axes.get_xlim()
    left, right = rows["from"].clip(lower=least, upper=most), rows["to"].clip(lower=least, upper=most)
    axes.barh(rows["y"], right - left, left=left, height=0.8, color=INK, alpha=0.1, linewidth=0)
    axes.axvline(1.0, color=INK, linewidth=1, alpha=0.7)
    for outcome, own in rows.groupby("outcome", sort=False):
        look = _LOOKS[str(outcome)]
        intervals(axes, own["y"], own["low"], own["high"], look.colour, width=1.4)
        scatter(axes, own, look)
    name_rows(axes, rows["y"].tolist(), _names(statements), 8.5)
    axes.set_xlim(least, most)
    axes.set_xlabel("times the bound")


def _table(statements: Sequence[StatementDot]) -> Table:
    return build_table(
        "Statements of papers tested here", statements,
        Field("claim", lambda s: s.name), Field("says", lambda s: s.statement), Field("verdict", lambda s: s.verdict),
        Field("measured", lambda s: s.part.label),
        Field("effect, no unit", lambda s: number(s.part.estimate.value), number=True),
        Field("95 % interval", lambda s: span(s.part.estimate.low, s.part.estimate.high, s.part.estimate.n,
                                              exact=s.part.estimate.exact), number=True),
        Field("the statement allows", lambda s: allowed(s.part), number=True), Field("source", lambda s: s.source),
        shorten=whole,
    )  # fmt: skip
