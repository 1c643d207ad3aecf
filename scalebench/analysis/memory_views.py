"""Memory: growth of the process, the whole process, and the static estimate; and an explanation of their gap."""

from __future__ import annotations

import math

import pandas as pd

from scalebench.suite.case import optimizer_states

EXPECTED = (0.8, 2.0)
"""Usual range of measured over static: 0.9 to 1.9 for large inputs, less where weights share pages with the parent."""


def memory_gap(cases: pd.DataFrame) -> pd.DataFrame:
    """Cases with a measured memory that ran as the static estimate assumes: one copy, eager fp32.

    Args:
        cases: ``summary.summarise``, with ``process_bytes``.

    Returns: its columns and ``static_bytes``, ``gap`` (measured over static) and ``why``.
    """
    alike = (cases["runtime"] == "eager") & (cases["precision"] == "fp32") & (cases["instances"] == 1)
    rows = cases[alike & cases["memory_bytes"].notna()]
    rows = rows.assign(static_bytes=static_bytes(rows))
    rows["gap"] = rows["memory_bytes"] / rows["static_bytes"]
    return rows.assign(why=[explain(gap) for gap in rows["gap"]])


def static_bytes(cases: pd.DataFrame) -> pd.Series:
    """Static peak of each case in fp32, bytes: weights, and the rest times the batch.

    In training weights count twice, because of the gradients, and once more for each state of the optimiser.
    """
    training = cases["mode"] == "training"
    peak = cases["peak_bytes_inference"].mask(training, cases["peak_bytes_training"]).astype(float)
    weights = cases["weight_bytes"].astype(float) * (1 + training)
    states = cases["weight_bytes"] * cases["setting"].map(optimizer_states).astype(float)
    return weights + states + (peak - weights).clip(lower=0) * cases["batch"]


def explain(gap: float) -> str:
    """Why measured memory differs from the static estimate."""
    low, high = EXPECTED
    if math.isnan(gap):
        return "no static estimate"
    if gap > high:
        return "flagged: more than library workspace and allocator overhead explain"
    if gap < low:
        return "flagged: less than the live tensors take; some were not resident"
    return "library workspace, allocator overhead" if gap > 1 else "within the estimate"
