"""Matched groups: each method's cost relative to compound scaling at equal counted compute."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from scalebench.analysis.stats import ratio
from scalebench.analysis.summary import WAY
from scalebench.store.frame import MEASURED
from scalebench.suite.plan import Group

REFERENCE = "compound"
COLUMNS = [
    *WAY, "base", "target", "method", "model", "resolution", "macs", "residual", "activations", "params",
    "metric", "value", "ratio", "low", "high", "n",
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
