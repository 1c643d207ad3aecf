"""Which cases meet a suite's limits, by their intervals; and how many pixels the scene's detail covers."""

from __future__ import annotations

import pandas as pd

from scalebench.suite.suite_plan import Limits, Scene


def fitting(cases: pd.DataFrame, limits: Limits, scene: Scene | None = None) -> pd.DataFrame:
    """Whether every inference case at the limits' batch meets them.

    Returns: the rows of ``cases`` with ``standing``, ``fits`` where both intervals lie within the limits, ``does not
        fit`` where one lies outside, ``open`` otherwise; and ``detail_px``, pixels that the scene's detail covers.
    """
    rows = cases[(cases["mode"] == "inference") & (cases["batch"] == limits.batch)].copy()
    bounds = limits.bounds.items()
    inside = pd.concat([rows[f"{name}_high"] <= most for name, most in bounds], axis=1).all(axis=1)
    outside = pd.concat([rows[f"{name}_low"] > most for name, most in bounds], axis=1).any(axis=1)
    rows["standing"] = "open"
    rows.loc[inside, "standing"] = "fits"
    rows.loc[outside, "standing"] = "does not fit"
    rows["detail_px"] = float("nan") if scene is None else rows["resolution"].map(scene.pixels)
    return rows
