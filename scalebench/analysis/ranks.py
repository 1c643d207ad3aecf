"""How far rankings by different costs agree (Dehghani et al., arXiv:2110.12894, ask for it)."""

from __future__ import annotations

from itertools import combinations

import pandas as pd

from scalebench.analysis.clusters import Indices, bootstrapped, too_few
from scalebench.analysis.configurations import by_configuration
from scalebench.analysis.predictors import study_table
from scalebench.analysis.stats import Estimate
from scalebench.analysis.way import WAY

COSTS = {"params": "params", "macs": "macs", "activations": "activations", "latency_s": "time_s",
         "memory_bytes": "memory_bytes"}  # fmt: skip
"""Costs by their metric, with the column that is ranked; latency is per image."""
COLUMNS = [*WAY, "first", "second", "tau", "low", "high", "n"]


def rank_agreement(cases: pd.DataFrame) -> pd.DataFrame:
    """Kendall's tau-b between the rankings by every pair of costs, per configuration.

    Args:
        cases: ``summary.summarise``.

    Returns: columns ``COLUMNS``; intervals resample families; no rows where there are too few cases.
    """
    rows = []
    for configuration, own in by_configuration(cases):
        if too_few(study_table(own)["family"].tolist()):
            continue
        for first, second in combinations(COSTS, 2):
            e = tau(own, first, second)
            row = {"first": first, "second": second, "tau": e.value, "low": e.low, "high": e.high, "n": e.n}
            rows.append({**configuration, **row})
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def tau(cases: pd.DataFrame, first: str, second: str) -> Estimate:
    """Kendall's tau-b between two costs over the cases of one configuration, with its interval."""
    from scipy import stats  # half a second, and few suites have enough families

    columns = [COSTS[first], COSTS[second]]
    table = study_table(cases).dropna(subset=columns)
    x, y = (table[column].to_numpy(dtype=float) for column in columns)

    def statistic(rows: Indices) -> float:
        return float(stats.kendalltau(x[rows], y[rows]).statistic)

    return bootstrapped(statistic, table["family"].tolist())
