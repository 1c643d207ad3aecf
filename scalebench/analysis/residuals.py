"""Families that are slow for their MACs: each against a line through all others."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from scalebench.analysis.configurations import by_configuration
from scalebench.analysis.power_law import power_law
from scalebench.analysis.predictors import study_table
from scalebench.analysis.stats import Estimate, of_rounds, unknown
from scalebench.analysis.way import WAY

COLUMNS = [*WAY, "family", "ratio", "low", "high", "n", "outside"]
_FEWEST_OTHERS = 6


def family_residuals(cases: pd.DataFrame) -> pd.DataFrame:
    """How many times slower each family is than the counted MACs of all other families suggest.

    Args:
        cases: ``summary.summarise``.

    Returns: one row per configuration and family, columns ``COLUMNS``: geometric mean over the family's models of
        measured over predicted time, with a t-interval on logarithms over models (none for one model). Cases of one
        model at several resolutions are averaged first, since they resemble each other. The uncertainty of the line
        itself is not in the interval. ``outside`` is the share of the family's cases with fewer or more MACs than any
        of the others, where the line is extrapolated.
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
    by_model = np.exp(logs.groupby(own["model"]).mean())
    inside = own["macs"].astype(float).between(float(others["macs"].min()), float(others["macs"].max()))
    return of_rounds(by_model.tolist()), float((~inside).mean())
