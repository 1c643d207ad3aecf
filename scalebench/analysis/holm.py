"""Holm's correction for several tests."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given (Scandinavian Journal of Statistics 6, 1979)."""
    order = sorted(range(len(p)), key=lambda index: p[index])
    adjusted, largest = [1.0] * len(p), 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p) - rank) * p[index]))
        adjusted[index] = largest
    return adjusted
