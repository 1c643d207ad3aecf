"""What predicts time: correlations, families off the line, and how rankings agree."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from scalebench.analysis.predictors import SINGLE, STATISTICS
from scalebench.metrics import METRICS
from scalebench.report.content import Chart, Column, Panel, Section, Table
from scalebench.report.figures.drawing import INK, draw, log_axis
from scalebench.report.labels import short, sorted_ways, way_label
from scalebench.report.looks import BLUE
from scalebench.report.tables import capped, number, span

ID, TITLE = "study", "What predicts time"
_FIGURE = "Time of each family over what the MACs of all others predict"
_WHERE = Column("machine and way of running")


def study_section(predictors: pd.DataFrame, residuals: pd.DataFrame, ranks: pd.DataFrame) -> Section:
    """Sentences, the figure of family residuals, and the tables.

    Args:
        predictors: ``analysis.predictors.predictors``.
        residuals: ``analysis.residuals.family_residuals``.
        ranks: ``analysis.ranks.rank_agreement``.
    """
    if predictors.empty:
        why = "Too few models of too few families were measured to say what predicts time."
        return Section(ID, TITLE, (why,))
    said = tuple(sentence for way, here in sorted_ways(predictors) for sentence in _said(way_label(way), here))
    charts = (_figure(residuals),) if len(residuals) else ()
    return Section(ID, TITLE, said, charts, (_predictors_table(predictors), _ranks_table(ranks)))


def _said(where: str, here: pd.DataFrame) -> Iterator[str]:
    alone = here[here["predictor"].isin(SINGLE)]
    best, macs = (row.iloc[0] for row in (alone.nsmallest(1, "error"), alone[alone["predictor"] == "macs"]))
    together = here[~here["predictor"].isin(SINGLE)].nsmallest(1, "error").iloc[0]
    yield (
        f"{where}: over {best['n']} models of {best['families']} families {_name(best['predictor'])} alone predict an "
        f"unseen family's time best, missing it by {_missed(best)}; MACs miss it by {_missed(macs)}, and the best "
        f"combination, {_name(together['predictor'])}, by {_missed(together)}."
    )
    leaders = {s: str(alone.nlargest(1, s)["predictor"].iloc[0]) for s in STATISTICS}
    words = ", ".join(f"{_name(leader)} by {_STATISTICS[s]}" for s, leader in leaders.items())
    yield f"The highest correlation with time: {words}."


_STATISTICS = {
    "pearson": "Pearson's correlation",
    "pearson_log": "Pearson's of logarithms",
    "spearman": "Spearman's of ranks",
}


def _missed(row: pd.Series) -> str:
    return f"{number(row['error'], 0.01)} % {span(row['error_low'], row['error_high'], row['n'], 0.01)}"


def _name(predictor: str) -> str:
    return METRICS[predictor].label if predictor in METRICS else str(predictor)


def _figure(residuals: pd.DataFrame) -> Chart:
    several = residuals.dropna(subset=["low", "high"])
    # The family that is surely slowest, not the one whose few models happen to lie highest.
    worst = several.nlargest(1, "low").iloc[0] if len(several) else residuals.nlargest(1, "ratio").iloc[0]
    takeaway = (
        f"{worst['family']} models take {number(worst['ratio'])} times as long as their MACs suggest "
        f"(95 % interval {span(worst['low'], worst['high'], worst['n'])}, {worst['n']} models; {way_label(worst)})."
    )
    panels = []
    for index, (way, here) in enumerate(sorted_ways(residuals)):
        rows = here.sort_values("ratio", ascending=False, ignore_index=True)
        where = way_label(way)
        svg = draw(partial(_panel, rows), f"study-{index}", f"{_FIGURE}; {where}. {takeaway}", 1.2 + 0.24 * len(rows))
        panels.append(Panel(where, svg))
    numbers = {name: float(worst[name]) for name in ("ratio", "low", "high", "n")}
    return Chart("study-families", _FIGURE, takeaway, numbers, tuple(panels), _residuals_table(residuals))


def _panel(rows: pd.DataFrame, axes: Axes) -> None:
    log_axis(axes, "x", [*rows["ratio"], *rows["low"].dropna(), *rows["high"].dropna(), 1.0])
    axes.axvline(1.0, color=INK, linewidth=1, alpha=0.7)
    known = rows.dropna(subset=["low", "high"])
    axes.hlines(known.index, known["low"], known["high"], colors=BLUE, linewidth=1.2)
    sns.scatterplot(rows.assign(y=rows.index), x="ratio", y="y", ax=axes, color=BLUE, s=34, linewidth=0,
                    legend=False)  # fmt: skip
    axes.set_yticks(
        list(rows.index), labels=[short(f"{f} ({n})") for f, n in zip(rows["family"], rows["n"], strict=True)]
    )
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_ylabel("")
    axes.set_xlabel("measured over predicted time; models in brackets")


def _residuals_table(residuals: pd.DataFrame) -> Table:
    columns = [
        Column("family"), Column("measured over predicted time", number=True), Column("95 % interval", number=True),
        Column("n, models", number=True), Column("outside the others' range of MACs, %", number=True), _WHERE,
    ]  # fmt: skip
    rows = [
        [
            row["family"], number(row["ratio"]), span(row["low"], row["high"], row["n"]), str(row["n"]),
            number(100 * row["outside"]), way_label(row),
        ]
        for row in residuals.sort_values("ratio", ascending=False).to_dict("records")
    ]  # fmt: skip
    return capped("Each family against a line of log time on log MACs through all others", columns, rows)


def _predictors_table(predictors: pd.DataFrame) -> Table:
    shown: dict[str, tuple[str, float]] = {"error": ("error on unseen families, %", 0.01)}
    shown |= {name: (_STATISTICS[name], 1.0) for name in STATISTICS}
    columns = [
        Column("predictor"),
        *(Column(label, number=True) for title, _ in shown.values() for label in (title, "95 % interval")),
        Column("n, models", number=True), _WHERE,
    ]  # fmt: skip
    rows = [
        [
            _name(row["predictor"]),
            *(text for name, (_, factor) in shown.items() for text in (
                number(row[name], factor), span(row[f"{name}_low"], row[f"{name}_high"], row["n"], factor))),
            str(row["n"]), way_label(row),
        ]
        for row in predictors.to_dict("records")
    ]  # fmt: skip
    return capped("Predictors of time per image; intervals resample families", columns, rows)


def _ranks_table(ranks: pd.DataFrame) -> Table:
    columns = [
        Column("ranking by"), Column("and by"), Column("Kendall's tau-b", number=True),
        Column("95 % interval", number=True), Column("n, models", number=True), _WHERE,
    ]  # fmt: skip
    rows = [
        [
            _name(row["first"]), _name(row["second"]), number(row["tau"]), span(row["low"], row["high"], row["n"]),
            str(row["n"]), way_label(row),
        ]
        for row in ranks.to_dict("records")
    ]  # fmt: skip
    return capped("How far rankings by different costs agree; 1 is the same order, 0 none", columns, rows)
