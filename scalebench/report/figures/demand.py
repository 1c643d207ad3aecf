"""Buy against rent: cost of every offer over demand."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from matplotlib.axes import Axes

from scalebench.procure.decide import Decision
from scalebench.procure.switching import CostCurve
from scalebench.report.content import Absent, Chart, Column, Panel, Table
from scalebench.report.figures.drawing import INK, EndLabel, draw, label_ends, log_axis
from scalebench.report.figures.tornado import cost_words
from scalebench.report.labels import listed
from scalebench.report.looks import nth_look
from scalebench.report.naming import amount
from scalebench.report.tables import capped

MOST_CURVES = 8


def demand_figure(decision: Decision, curve: CostCurve, anchor: str) -> Chart | Absent:
    """A curve per offer that meets the constraints, from ``switching.over_demand``."""
    title = "Buy against rent over demand"
    if len(curve.costs) < 2:
        return Absent(title, "fewer than two offers meet the constraints")
    runs = _runs(curve, [offer.offer.id for offer in decision.ranked])
    svg = draw(partial(_panel, decision, curve), f"{anchor}-1", title)
    left = len(curve.costs) - MOST_CURVES
    bounds = [offer.offer.id for offer in decision.bounds]
    bounds_text = f" For {listed(bounds)} only a lower bound is drawn." if bounds else ""
    label = "cost over mean demand, the peak in proportion; the number of nodes is whole, so curves have steps"
    numbers = {f"from_{index}": start for index, (start, _) in enumerate(runs)}
    note = f"The {MOST_CURVES} cheapest of {len(curve.costs)} offers are drawn; the table has all." if left > 0 else ""
    takeaway = _takeaway(curve, runs) + bounds_text
    return Chart(anchor, title, takeaway, numbers, (Panel(label, svg),), _table(decision, curve), 1, note)


def _runs(curve: CostCurve, ranked: list[str]) -> list[tuple[float, str]]:
    """Demands at which another ranked offer becomes the cheapest, with that offer; the first demand comes first."""
    runs: list[tuple[float, str]] = []
    for index, mean in enumerate(curve.mean_ips):
        best = min(ranked, key=lambda offer: curve.costs[offer][index])
        if not runs or runs[-1][1] != best:
            runs.append((mean, best))
    return runs


def _takeaway(curve: CostCurve, runs: list[tuple[float, str]]) -> str:
    low, high = amount(curve.mean_ips[0]), amount(curve.mean_ips[-1])
    if len(runs) == 1:
        return f"{runs[0][1]} is the cheapest at every mean demand from {low} to {high} images per second."
    if len(runs) > 5:
        names = ", ".join(dict.fromkeys(name for _, name in runs))
        return (
            f"Between {low} and {high} images per second the cheapest offer changes {len(runs) - 1} times among "
            f"{names}, because nodes are added one at a time."
        )
    parts = [f"{name} up to {amount(after)}" for (_, name), (after, _) in pairwise(runs)]
    return f"By mean demand in images per second the cheapest is {', then '.join(parts)}, then {runs[-1][1]}."


def _table(decision: Decision, curve: CostCurve) -> Table:
    columns = [Column("mean demand, img/s", number=True), *(Column(name, number=True) for name in curve.costs)]
    rows = [
        [amount(mean), *(amount(costs[index]) for costs in curve.costs.values())]
        for index, mean in enumerate(curve.mean_ips)
    ]
    return capped(f"{cost_words(decision)} of every offer over mean demand", columns, rows)


def _panel(decision: Decision, curve: CostCurve, axes: Axes) -> None:
    shown = list(curve.costs.items())[:MOST_CURVES]
    log_axis(axes, "x", curve.mean_ips)
    log_axis(axes, "y", [value for _, costs in shown for value in costs])
    ends = []
    for index, (name, costs) in enumerate(shown):
        style = nth_look(index)
        axes.plot(curve.mean_ips, costs, color=style.colour, linestyle=style.dash)
        ends.append(EndLabel(curve.mean_ips[-1], costs[-1], name, style.colour))
    mean = decision.plan.workload.demand.mean_images_per_s.value
    axes.axvline(mean, color=INK, linewidth=1, alpha=0.7)
    axes.annotate("as planned", (mean, axes.get_ylim()[1]), xytext=(3, -3), textcoords="offset points", va="top",
                  fontsize=8.5)  # fmt: skip
    axes.set_xlabel("mean demand, images per s")
    axes.set_ylabel(cost_words(decision))
    label_ends(axes, ends)
