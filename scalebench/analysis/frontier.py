"""Pareto front: the cases that nothing else beats in both directions."""

from __future__ import annotations

import pandas as pd


def pareto(frame: pd.DataFrame, cost: str, gain: str) -> pd.Series:
    """Whether each row is on the front: no other row is better one way without being worse the other.

    Args:
        frame: any table.
        cost: column where lower is better.
        gain: column where higher is better.

    Returns: booleans on the frame's index; rows with NaN are never on the front.
    """
    points = frame[[cost, gain]].astype(float).dropna().sort_values([cost, gain], ascending=[True, False])
    best = points[gain].cummax()
    first_to_reach = points[gain] > best.shift(fill_value=-float("inf"))
    # Equal points stand or fall together.
    tied = points.merge(points[first_to_reach].drop_duplicates(), on=[cost, gain], how="left", indicator=True)
    on_front = pd.Series((tied["_merge"] == "both").to_numpy(), index=points.index)
    return on_front.reindex(frame.index, fill_value=False)
