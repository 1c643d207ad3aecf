"""Printed parameters, MACs and activations compared with our own count of the same model at the same size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import pandas as pd

from scalebench import published
from scalebench.published import Discrepancy, Figure, PublishedModel, PublishedVariant, recountable

TOLERANCE: Mapping[str, float] = {"params": 0.03, "macs": 0.06, "activations": 0.06}
"""Allowed difference between a printed figure and the count, as a share of the printed one.

Counters differ by a few per cent in what they include: bias, pooling, squeeze-and-excitation, the classifier, and how
a stride pads. EfficientNet-B4 is printed as 4.2 G and counted as 4.39 G. Parameters differ less, only by the running
statistics of normalisation and by rounding.
"""
HALVED = "Printed as FLOPs with two operations per MAC; halved here."
"""The convention of a source, shown with each of its figures."""
COLUMNS = ["table", "name", "model", "resolution", "quantity", "printed", "counted", "ratio", "agrees", "reason"]
_FIGURE = ["table", "model", "resolution", "quantity", "printed"]


def recount(
    counts: pd.DataFrame,
    rows: Iterable[PublishedModel | PublishedVariant] | None = None,
    reasons: Iterable[Discrepancy] | None = None,
) -> pd.DataFrame:
    """Compare every re-countable printed figure with the count, where there is one.

    Args:
        counts: ``store.frame.counts_frame``: model, resolution, params, macs, activations per image.
        rows: printed rows; by default all published models, then all scaling variants.
        reasons: explanations of figures that do not agree; by default ``published.discrepancies``.

    Returns: columns ``COLUMNS``, one row per printed figure; one that a table prints twice for the same model and
        size has one row. ``printed`` and ``counted`` are parameters, MACs or elements, ``printed`` after the
        convention of its source; ``ratio`` is counted over printed; ``agrees`` tells whether it lies within
        ``TOLERANCE`` of a number that would be printed so; ``reason`` may be empty.
    """
    rows = (*published.models(), *published.variants()) if rows is None else rows
    reasons = published.discrepancies() if reasons is None else reasons
    explanations = {(r.table, r.name, r.quantity): r.reason for r in reasons}
    counted: dict[tuple[str, int | None, str], float] = {
        (row["model"], int(row["resolution"]), quantity): float(row[quantity])
        for row in counts.to_dict("records")
        for quantity in TOLERANCE
        if pd.notna(row[quantity])
    }
    compared = [
        _compared(row, figure, counted[row.model, row.resolution, figure.quantity], explanations)
        for row in rows
        if recountable(row)
        for figure in row.figures
        if (row.model, row.resolution, figure.quantity) in counted
    ]
    return pd.DataFrame(compared, columns=pd.Index(COLUMNS)).drop_duplicates(_FIGURE, ignore_index=True)


def _compared(
    row: PublishedModel | PublishedVariant,
    figure: Figure,
    counted: float,
    explanations: Mapping[tuple[str, str, str], str],
) -> dict[str, object]:
    halved = figure.quantity == "macs" and row.flops_per_mac == 2
    reason = explanations.get((row.table, row.name, figure.quantity), HALVED if halved else "")
    return {
        "table": row.table, "name": row.name, "model": row.model, "resolution": row.resolution,
        "quantity": figure.quantity, "printed": figure.value, "counted": counted, "ratio": counted / figure.value,
        "agrees": agrees(figure, counted), "reason": reason,
    }  # fmt: skip


def agrees(figure: Figure, counted: float) -> bool:
    """Whether a count confirms a printed figure: whether it is near any number that would be printed so."""
    share = TOLERANCE[figure.quantity]
    low, high = (figure.value - figure.half_unit) * (1 - share), (figure.value + figure.half_unit) * (1 + share)
    return math.isfinite(counted) and low <= counted <= high
