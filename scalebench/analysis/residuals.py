"""Who is slow for their MACs: each family against a line through all others."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from scalebench.analysis.power_law import power_law
from scalebench.analysis.predictors import study_table
from scalebench.analysis.stats import Estimate, of_rounds
from scalebench.analysis.way import WAY

COLUMNS = [*WAY, "family", "ratio", "low", "high", "n", "outside"]
_FEWEST_OTHERS = 6


def family_residuals(cases: pd.DataFrame) -> pd.DataFrame:
    """How many times slower each family is than the counted MACs of all other families suggest.

    Args:
        cases: ``summary.summarise``.

    Returns: one row per way and family, columns ``COLUMNS``: geometric mean over the family's models of measured over
        predicted time, with a t-interval on logarithms over models (none for one model). Cases of one model at several
        resolutions are averaged first, since they resemble each other. The interval leaves out how uncertain the line
        itself is. ``outside`` is the share of the family's cases with fewer or more MACs than any of the others, where
        the line is extrapolated.
    """
    rows = []
    for way, here in cases.groupby(WAY, sort=False):
        table = study_table(here)
        for family in dict.fromkeys(table["family"]):
            found, outside = _against_others(table, family)
            if found.n:
                numbers = {"ratio": found.value, "low": found.low, "high": found.high, "n": found.n}
                rows.append({**dict(zip(WAY, way, strict=True)), "family": family, **numbers, "outside": outside})
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def residual_of(cases: pd.DataFrame, family: str) -> Estimate:
    """One family's ratio over the cases of one way of running; NaN where it, or enough others, are not there."""
    return _against_others(study_table(cases), family)[0]


def _against_others(table: pd.DataFrame, family: str) -> tuple[Estimate, float]:
    own, others = table[table["family"] == family], table[table["family"] != family]
    fit = power_law(others["macs"].tolist(), others["time_s"].tolist()) if len(others) >= _FEWEST_OTHERS else None
    if own.empty or fit is None:
        return Estimate(math.nan, math.nan, math.nan, 0), math.nan
    macs = own["macs"].to_numpy(dtype=float)
    logs = np.log(own["time_s"] / (fit.coefficient * macs**fit.exponent.value))
    by_model = np.exp(logs.groupby(own["model"]).mean())
    outside = (macs < float(others["macs"].min())) | (macs > float(others["macs"].max()))
    return of_rounds(by_model.tolist()), float(np.mean(outside))
