"""What each offer costs per year, part by part."""

from __future__ import annotations

import math
from functools import partial

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from scalebench.procure.decide import Decision, Ranked
from scalebench.report.content import Chart, Column, Panel, Table
from scalebench.report.figures.drawing import INK, draw, name_rows
from scalebench.report.labels import short
from scalebench.report.looks import BLUE, GREEN, GREY, PINK, RED
from scalebench.report.naming import amount, range_words
from scalebench.report.tables import whole
from scalebench.units import digits

PARTS = {
    "capital": "purchase price", "maintenance": "maintenance", "hosting": "hosting", "energy": "energy", "rent": "rent",
}  # fmt: skip
"""Parts of ``Bill.parts`` in words, in the order of the bars."""
_COLOURS = {"capital": BLUE, "maintenance": GREY, "hosting": PINK, "energy": GREEN, "rent": RED}
MOST_BARS = 12
_LONGEST = 2.5
"""A bar longer than so many times the shortest one is cut, or the short ones could not be read."""


def cost_bars(decision: Decision, anchor: str) -> Chart:
    """A bar per offer, cheapest first and lower bounds last, with the central 95 % of its cost in the draws."""
    title, money = "Cost per year of every offer", decision.plan.currency
    offers = decision.serving[:MOST_BARS]
    label = "bars: as planned; line and dot: 95 % of the varied cases and their median; rent includes power and housing"
    svg = draw(partial(_panel, money, offers), f"{anchor}-1", f"{title}; {label}", 1.5 + 0.5 * len(offers))
    left = len(decision.serving) - len(offers)
    note = f"The first {len(offers)} of {len(decision.serving)} offers are drawn; the table has all." if left else ""
    numbers = {offer.offer.id: float(offer.bill.per_year) for offer in decision.serving}
    table = _table(decision)
    return Chart(anchor, title, _takeaway(decision), numbers, (Panel(label, svg),), table, columns=1, note=note)


def _takeaway(decision: Decision) -> str:
    first, *others = decision.ranked
    total, money = float(first.bill.per_year), decision.plan.currency
    if not others:
        return f"{first.offer.id} costs {amount(total)} {money} per year as planned."
    less = 100 * (1 - total / float(others[0].bill.per_year))
    costs = f"{digits(less, 2)} % less per year than" if less > 0 else "as much per year as"
    return f"As planned, {first.offer.id} costs {costs} {others[0].offer.id}."


def _table(decision: Decision) -> Table:
    columns = [
        Column("offer"), *(Column(words, number=True) for words in PARTS.values()), Column("all", number=True),
        Column("95 % of the cases", number=True),
    ]  # fmt: skip
    rows = [
        [
            f"{offer.offer.id}{' (lower bound)' if offer.lower_bound else ''}",
            *(amount(float(offer.bill.parts[part])) if part in offer.bill.parts else "-" for part in PARTS),
            amount(float(offer.bill.per_year)), _range(offer),
        ]
        for offer in decision.serving
    ]  # fmt: skip
    return whole(f"Parts of the cost, {decision.plan.currency} per year", columns, rows)


def _range(offer: Ranked) -> str:
    drawn = offer.chance.per_year
    return "-" if math.isnan(drawn.low) else range_words(drawn.low, drawn.high)


def _panel(money: str, offers: tuple[Ranked, ...], axes: Axes) -> None:
    totals = [float(offer.bill.per_year) for offer in offers]
    end = min(max(totals), _LONGEST * min(totals))
    for row, (offer, total) in enumerate(zip(offers, totals, strict=True)):
        start = 0.0
        for part in PARTS:
            length = float(offer.bill.parts.get(part, 0.0))
            axes.barh(row, min(length, end - start), 0.55, left=start, color=_COLOURS[part],
                      hatch="///" if offer.lower_bound else None, edgecolor="none")  # fmt: skip
            start = min(start + length, end)
        drawn = offer.chance.per_year
        if drawn.low < drawn.high and drawn.high <= 1.15 * end:
            axes.plot([drawn.low, drawn.high], [row + 0.4] * 2, color=INK, linewidth=1.2)
            axes.plot([drawn.median], [row + 0.4], marker="o", markersize=3.5, color=INK)
        text = f"{amount(total)}{' at least' if offer.lower_bound else ''}{' (bar cut)' if total > end else ''}"
        axes.annotate(text, (min(total, end), row), xytext=(4, 0), textcoords="offset points", va="center",
                      fontsize=8.5)  # fmt: skip
    name_rows(axes, range(len(offers)), [short(offer.offer.id, 24) for offer in offers], 9)
    axes.set_ylim(len(offers) - 0.3, -0.6)
    axes.set_xlim(0, 1.25 * end)
    axes.set_xlabel(f"{money} per year")
    shown = [part for part in PARTS if any(part in offer.bill.parts for offer in offers)]
    axes.legend(handles=[Patch(color=_COLOURS[part], label=PARTS[part]) for part in shown], frameon=False,
                loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3, fontsize=8.5)  # fmt: skip
