"""What predicts time: correlations, families off the line, and how rankings agree."""

from __future__ import annotations

import math
from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from scalebench.analysis.predictors import STATISTICS
from scalebench.metrics import METRICS
from scalebench.report.content import Chart, Panel, Section, Table
from scalebench.report.figures.drawing import INK, draw, intervals, log_axis, name_rows
from scalebench.report.labels import by_configuration, configuration_label, short
from scalebench.report.looks import BLUE
from scalebench.report.model_names import family_name, plural
from scalebench.report.tables import (
    CONFIGURATION,
    MODELS,
    PERCENT,
    Field,
    build_table,
    entry,
    estimate,
    number,
    value,
)

_HOW = (
    "A predictor's error is how far it typically misses the time of a family that it was not fitted to.",
    "Intervals resample whole families.",
)
_FIGURE = "Time of each family over what the MACs of all others predict"


def study_section(predictors: pd.DataFrame, residuals: pd.DataFrame, ranks: pd.DataFrame) -> Section:
    """The figure of family residuals, and the tables.

    Args:
        predictors: ``analysis.predictors.predictors``, with rows.
        residuals: ``analysis.residuals.family_residuals``.
        ranks: ``analysis.ranks.rank_agreement``.
    """
    charts = (_figure(residuals),) if len(residuals) else ()
    return Section("study", "What predicts time", _HOW, charts, (_predictors_table(predictors), _ranks_table(ranks)))


_STATISTICS = {
    "pearson": "Pearson's correlation",
    "pearson_log": "Pearson's of logarithms",
    "spearman": "Spearman's of ranks",
}


def _name(predictor: str) -> str:
    return METRICS[predictor].label if predictor in METRICS else str(predictor)


def _figure(residuals: pd.DataFrame) -> Chart:
    several = residuals.dropna(subset=["low", "high"])
    # By the lower end of the interval: a high ratio of a few models may be chance.
    worst = several.nlargest(1, "low").iloc[0] if len(several) else residuals.nlargest(1, "ratio").iloc[0]
    configurations = by_configuration(residuals)
    where = f" Configuration: {configuration_label(worst)}." if len(configurations) > 1 else ""
    known = math.isfinite(worst["low"]) and math.isfinite(worst["high"])
    bounds = f"{number(worst['low'])} to {number(worst['high'])}" if known else "no interval"
    takeaway = (
        f"{plural(family_name(worst['family']))} take {number(worst['ratio'])} times as long as their MACs suggest "
        f"({bounds}).{where}"
    )
    panels = []
    for index, (configuration, families) in enumerate(configurations):
        rows = families.sort_values("ratio", ascending=False, ignore_index=True)
        alt = f"{_FIGURE}; {configuration}. {takeaway}"
        svg = draw(partial(_panel, rows), f"study-{index}", alt, 1.2 + 0.24 * len(rows))
        panels.append(Panel(configuration, svg))
    numbers = {name: float(worst[name]) for name in ("ratio", "low", "high", "n")}
    return Chart("study-families", _FIGURE, takeaway, numbers, tuple(panels), _residuals_table(residuals))


def _panel(rows: pd.DataFrame, axes: Axes) -> None:
    log_axis(axes, "x", [*rows["ratio"], *rows["low"].dropna(), *rows["high"].dropna(), 1.0])
    axes.axvline(1.0, color=INK, linewidth=1, alpha=0.7)
    intervals(axes, rows.index, rows["low"], rows["high"], BLUE)
    axes.plot(rows["ratio"], rows.index, "o", color=BLUE, markeredgecolor="none")
    named = zip(rows["family"], rows["n"], strict=True)
    name_rows(axes, list(rows.index), [short(f"{family_name(family)} ({n})") for family, n in named])
    axes.set_xlabel("measured over predicted time; models in brackets")


def _residuals_table(residuals: pd.DataFrame) -> Table:
    return build_table(
        "Each family against a line of log time on log MACs through all others",
        residuals.sort_values("ratio", ascending=False), entry("family"),
        *estimate("ratio", "measured over predicted time", ends=""), MODELS,
        value("outside", "outside the others' range of MACs, %", PERCENT), CONFIGURATION,
    )  # fmt: skip


def _predictors_table(predictors: pd.DataFrame) -> Table:
    return build_table(
        "Predictors of time per image; intervals resample families", predictors,
        Field("predictor", lambda row: _name(row["predictor"])),
        *estimate("error", "error on unseen families, %", PERCENT),
        *(field for name in STATISTICS for field in estimate(name, _STATISTICS[name])), MODELS, CONFIGURATION,
    )  # fmt: skip


def _ranks_table(ranks: pd.DataFrame) -> Table:
    return build_table(
        "Agreement of rankings by different costs; 1 is the same order, 0 no agreement", ranks,
        Field("ranking by", lambda row: _name(row["first"])), Field("and by", lambda row: _name(row["second"])),
        *estimate("tau", "Kendall's tau-b", ends=""), MODELS, CONFIGURATION,
    )  # fmt: skip
