"""Which cases keep to a suite's limits, with the interval held against them; and what a pixel shows."""

from __future__ import annotations

import pandas as pd

from scalebench.suite.suite_plan import Limits, Scene


def fitting(cases: pd.DataFrame, limits: Limits, scene: Scene | None = None) -> pd.DataFrame:
    """Standing of every inference case at the limits' batch.

    Returns: the rows of ``cases`` with ``standing``, ``fits`` where both intervals lie within the limits, ``does not
        fit`` where one lies outside, ``open`` otherwise; and ``detail_px``, pixels that the scene's detail covers.
    """
    here = cases[(cases["mode"] == "inference") & (cases["batch"] == limits.batch)].copy()
    tests = [(f"{name}_low", f"{name}_high", most) for name, most in limits.bounds.items()]
    inside = pd.concat([here[high] <= most for _, high, most in tests], axis=1).all(axis=1)
    outside = pd.concat([here[low] > most for low, _, most in tests], axis=1).any(axis=1)
    here["standing"] = "open"
    here.loc[inside, "standing"] = "fits"
    here.loc[outside, "standing"] = "does not fit"
    here["detail_px"] = float("nan") if scene is None else here["resolution"].map(scene.pixels)
    return here
