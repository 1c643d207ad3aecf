"""Latency over the rate of arrivals on one node, against the service level."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.axes import Axes

from scalebench.procure.decide import Decision, Ranked
from scalebench.report.content import Chart, Column, Panel, Table
from scalebench.report.figures.drawing import INK, draw
from scalebench.report.looks import BLUE, RED
from scalebench.report.naming import given
from scalebench.report.tables import whole
from scalebench.units import digits

_ABOVE = 2.0
"""The figure ends at so many times the limit: latencies grow without bound."""


def service_level(decision: Decision, offer: Ranked, anchor: str) -> Chart:
    """Curve of the offer's node with the interval of its service time, its limit, and the rate that is planned."""
    slo, capacity = decision.plan.workload.slo, offer.capacity
    title = f"p{slo.percentile} latency over requests per second, one node of {offer.offer.id}"
    planned = capacity.planned_ips(decision.plan.policy.max_utilisation.value)
    numbers = {
        "planned_ips": planned, "latency_s": capacity.latency_s, "within_ips": capacity.slo_images_per_s.value,
    }  # fmt: skip
    spare = slo.latency_ms.value - capacity.latency_s * 1e3
    takeaway = f"At the planned rate {digits(spare)} of {given(slo.latency_ms.value)} ms are left."
    label = f"{capacity.setup.label}, up to {capacity.batch} per batch; band: 95 % interval of the service time"
    svg = draw(partial(_panel, decision, offer, planned), f"{anchor}-1", f"{title}; {label}", 3.2)
    return Chart(anchor, title, takeaway, numbers, (Panel(label, svg),), _table(offer), columns=1)


def _table(offer: Ranked) -> Table:
    curves = offer.capacity.curves
    columns = [
        Column("images per s", number=True), Column("latency, ms", number=True),
        Column("images per s, slow end", number=True), Column("latency, ms, slow end", number=True),
    ]  # fmt: skip
    rows = zip(curves["value"].rates_ips, curves["value"].latency_s, curves["low"].rates_ips,
               curves["low"].latency_s, strict=True)  # fmt: skip
    lines = [[digits(rate), digits(s * 1e3), digits(slow), digits(slow_s * 1e3)] for rate, s, slow, slow_s in rows]
    return whole(
        "Simulated latencies, at the measured service time and at the slow end of its interval", columns, lines
    )


def _panel(decision: Decision, offer: Ranked, planned: float, axes: Axes) -> None:
    curves, limit = offer.capacity.curves, decision.plan.workload.slo.latency_ms.value
    top = _ABOVE * limit
    fast, slow = curves["high"], curves["low"]
    grid = np.linspace(0.0, fast.rates_ips[-1], 200)
    # Beyond its last rate a curve is off the figure.
    low, high = (np.interp(grid, c.rates_ips, np.array(c.latency_s) * 1e3, right=2 * top) for c in (fast, slow))
    axes.fill_between(grid, np.minimum(low, top), np.minimum(high, top), color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(curves["value"].rates_ips, np.array(curves["value"].latency_s) * 1e3, color=BLUE)
    axes.axhline(limit, color=RED, linestyle="--", linewidth=1.2)
    axes.annotate(f"service level, {given(limit)} ms", (grid[-1], limit), xytext=(0, 4), textcoords="offset points",
                  ha="right", fontsize=8.5)  # fmt: skip
    axes.axvline(planned, color=INK, linewidth=1)
    axes.plot([planned], [offer.capacity.latency_s * 1e3], marker="o", color=INK)
    axes.annotate(f"planned, {digits(planned)} images per s", (planned, 0), xytext=(4, 6), textcoords="offset points",
                  fontsize=8.5)  # fmt: skip
    axes.set_ylim(0, top)
    axes.set_xlim(0, grid[-1] * 1.02)
    axes.set_xlabel("images per s on one node, arriving at random")
    axes.set_ylabel(f"p{decision.plan.workload.slo.percentile} of the latencies, ms")
