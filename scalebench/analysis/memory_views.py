"""Memory three ways: growth of the process, the whole process, and the static estimate; and their gap in words."""

from __future__ import annotations

import math

import pandas as pd

EXPECTED = (0.8, 2.0)
"""Measured over static in practice: 0.9 to 1.9 for large inputs; weights that share pages with the parent lower it."""


def memory_gap(cases: pd.DataFrame) -> pd.DataFrame:
    """One row per summarised case with a measured memory that ran as the static estimate assumes: one copy, eager fp32.

    Args:
        cases: ``summary.summarise``, with ``process_bytes``.

    Returns: its columns and ``static_bytes``, ``gap`` (measured over static) and ``why``.
    """
    alike = (cases["runtime"] == "eager") & (cases["precision"] == "fp32") & (cases["instances"] == 1)
    found = cases[alike & cases["memory_bytes"].notna()].copy()
    found["static_bytes"] = static_bytes(found)
    found["gap"] = found["memory_bytes"] / found["static_bytes"]
    found["why"] = [explain(gap) for gap in found["gap"]]
    return found


def static_bytes(cases: pd.DataFrame) -> pd.Series:
    """Static peak of each case in fp32, bytes: weights, in training gradients too, and the rest times the batch.

    The optimiser's state is not in it.
    """
    training = cases["mode"] == "training"
    peak = cases["peak_bytes_inference"].mask(training, cases["peak_bytes_training"]).astype(float)
    held = cases["weight_bytes"].astype(float) * (1 + training)
    return held + (peak - held).clip(lower=0) * cases["batch"]


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
