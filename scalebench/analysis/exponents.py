"""Exponents: how cost grows with resolution, and with counted compute along each scaling axis."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from scalebench.analysis.power_law import MIN_POINTS, power_law
from scalebench.analysis.way import WAY
from scalebench.suite.suite_plan import Group

QUANTITIES = ("macs", "activations", "memory_bytes", "latency_s")
COLUMNS = [*WAY, "subject", "against", "metric", "exponent", "low", "high", "n", "r2"]


def resolution_exponents(cases: pd.DataFrame) -> pd.DataFrame:
    """Log-log slope of each quantity against resolution, for every model with three or more resolutions.

    Args:
        cases: ``summary.summarise``.

    Returns: one row per way of running, model and metric, columns ``COLUMNS``.
    """
    rows = []
    for (*way, model), group in cases.groupby([*WAY, "model"], sort=False):
        if group["resolution"].nunique() >= MIN_POINTS:
            rows += _rows(group, "resolution", {**dict(zip(WAY, way, strict=True)), "subject": model})
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def axis_exponents(cases: pd.DataFrame, groups: Sequence[Group]) -> pd.DataFrame:
    """Log-log slope of each quantity against counted MACs along each method, base included.

    Needs two matched targets beside the base. Columns ``COLUMNS``; ``subject`` is ``base by method``.
    """
    rows = []
    for (base, size, method), names in _paths(groups).items():
        wanted = pd.MultiIndex.from_tuples([(base, size), *names])
        on_path = cases[pd.MultiIndex.from_frame(cases[["model", "resolution"]]).isin(wanted)]
        for way, group in on_path.groupby(WAY, sort=False):
            if group["macs"].nunique() >= MIN_POINTS:
                rows += _rows(group, "macs", {**dict(zip(WAY, way, strict=True)), "subject": f"{base} by {method}"})
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def multiplier_exponents(cases: pd.DataFrame) -> pd.DataFrame:
    """Log-log slope of each quantity against a depth or a width multiplier, everything else of the model unchanged.

    Needs three different multipliers at one resolution, the base's 1 among them. Columns ``COLUMNS``; ``subject`` is
    ``base@resolution``.
    """
    rows = []
    for axis, other in (("depth", "width"), ("width", "depth")):
        alone = cases[(cases[other] == 1) & ~cases["model"].str.contains(r"\b[tf]=")]
        for (*way, base, resolution), group in alone.groupby([*WAY, "base", "resolution"], sort=False):
            if group[axis].nunique() >= MIN_POINTS:
                identity = {**dict(zip(WAY, way, strict=True)), "subject": f"{base}@{resolution}"}
                rows += _rows(group, axis, identity)
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def _paths(groups: Sequence[Group]) -> dict[tuple[str, int, str], list[tuple[str, int]]]:
    paths: dict[tuple[str, int, str], list[tuple[str, int]]] = {}
    for group in groups:
        for member in group.members:
            key = (group.base, group.base_resolution, member.method)
            paths.setdefault(key, []).append((group.model(member), member.resolution))
    return paths


def _rows(group: pd.DataFrame, against: str, identity: dict[str, object]) -> list[dict[str, object]]:
    rows = []
    for metric in QUANTITIES:
        fit = power_law(group[against].tolist(), group[metric].tolist()) if metric != against else None
        if fit:
            e = fit.exponent
            found = {"exponent": e.value, "low": e.low, "high": e.high, "n": e.n, "r2": fit.r2}
            rows.append({**identity, "against": against, "metric": metric, **found})
    return rows
