"""Matched groups: each method's cost relative to compound scaling at equal counted compute."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from scalebench.analysis.stats import LEVEL, Estimate, ratio
from scalebench.analysis.way import WAY
from scalebench.metrics import MEASURED
from scalebench.suite.suite_plan import Group

REFERENCE = "compound"
COLUMNS = [
    *WAY, "base", "target", "method", "model", "resolution", "macs", "residual", "activations", "params",
    "metric", "value", "ratio", "low", "high", "n",
]  # fmt: skip
ON_PAPER = ("macs", "params", "activations", "weight_bytes", "peak_bytes_inference", "peak_bytes_training")
"""What a member costs without a device: four counts, and two static estimates of memory at batch 1."""
MEMBER = ["base", "target", "method", "model", "resolution"]
COUNTED_COLUMNS = [*MEMBER, "metric", "value", "ratio"]
FOLLOWED = ("latency_s", "memory_bytes")
PREDICTORS = ("activations", "params")
FEWEST = 5
"""Members below which no correlation is given: the interval would cover nearly every value."""
EXPLAINED_COLUMNS = [
    *WAY, "metric", "predictor",
    *(f"{name}{end}" for name in ("spearman", "pearson") for end in ("", "_low", "_high")), "n", "tied", "why",
]  # fmt: skip


def compare_groups(rounds: pd.DataFrame, groups: Sequence[Group]) -> pd.DataFrame:
    """Ratio of each member to the group's compound member, per way of running and measured metric.

    Args:
        rounds: ``store.frame.rounds_frame`` with unique machines.
        groups: of the plan.

    Returns: columns ``COLUMNS``; ``ratio`` with its interval is NaN where the group has no compound member.
    """
    good = rounds[rounds["used"]]
    rows = []
    for way, here in good.groupby(WAY, sort=False):
        by_model = dict(list(here.groupby(["model", "resolution"], sort=False)))
        for group in groups:
            reference = next((m for m in group.members if m.method == REFERENCE), None)
            base = by_model.get((group.model(reference), reference.resolution)) if reference else None
            for member in group.members:
                found = by_model.get((group.model(member), member.resolution))
                if found is None:
                    continue
                identity = {
                    **dict(zip(WAY, way, strict=True)), "base": group.base, "target": group.target,
                    "method": member.method, "model": group.model(member), "resolution": member.resolution,
                    "macs": member.macs, "residual": member.residual,
                    "activations": found["activations"].iloc[0], "params": found["params"].iloc[0],
                }  # fmt: skip
                rows += [
                    {**identity, **_compared(found, base, metric)} for metric in MEASURED if found[metric].notna().any()
                ]
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def _compared(found: pd.DataFrame, base: pd.DataFrame | None, metric: str) -> dict[str, object]:
    values = found[metric].dropna().tolist()
    r = ratio(values, base[metric].dropna().tolist() if base is not None else [])
    middle = float(pd.Series(values, dtype=float).median())
    return {"metric": metric, "value": middle, "ratio": r.value, "low": r.low, "high": r.high, "n": r.n}


def counted_ratios(counts: pd.DataFrame, groups: Sequence[Group]) -> pd.DataFrame:
    """Ratio of each member to the group's compound member in what is known without a device.

    Args:
        counts: ``store.frame.counts_frame``.
        groups: of the plan.

    Returns: one row per group, member and quantity of ``ON_PAPER``, columns ``COUNTED_COLUMNS``; ``value`` in the
        unit of ``metrics.METRICS``. Nothing here varies between rounds, so there are no intervals; ``value`` and
        ``ratio`` are NaN where the quantity was not counted, ``ratio`` also where the compound member's was not.
    """
    known = counts.set_index(["model", "resolution"]).reindex(columns=pd.Index(ON_PAPER)).astype(float)
    rows = []
    for group in groups:
        reference = next((m for m in group.members if m.method == REFERENCE), None)
        base = _on_paper(known, group.model(reference), reference.resolution) if reference else {}
        for member in group.members:
            model = group.model(member)
            names = (group.base, group.target, member.method, model, member.resolution)
            identity = dict(zip(MEMBER, names, strict=True))
            rows += [
                {**identity, "metric": metric, "value": value, "ratio": value / base.get(metric, math.nan)}
                for metric, value in _on_paper(known, model, member.resolution).items()
            ]
    return pd.DataFrame(rows, columns=pd.Index(COUNTED_COLUMNS))


def _on_paper(known: pd.DataFrame, model: str, resolution: int) -> dict[str, float]:
    found = known.reindex([(model, resolution)]).iloc[0]
    return {str(metric): float(value) for metric, value in found.items()}


def explained(measured: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    """How well the measured ratios to compound follow the counted ones, over all members but compound itself.

    Correlations are of logarithms: Pearson's with Fisher's interval, Spearman's with the one of Bonett and Wright
    (Psychometrika 65, 2000), which widens the variance to (1 + r^2 / 2) / (n - 3). Members of one group share their
    compound member, so they are not independent and the intervals are rather too narrow.

    Args:
        measured: ``compare_groups``.
        counted: ``counted_ratios``.

    Returns: one row per way of running, metric of ``FOLLOWED`` and predictor of ``PREDICTORS``, columns
        ``EXPLAINED_COLUMNS``: ``n`` members; ``tied``, Spearman's correlation of the predictor with the other one, as
        predictors that move together cannot be told apart; ``why`` there is no correlation, empty where there is.
    """
    if measured.empty or counted.empty:
        return pd.DataFrame(columns=pd.Index(EXPLAINED_COLUMNS))
    paper = counted[counted["metric"].isin(PREDICTORS)].pivot_table(index=MEMBER, columns="metric", values="ratio")
    paper = paper.reindex(columns=pd.Index(PREDICTORS)).reset_index()
    wanted = measured[measured["metric"].isin(FOLLOWED) & (measured["method"] != REFERENCE)]
    joined = wanted.dropna(subset=["ratio"]).merge(paper, on=MEMBER, suffixes=("_own", ""))
    rows = []
    for (*way, metric), here in joined.groupby([*WAY, "metric"], sort=False):
        for predictor, other in zip(PREDICTORS, reversed(PREDICTORS), strict=True):
            both = here.dropna(subset=[predictor])
            identity = {**dict(zip(WAY, way, strict=True)), "metric": metric, "predictor": predictor}
            rows.append({**identity, **_followed(both, predictor), "tied": _tied(both, predictor, other)})
    return pd.DataFrame(rows, columns=pd.Index(EXPLAINED_COLUMNS))


def _followed(here: pd.DataFrame, predictor: str) -> dict[str, object]:
    n = len(here)
    x, y = (np.log(here[name].to_numpy(dtype=float)) for name in (predictor, "ratio"))
    if n < FEWEST:
        return {"n": n, "why": f"{n} members have both numbers, and {FEWEST} are needed"}
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return {"n": n, "why": "the ratios are all the same"}
    rank, line = float(stats.spearmanr(x, y).statistic), float(stats.pearsonr(x, y).statistic)
    found = {"spearman": _fisher(rank, n, 1 + rank**2 / 2), "pearson": _fisher(line, n, 1.0)}
    ends = {f"{name}{end}": value for name, e in found.items()
            for end, value in (("", e.value), ("_low", e.low), ("_high", e.high))}  # fmt: skip
    return {**ends, "n": n, "why": ""}


def _fisher(r: float, n: int, widening: float) -> Estimate:
    """Interval of a correlation on Fisher's scale, where its variance is ``widening`` / (n - 3).

    Perfect agreement lies at the end of that scale, which would give an interval without width. It gets the interval
    that ranks have of which one pair of neighbours is swapped, and reaches to the end.
    """
    inside = min(abs(r), 1 - 12 / (n * (n**2 - 1)))
    half = float(stats.norm.ppf(0.5 + LEVEL / 2)) * math.sqrt(widening / (n - 3))
    near, far = math.tanh(math.atanh(inside) - half), math.tanh(math.atanh(inside) + half)
    far = max(far, abs(r))
    return Estimate(r, near, far, n) if r >= 0 else Estimate(r, -far, -near, n)


def _tied(here: pd.DataFrame, predictor: str, other: str) -> float:
    both = here[[predictor, other]].dropna()
    varied = len(both) >= FEWEST and (both.nunique() > 1).all()
    return float(stats.spearmanr(both[predictor], both[other]).statistic) if varied else math.nan
