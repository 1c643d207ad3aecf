"""Matched groups: cost of each method relative to compound scaling at equal counted compute."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import special

from scalebench.analysis.configurations import by_configuration
from scalebench.analysis.sessions import SessionRounds
from scalebench.analysis.stats import LEVEL, Estimate, of_rounds, ratio
from scalebench.analysis.used_rounds import Configuration, UsedRounds
from scalebench.analysis.way import WAY
from scalebench.metrics import MEASURED
from scalebench.suite.suite_plan import Group, Member

REFERENCE = "compound"
COLUMNS = [
    *WAY, "base", "target", "method", "model", "resolution", "macs", "residual", "activations", "params",
    "metric", "value", "ratio", "low", "high", "n", "freedom", "pairing",
]  # fmt: skip
ON_PAPER = ("macs", "params", "activations", "weight_bytes", "peak_bytes_inference", "peak_bytes_training")
"""Costs known without a device: four counts, and two static estimates of memory at batch 1."""
MEMBER = ["base", "target", "method", "model", "resolution"]
COUNTED_COLUMNS = [*MEMBER, "metric", "value", "ratio"]
FOLLOWED = ("latency_s", "memory_bytes")
PREDICTORS = ("activations", "params")
FEWEST = 5
"""Fewest members for a correlation: below, the interval would cover nearly every value."""
EXPLAINED_COLUMNS = [
    *WAY, "metric", "predictor",
    *(f"{name}{end}" for name in ("spearman", "pearson") for end in ("", "_low", "_high")), "n", "tied", "why",
]  # fmt: skip


def compare_groups(used: Mapping[Configuration, UsedRounds], groups: Sequence[Group]) -> pd.DataFrame:
    """Ratio of each member to the group's compound member, per configuration and measured metric.

    Args:
        used: ``used_rounds.by_way``.
        groups: of the plan.

    Returns: columns ``COLUMNS``; ``ratio`` with its interval is NaN where the group has no compound member.
    """
    rows = []
    for configuration, rounds in used.items():
        for group in groups:
            reference = _reference(group)
            for member in group.members:
                first = rounds.first(group.model(member), member.resolution)
                if first is None:
                    continue
                identity = {
                    **dict(zip(WAY, configuration, strict=True)), **_identity(group, member), "macs": member.macs,
                    "residual": member.residual, "activations": first["activations"], "params": first["params"],
                }  # fmt: skip
                samples = {metric: rounds.of(group.model(member), member.resolution, metric) for metric in MEASURED}
                for metric, own in samples.items():
                    base = rounds.of(group.model(reference), reference.resolution, metric) if reference else None
                    rows += [{**identity, **_compared(own, base, metric)}] if own else []
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def _reference(group: Group) -> Member | None:
    return next((member for member in group.members if member.method == REFERENCE), None)


def _identity(group: Group, member: Member) -> dict[str, object]:
    values = (group.base, group.target, member.method, group.model(member), member.resolution)
    return dict(zip(MEMBER, values, strict=True))


def _compared(rounds: SessionRounds, base: SessionRounds | None, metric: str) -> dict[str, object]:
    r = ratio(rounds, base or SessionRounds({}))
    value = of_rounds(rounds).value
    return {"metric": metric, "value": value, "ratio": r.value, "low": r.low, "high": r.high, "n": r.n,
            "freedom": r.freedom, "pairing": r.pairing}  # fmt: skip


def counted_ratios(counts: pd.DataFrame, groups: Sequence[Group]) -> pd.DataFrame:
    """Ratio of each member to the group's compound member in quantities known without a device.

    Args:
        counts: ``store.frame.counts_frame``.
        groups: of the plan.

    Returns: one row per group, member and quantity of ``ON_PAPER``, columns ``COUNTED_COLUMNS``; ``value`` in the
        unit of ``metrics.METRICS``, without interval. ``value`` and ``ratio`` are NaN where the quantity was not
        counted, ``ratio`` also where the compound member's was not.
    """
    paper = counts.set_index(["model", "resolution"]).reindex(columns=pd.Index(ON_PAPER)).astype(float)
    rows = []
    for group in groups:
        reference = _reference(group)
        base = _on_paper(paper, group, reference) if reference else {}
        for member in group.members:
            rows += [
                {
                    **_identity(group, member),
                    "metric": metric,
                    "value": value,
                    "ratio": value / base.get(metric, math.nan),
                }
                for metric, value in _on_paper(paper, group, member).items()
            ]
    return pd.DataFrame(rows, columns=pd.Index(COUNTED_COLUMNS))


def _on_paper(paper: pd.DataFrame, group: Group, member: Member) -> dict[str, float]:
    row = paper.reindex([(group.model(member), member.resolution)]).iloc[0]
    return {str(metric): float(value) for metric, value in row.items()}


def explained(measured: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    """How well the measured ratios to compound follow the counted ones, over all members but compound itself.

    Correlations are of logarithms: Pearson's with Fisher's interval, Spearman's with the one of Bonett and Wright
    (Psychometrika 65, 2000), which widens the variance to (1 + r^2 / 2) / (n - 3). Members of one group share their
    compound member, so they are not independent and the intervals are somewhat too narrow.

    Args:
        measured: ``compare_groups``.
        counted: ``counted_ratios``.

    Returns: one row per configuration, metric of ``FOLLOWED`` and predictor of ``PREDICTORS``, columns
        ``EXPLAINED_COLUMNS``: ``n`` members; ``tied``, Spearman's correlation of the predictor with the other one,
        since correlated predictors cannot be distinguished; ``why`` there is no correlation, empty where there is.
    """
    if measured.empty or counted.empty:
        return pd.DataFrame(columns=pd.Index(EXPLAINED_COLUMNS))
    paper = counted[counted["metric"].isin(PREDICTORS)].pivot_table(index=MEMBER, columns="metric", values="ratio")
    paper = paper.reindex(columns=pd.Index(PREDICTORS)).reset_index()
    members = measured[measured["metric"].isin(FOLLOWED) & (measured["method"] != REFERENCE)]
    joined = members.dropna(subset=["ratio"]).merge(paper, on=MEMBER, suffixes=("_own", ""))
    rows = []
    for identity, own in by_configuration(joined, "metric"):
        for predictor, other in zip(PREDICTORS, reversed(PREDICTORS), strict=True):
            both = own.dropna(subset=[predictor])
            numbers = {**_correlations(both, predictor), "tied": _tied(both, predictor, other)}
            rows.append({**identity, "predictor": predictor, **numbers})
    return pd.DataFrame(rows, columns=pd.Index(EXPLAINED_COLUMNS))


def _correlations(rows: pd.DataFrame, predictor: str) -> dict[str, object]:
    n = len(rows)
    x, y = (np.log(rows[name].to_numpy(dtype=float)) for name in (predictor, "ratio"))
    if n < FEWEST:
        return {"n": n, "why": f"only {n} members have both numbers; at least {FEWEST} are needed"}
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return {"n": n, "why": "the ratios are all the same"}
    rank, line = _spearman(rows[predictor], rows["ratio"]), float(np.corrcoef(x, y)[0, 1])
    spearman, pearson = _fisher(rank, n, 1 + rank**2 / 2), _fisher(line, n, 1.0)
    return {**spearman.columns("spearman"), **pearson.columns("pearson"), "n": n, "why": ""}


def _fisher(r: float, n: int, widening: float) -> Estimate:
    """Interval of a correlation on Fisher's scale, where its variance is ``widening`` / (n - 3).

    Perfect agreement lies at the end of that scale, where the interval would have no width. It gets the interval of
    ranks with one pair of neighbours swapped, extended to the end.
    """
    inside = min(abs(r), 1 - 12 / (n * (n**2 - 1)))
    half = float(special.ndtri(0.5 + LEVEL / 2)) * math.sqrt(widening / (n - 3))
    near, far = math.tanh(math.atanh(inside) - half), math.tanh(math.atanh(inside) + half)
    far = max(far, abs(r))
    return Estimate(r, near, far, n) if r >= 0 else Estimate(r, -far, -near, n)


def _tied(rows: pd.DataFrame, predictor: str, other: str) -> float:
    both = rows[[predictor, other]].dropna()
    varied = len(both) >= FEWEST and (both.nunique() > 1).all()
    return _spearman(both[predictor], both[other]) if varied else math.nan


def _spearman(x: pd.Series, y: pd.Series) -> float:
    """Rank correlation; ``scipy.stats`` takes half a second to import."""
    return float(np.corrcoef(x.rank(), y.rank())[0, 1])
