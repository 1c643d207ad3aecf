"""Tornado: cost of the cheapest offer at both ends of every range, largest swing on top."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from matplotlib.axes import Axes

from scalebench.procure.decide import Decision
from scalebench.procure.sensitivity import CAPACITY, Bar
from scalebench.report.content import Absent, Chart, Column, Panel, Table
from scalebench.report.figures.drawing import INK, draw, name_rows
from scalebench.report.labels import capitalised, short
from scalebench.report.looks import BLUE, RED
from scalebench.report.naming import amount, given, name, with_unit
from scalebench.report.tables import whole

MOST_BARS = 16
_LOW, _HIGH = BLUE, RED


def tornado_figure(decision: Decision, bars: Sequence[Bar], anchor: str) -> Chart | Absent:
    """Bars of ``sensitivity.tornado`` from the cost of the decision to that of the cheapest offer at each end."""
    title = "Tornado: cost of the cheapest offer at both ends of every range"
    if not bars:
        return Absent(title, "no input with a range changes the cost")
    drawn = bars[:MOST_BARS]
    label = (
        f"line: as planned, {amount(bars[0].base)}; upper bar, blue: at the low end of the range; lower bar, orange: "
        "at the high end; hatched: another offer wins there"
    )
    svg = draw(partial(_panel, decision, drawn), f"{anchor}-1", f"{title}; {label}", 1.2 + 0.42 * len(drawn))
    left = len(bars) - len(drawn)
    note = f"The {len(drawn)} longest of {len(bars)} bars are drawn; the table has all." if left else ""
    changing = [bar for bar in bars if bar.changes_winner]
    return Chart(
        anchor,
        title,
        _takeaway(decision, bars, changing),
        {"longest": bars[0].swing, "changing": float(len(changing)), "bars": float(len(bars))},
        (Panel(label, svg),),
        _table(decision, bars),
        columns=1,
        note=note,
    )


def cost_words(decision: Decision) -> str:
    """Unit of the cost that offers are ranked by."""
    per = "per million images" if decision.plan.policy.rank_by == "cost_per_million_images" else "per year"
    return f"{decision.plan.currency} {per}"


def _takeaway(decision: Decision, bars: Sequence[Bar], changing: Sequence[Bar]) -> str:
    longest = bars[0]
    largest = (
        f"{capitalised(name(longest.path))} matters most: over its range the cost changes by {amount(longest.swing)} "
        f"{cost_words(decision)}"
        if math.isfinite(longest.swing)
        else f"At one end of {name(longest.path)} nothing serves"
    )
    ranges = f"{len(changing)} of {len(bars)} ranges" if changing else "no range"
    verb = "change" if len(changing) > 1 else "changes"
    return f"{largest}. {capitalised(ranges)} {verb} the winner at one of the ends."


def _end(bar: Bar, value: float) -> str:
    """An end of a range as the user wrote it; with three digits if it was measured."""
    return amount(value) if bar.path.startswith(CAPACITY) else given(value)


def _table(decision: Decision, bars: Sequence[Bar]) -> Table:
    columns = [
        Column("input"), Column("low", number=True), Column("planned", number=True), Column("high", number=True),
        Column(f"cost at low, {cost_words(decision)}", number=True), Column("cheapest at low"),
        Column(f"cost at high, {cost_words(decision)}", number=True), Column("cheapest at high"),
        Column("swing", number=True), Column("changes the winner"),
    ]  # fmt: skip
    rows = [
        [
            name(bar.path), _end(bar, bar.low), with_unit(_end(bar, bar.value), bar.unit, decision.plan),
            _end(bar, bar.high),
            amount(bar.best_low), bar.wins_low or "nothing serves", amount(bar.best_high),
            bar.wins_high or "nothing serves", amount(bar.swing), "yes" if bar.changes_winner else "no",
        ]
        for bar in bars
    ]  # fmt: skip
    return whole("Cost of the cheapest offer at both ends of every range, nodes and setups chosen again", columns, rows)


def _panel(decision: Decision, bars: Sequence[Bar], axes: Axes) -> None:
    base = bars[0].base
    values = [base, *(v for bar in bars for v in (bar.best_low, bar.best_high) if math.isfinite(v))]
    room = (max(values) - min(values) or base) * 0.45
    for y, bar in enumerate(bars):
        ends = (
            (y - 0.2, bar.best_low, bar.wins_low, bar.low, _LOW),
            (y + 0.2, bar.best_high, bar.wins_high, bar.high, _HIGH),
        )
        for height, best, wins, at, colour in ends:
            _bar(axes, height, base, best, bar.winner, wins, _end(bar, at), colour)
    axes.axvline(base, color=INK, linewidth=1)
    name_rows(axes, range(len(bars)), [short(name(bar.path), 36) for bar in bars], 8.5)
    axes.set_xlim(min(values) - room, max(values) + room)
    axes.set_xlabel(cost_words(decision))


def _bar(axes: Axes, y: float, base: float, best: float, now: str, wins: str, at: str, colour: str) -> None:
    other = wins != now
    end = best if math.isfinite(best) else base
    if end != base:
        axes.barh(y, end - base, 0.36, left=base, facecolor="none" if other else colour, edgecolor=colour,
                  hatch="////" if other else None, linewidth=1)  # fmt: skip
    elif not other:
        return
    text = f"{at}: {short(wins, 14) or 'nothing serves'}" if other else at
    right = end >= base
    axes.annotate(text, (end, y), xytext=(3 if right else -3, 0), textcoords="offset points", va="center",
                  ha="left" if right else "right", fontsize=7.5)  # fmt: skip
