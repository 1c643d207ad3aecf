"""How far rounds lie from the mean of their case: times, and times over those of the same turns."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from scalebench.flags import is_bad
from scalebench.report.content import Chart, Elsewhere
from scalebench.report.figures.panels import panels
from scalebench.report.looks import BLUE, RED
from scalebench.report.tables import number

TITLE = "How far rounds lie from the mean of their case"
BARS = 21


def deviations(rounds: pd.DataFrame, table: Elsewhere) -> Chart | None:
    """A histogram of all rounds, and of their ratios to the reference case where they took turns.

    None where no case has two rounds.

    Args:
        rounds: ``Analysis.rounds``.
        table: where its numbers stand.
    """
    good = rounds[rounds["latency_s"].notna()].copy()
    repeated = good.groupby(["machine", "case"])["used"].transform("sum") > 1
    good = good[repeated].assign(disturbed=lambda rows: rows["notes"].map(is_bad))
    if good.empty:
        return None
    times = good.assign(percent=_percent_off_mean(good)).dropna(subset=["percent"])
    named = [("latency of a round over the mean of its case", times)]
    relative = _relative(good)
    if len(relative):
        named.append(("the same, over the reference case in the same turns", relative))
    nine_of_ten = float(times["percent"].abs().quantile(0.9))
    drawn, _ = panels(named, _panel, "off", TITLE, lambda _: 2.6)
    text = f"Nine of ten rounds lie within {number(nine_of_ten)} % of the mean of their case."
    note = (
        "Orange, on top of a bar: disturbed. The outermost bars hold everything beyond them. Cases with one round have "
        "no mean to be compared with."
    )
    return Chart("deviations", TITLE, text, {"nine_of_ten_percent": nine_of_ten}, drawn, table, note=note)


def _percent_off_mean(good: pd.DataFrame) -> pd.Series:
    """Latency over the geometric mean of the case's used rounds, less one, in percent; NaN where none was used."""
    logs = pd.Series(np.log(good["latency_s"].to_numpy(dtype=float)), index=good.index)
    means = logs.where(good["used"].astype(bool)).groupby([good["machine"], good["case"]]).transform("mean")
    return (logs - means).map(lambda gap: 100 * math.expm1(gap))


def _relative(good: pd.DataFrame) -> pd.DataFrame:
    """Rounds that took turns, with their time relative to the reference case, in percent off its mean."""
    turns = good["turns_latency_s"]
    logs = pd.Series([math.nan if own is None else own.relative for own in turns], good.index, float)
    own = good[logs.notna() & (good["case"] != good["reference"])]
    centred = logs[own.index] - logs[own.index].groupby([own["machine"], own["case"]]).transform("mean")
    return own.assign(percent=100 * np.expm1(centred))


def _panel(rounds: pd.DataFrame, axes: Axes) -> None:
    percent = rounds["percent"].to_numpy(dtype=float)
    most = max(5.0, math.ceil(float(np.quantile(np.abs(percent), 0.98))))
    edges = np.linspace(-most, most, BARS + 1)
    below = np.zeros(BARS)
    for disturbed, colour in ((False, BLUE), (True, RED)):
        own = percent[rounds["disturbed"].to_numpy(dtype=bool) == disturbed]
        counts = np.histogram(own.clip(-most, most), edges)[0]
        shown = counts > 0
        axes.bar(edges[:-1][shown], counts[shown], np.diff(edges)[shown] * 0.92, below[shown], align="edge",
                 color=colour, linewidth=0)  # fmt: skip
        below += counts
    axes.set_xlim(-most, most)
    axes.set_xlabel("off the mean of its case, %")
    axes.set_ylabel("rounds")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
