"""Families that are slow for their MACs: each against a line through all others."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from scalebench.analysis.configurations import by_configuration
from scalebench.analysis.power_law import MIN_POINTS, power_law
from scalebench.analysis.predictors import study_table
from scalebench.analysis.stats import Estimate, t_estimate, unknown
from scalebench.analysis.way import WAY

COLUMNS = [*WAY, "family", "ratio", "low", "high", "n", "outside"]
_FEWEST_OTHERS = 6
_FEWEST_FAMILIES = 4
"""Other families, below which leaving one out says nothing about the line."""
Values = npt.NDArray[np.float64]


def family_residuals(cases: pd.DataFrame) -> pd.DataFrame:
    """How many times slower each family is than the counted MACs of all other families suggest.

    Args:
        cases: ``summary.summarise``.

    Returns: one row per configuration and family, columns ``COLUMNS``: geometric mean over the family's models of
        measured over predicted time, with a t-interval on logarithms (none for one model). Its variance is that of the
        mean over models plus that of the line at the family's MACs, see ``_line_variance``. Cases of one model at
        several resolutions are averaged first, since they resemble each other. ``outside`` is the share of the
        family's cases with fewer or more MACs than any of the others, where the line is extrapolated.
    """
    rows = []
    for configuration, own in by_configuration(cases):
        table = study_table(own)
        for family in dict.fromkeys(table["family"]):
            e, outside = _against_others(table, family)
            if e.n:
                row = {"family": family, "ratio": e.value, "low": e.low, "high": e.high, "n": e.n, "outside": outside}
                rows.append({**configuration, **row})
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def residual_of(cases: pd.DataFrame, family: str) -> Estimate:
    """One family's ratio over the cases of one configuration; NaN without the family or enough others."""
    return _against_others(study_table(cases), family)[0]


def _against_others(table: pd.DataFrame, family: str) -> tuple[Estimate, float]:
    own, others = table[table["family"] == family], table[table["family"] != family]
    fit = power_law(others["macs"].tolist(), others["time_s"].tolist()) if len(others) >= _FEWEST_OTHERS else None
    if own.empty or fit is None:
        return unknown(), math.nan
    macs = own["macs"].to_numpy(dtype=float)
    logs = np.log(own["time_s"] / (fit.coefficient * macs**fit.exponent.value))
    by_model = logs.groupby(own["model"]).mean()
    at = float(pd.Series(np.log(macs), index=own.index).groupby(own["model"]).mean().mean())
    inside = own["macs"].astype(float).between(float(others["macs"].min()), float(others["macs"].max()))
    return _factor(by_model.to_numpy(dtype=float), _line_variance(others, at)), float((~inside).mean())


def _factor(logs: Values, line: tuple[float, float]) -> Estimate:
    """Geometric mean of the family's models; ``line`` is variance and degrees of freedom of the prediction."""
    n = len(logs)
    parts = [(float(logs.var(ddof=1)) / n if n > 1 else math.nan, n - 1.0), line]
    return t_estimate(float(logs.mean()), parts, n)


def _line_variance(others: pd.DataFrame, at: float) -> tuple[float, float]:
    """Variance of the line's log time at log MACs ``at``, with its degrees of freedom: the number of families less two.

    Whole families are left out one after the other (delete-one jackknife), since models of one family lie on the same
    side of the line together.
    """
    x, y = (np.log(others[name].to_numpy(dtype=float)) for name in ("macs", "time_s"))
    labels = others["family"].to_numpy()
    families = list(dict.fromkeys(labels))
    rest = [labels != name for name in families]
    if len(families) < _FEWEST_FAMILIES or any(len(np.unique(x[rows])) < MIN_POINTS for rows in rest):
        return math.nan, 0.0
    predicted = np.array([np.polyval(np.polyfit(x[rows], y[rows], 1), at) for rows in rest])
    n = len(families)
    return float((n - 1) / n * ((predicted - predicted.mean()) ** 2).sum()), n - 2.0
