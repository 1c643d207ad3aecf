"""Exponents: how cost grows with resolution, and with counted compute along each scaling axis."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from scalebench.analysis.configurations import by_configuration
from scalebench.analysis.power_law import MIN_POINTS, power_law
from scalebench.analysis.stats import exact
from scalebench.analysis.way import WAY
from scalebench.metrics import COUNTED
from scalebench.suite.suite_plan import Group

QUANTITIES = ("macs", "activations", "memory_bytes", "latency_s")
COLUMNS = [*WAY, "subject", "against", "metric", "exponent", "low", "high", "n", "r2", "misfit", "exact"]


def resolution_exponents(cases: pd.DataFrame) -> pd.DataFrame:
    """Log-log slope of each quantity against resolution, for every model with three or more resolutions.

    Args:
        cases: ``summary.summarise``.

    Returns: one row per configuration, model and metric, columns ``COLUMNS``. ``misfit`` is the largest relative
        deviation from the power law. The exponent of a count is ``exact``; the interval of a measured one is from the
        scatter about the line.
    """
    rows = []
    for configuration, own in by_configuration(cases, "model"):
        rows += _rows(own, "resolution", {**configuration, "subject": configuration["model"]})
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def axis_exponents(cases: pd.DataFrame, groups: Sequence[Group]) -> pd.DataFrame:
    """Log-log slope of each quantity against counted MACs along each method, base included.

    Needs two matched targets besides the base. Columns ``COLUMNS``; ``subject`` is ``base by method``.
    """
    paths: dict[tuple[str, int, str], list[tuple[str, int]]] = {}
    for group in groups:
        for member in group.members:
            path = paths.setdefault((group.base, group.base_resolution, member.method), [])
            path.append((group.model(member), member.resolution))
    rows = []
    for (base, resolution, method), members in paths.items():
        on_path = pd.MultiIndex.from_frame(cases[["model", "resolution"]]).isin([(base, resolution), *members])
        for configuration, own in by_configuration(cases[on_path]):
            rows += _rows(own, "macs", {**configuration, "subject": f"{base} by {method}"})
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def multiplier_exponents(cases: pd.DataFrame) -> pd.DataFrame:
    """Log-log slope of each quantity against a depth or a width multiplier, everything else of the model unchanged.

    Needs three different multipliers at one resolution, the base's 1 among them. Columns ``COLUMNS``; ``subject`` is
    ``base@resolution``.
    """
    rows = []
    for axis, other in (("depth", "width"), ("width", "depth")):
        alone = cases[(cases[other] == 1) & ~cases["model"].str.contains(r"\b[tf]=")]
        alone = alone[alone.groupby("base")[axis].transform("nunique") >= MIN_POINTS]
        for configuration, own in by_configuration(alone, "base", "resolution"):
            subject = f"{configuration['base']}@{configuration['resolution']}"
            rows += _rows(own, axis, {**configuration, "subject": subject})
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def _rows(cases: pd.DataFrame, against: str, identity: dict[str, object]) -> list[dict[str, object]]:
    rows = []
    for metric in QUANTITIES if len(set(cases[against])) >= MIN_POINTS else ():
        fit = power_law(cases[against].tolist(), _values(cases, metric)) if metric != against else None
        if fit:
            counts = metric in COUNTED  # whose scatter about the line is no error
            e = exact(fit.exponent.value, fit.exponent.n) if counts else fit.exponent
            slope = {"exponent": e.value, "low": e.low, "high": e.high, "n": e.n, "r2": fit.r2, "misfit": fit.misfit,
                     "exact": e.exact}  # fmt: skip
            rows.append({**identity, "against": against, "metric": metric, **slope})
    return rows


def _values(cases: pd.DataFrame, metric: str) -> list[float]:
    """The metric of each case; of latencies by turns those relative to the reference case, which share less noise."""
    relative = cases["relative_latency"]
    return (relative if metric == "latency_s" and relative.notna().all() else cases[metric]).tolist()
