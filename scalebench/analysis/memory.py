"""Memory three ways: growth of the process, the whole process, and the static estimate; and their gap in words."""

from __future__ import annotations

import math

import pandas as pd

EXPECTED = (0.8, 2.0)
"""Measured over static in practice: 0.9 to 1.9 for large inputs; weights that share pages with the parent lower it."""


def memory_gap(cases: pd.DataFrame) -> pd.DataFrame:
    """One row per summarised case with a measured memory.

    Args:
        cases: ``summary.summarise``, with ``process_bytes``.

    Returns: its columns and ``static_bytes`` (weights, and the rest of the static peak times the batch), ``gap``
        (measured over static) and ``why``.
    """
    found = cases[cases["memory_bytes"].notna()].copy()
    weights, peak = found["weight_bytes"].astype(float), found["peak_bytes_inference"].astype(float)
    found["static_bytes"] = weights + (peak - weights).clip(lower=0) * found["batch"]
    found["gap"] = found["memory_bytes"] / found["static_bytes"]
    found["why"] = [explain(gap) for gap in found["gap"]]
    return found


def explain(gap: float) -> str:
    """Where measured memory that differs from the static estimate comes from."""
    low, high = EXPECTED
    if math.isnan(gap):
        return "no static estimate"
    if gap > high:
        return "flagged: more than library scratch and allocator slack explain"
    if gap < low:
        return "flagged: less than the live tensors need; part of them was not resident"
    return "library scratch, allocator slack" if gap > 1 else "within the estimate"
