"""Rows of a frame, one configuration at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from scalebench.analysis.way import WAY


def by_configuration(frame: pd.DataFrame, *keys: str) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Groups of rows that agree in ``WAY`` and ``keys``, in order of appearance, each with these columns' values."""
    columns = [*WAY, *keys]
    for values, rows in frame.groupby(columns, sort=False):
        yield dict(zip(columns, values, strict=True)), rows
