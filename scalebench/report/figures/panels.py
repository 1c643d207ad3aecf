"""One drawing per configuration, so that machines and batches are never averaged; not more than a page can carry."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from scalebench.report.content import Elsewhere, Panel
from scalebench.report.figures.drawing import HEIGHT, draw
from scalebench.report.labels import by_configuration
from scalebench.report.looks import Look

MOST_PANELS = 6
MOST_VECTORS = 150
"""Points of a panel beyond which they are drawn as pixels: each vector is an element of the page."""
ALL_CASES = Elsewhere("cases", "All cases")
"""Where most figures have their data."""

Painter = Callable[[pd.DataFrame, Axes], None]


def per_way(rows: pd.DataFrame, painter: Painter, prefix: str, label: str) -> tuple[tuple[Panel, ...], str]:
    """A panel for each configuration, and a note on what is left out, empty where nothing is.

    Args:
        rows: with the columns of ``WAY``.
        painter: puts the rows of one configuration on axes.
        prefix: start of the drawings' ids, unique on the page.
        label: what a screen reader says beside the configuration.
    """
    return panels(by_configuration(rows), painter, prefix, label)


def panels(
    named: Sequence[tuple[str, pd.DataFrame]], painter: Painter, prefix: str, label: str,
    height: Callable[[pd.DataFrame], float] = lambda _: HEIGHT,
) -> tuple[tuple[Panel, ...], str]:  # fmt: skip
    """A panel for each named set of rows; ``height`` in inches from the rows."""
    drawn = tuple(
        Panel(name, draw(partial(painter, rows), f"{prefix}-{index}", f"{label}; {name}", height(rows)))
        for index, (name, rows) in enumerate(named[:MOST_PANELS])
    )
    left = len(named) - len(drawn)
    return drawn, f"The first {len(drawn)} of {len(named)} panels are drawn; the table has all." if left else ""


def dense(rows: pd.DataFrame) -> bool:
    """Whether a panel has too many points to draw each of them as a vector."""
    return len(rows) > MOST_VECTORS


def scatter(
    axes: Axes, rows: pd.DataFrame, style: Look, *, size: float = 30, alpha: float = 1.0, pixels: bool = False
) -> None:
    """Points of ``size`` square points at the columns ``x`` and ``y`` in a look, drawn as pixels where ``dense``."""
    face = "none" if style.hollow else style.colour
    axes.plot(rows["x"], rows["y"], style.marker, markersize=math.sqrt(size), markerfacecolor=face,
              markeredgecolor=style.colour, markeredgewidth=1.1, alpha=alpha, rasterized=pixels, zorder=1)  # fmt: skip


def scatter_front(axes: Axes, rows: pd.DataFrame, style: Look) -> None:
    """Points on the front (column ``front``) large and full, those behind it small and hollow."""
    on_front = rows["front"].astype(bool)
    scatter(axes, rows[~on_front], replace(style, hollow=True), size=22)
    scatter(axes, rows[on_front], style, size=40)
