"""How far rounds of one case differ: the spread that every interval is computed from."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from scalebench.report.content import Absent, Chart, Elsewhere
from scalebench.report.figures.drawing import INK, name_rows
from scalebench.report.figures.panels import panels, scatter
from scalebench.report.figures.takeaways import Takeaway
from scalebench.report.labels import by_configuration, short
from scalebench.report.looks import BLUE, GREY, Look
from scalebench.report.tables import number

TITLE = "Rounds of each case against their mean"
MOST_CASES = 15
LONGEST_NAME = 42
"""Characters of a case's name: scaled models have their multipliers in it."""
_USED, _ASIDE = Look(BLUE, "o", "-"), Look(GREY, "X", "-", hollow=True)


def spread_of_rounds(rounds: pd.DataFrame) -> Chart | Absent:
    """A strip of rounds per case, widest first.

    Args:
        rounds: ``Analysis.rounds``; those that did not end well have no place in it.
    """
    good = rounds[rounds["latency_s"].notna()]
    relative = good.assign(percent=percent_off_mean(good), name=good["model"] + "@" + good["resolution"].astype(str))
    relative = relative[relative["percent"].notna()]
    spreads = relative[relative["used"]].groupby(["machine", "case"])["percent"].agg(["std", "count"]).dropna()
    if spreads.empty:
        return Absent(TITLE, "no case has two good rounds")
    takeaway = of_spread(relative, spreads)
    named = [(configuration, _widest(rows)) for configuration, rows in by_configuration(relative)]
    drawn, note = panels(named, _panel, "f9", TITLE, _height)
    hidden = len(spreads) - sum(subset["case"].nunique() for _, subset in named)
    if hidden > 0:
        note = f"The {MOST_CASES} cases of widest spread in each panel; {hidden} more are not drawn. {note}"
    note = f"{note} Crosses were set aside.".strip() if takeaway.numbers["aside"] else note
    table = Elsewhere("trust", "Intervals, tails and doubts")
    return Chart("f9", TITLE, takeaway.text, takeaway.numbers, drawn, table, note=note.strip())


def of_spread(relative: pd.DataFrame, spreads: pd.DataFrame) -> Takeaway:
    """Median and widest spread, and how many rounds were set aside."""
    median, worst = float(spreads["std"].median()), spreads["std"].nlargest(1)
    widest, (machine, case) = float(worst.iloc[0]), worst.index.to_list()[0]
    name = relative.loc[(relative["machine"] == machine) & (relative["case"] == case), "name"].iloc[0]
    aside = int((~relative["used"]).sum())
    where = f" on {machine}" if relative["machine"].nunique() > 1 else ""
    text = (
        f"Rounds of one case spread by {number(median)} % (standard deviation, median over {len(spreads)} cases). "
        f"The widest spread is that of {name}{where}, {number(widest)} %. "
        f"{aside or 'None'} of {len(relative)} rounds {'was' if aside < 2 else 'were'} set aside."
    )
    return Takeaway(text, {"median_percent": median, "widest_percent": widest, "aside": float(aside)})


def percent_off_mean(good: pd.DataFrame) -> pd.Series:
    """Latency over the geometric mean of the case's used rounds, less one, in percent; NaN where none was used."""
    logs = pd.Series(np.log(good["latency_s"].to_numpy(dtype=float)), index=good.index)
    means = logs.where(good["used"].astype(bool)).groupby([good["machine"], good["case"]]).transform("mean")
    return (logs - means).map(lambda gap: 100 * math.expm1(gap))


def _widest(rounds: pd.DataFrame) -> pd.DataFrame:
    spreads = rounds.groupby("case")["percent"].agg(lambda values: values.abs().max())
    kept = spreads.sort_values(ascending=False, kind="stable").index[:MOST_CASES]
    return rounds[rounds["case"].isin(kept)].assign(y=lambda rows: rows["case"].map({c: i for i, c in enumerate(kept)}))


def _height(rounds: pd.DataFrame) -> float:
    return 1.1 + 0.22 * rounds["case"].nunique()


def _panel(rounds: pd.DataFrame, axes: Axes) -> None:
    data = rounds.assign(x=rounds["percent"])
    axes.axvline(0, color=INK, linewidth=1, alpha=0.6)
    for look, rows in ((_USED, data[data["used"].astype(bool)]), (_ASIDE, data[~data["used"].astype(bool)])):
        if len(rows):
            scatter(axes, rows, look, size=22, alpha=0.8)
    labels = data.drop_duplicates("case").sort_values("y")
    named = zip(labels["model"], labels["resolution"], strict=True)
    name_rows(axes, labels["y"].tolist(), [short(f"{model}@{size}", LONGEST_NAME) for model, size in named], 8.5)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.set_xlabel("latency against the case's mean, %")
