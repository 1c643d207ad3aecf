"""The report's style, its axes, and labels on them; as few elements as a drawing needs, since a page has thirty."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, NullLocator

from scalebench.report.figures.axis_text import settle
from scalebench.report.figures.page_canvas import DPI, PageCanvas
from scalebench.report.labels import plain, short
from scalebench.report.looks import GREY, Look

INK = "#010203"
"""Stands for the page's text colour until the drawing is finished."""

STYLE: dict[Any, Any] = {
    "text.parse_math": False,
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": INK,
    "figure.dpi": DPI,
    "grid.color": INK,
    "grid.alpha": 0.15,
    "grid.linewidth": 0.6,
    "axes.grid": True,
    "axes.formatter.limits": (-9, 9),  # no power of ten beside the axis
    "axes.formatter.useoffset": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "lines.linewidth": 1.4,
    "lines.markersize": 5,
}
WIDTH, HEIGHT = 5.4, 3.9
MOST_TICKS = 7
_USUAL_SIZES = (224.0, 448.0, 112.0)
_MOST_SIZES = 10
"""Steps between the smallest and the largest tick of an axis of image sizes."""
_NEAREST_TICKS = 1.1
"""Least ratio of two of them."""
_TOP = 0.97
"""Share of the axes' height below which labels of lines stand, so that none is cut off above."""


@contextmanager
def canvas(width: float = WIDTH, height: float = HEIGHT) -> Iterator[tuple[Figure, Axes]]:
    """An empty figure of ``width`` x ``height`` inches in the report's style."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height))
        PageCanvas(figure, INK)
        axes = figure.add_subplot()
        for background in (figure.patch, axes.patch):
            background.set_visible(False)
        yield figure, axes


def to_svg(figure: Figure, prefix: str, label: str) -> str:
    """Draw a figure.

    Args:
        figure: made by ``canvas``, still inside its context.
        prefix: start of every id in the drawing, unique on the page.
        label: what a screen reader says.

    Returns: an SVG element with ``role=img``.
    """
    settle(figure)
    assert isinstance(figure.canvas, PageCanvas)  # noqa: S101 - ``canvas`` made it
    return figure.canvas.svg(prefix, label)


def intervals(
    axes: Axes, at: Iterable[float], low: pd.Series, high: pd.Series, colour: str, *, vertical: bool = False,
    width: float = 1.2, alpha: float = 1.0,
) -> None:  # fmt: skip
    """Bars from ``low`` to ``high`` at each place where both ends are known, drawn as one line with gaps."""
    known = (low.notna() & high.notna()).to_numpy()
    places = np.repeat(np.array(list(at), dtype=float)[known], 3)
    gaps = np.full(int(known.sum()), np.nan)
    ends = np.column_stack([low[known], high[known], gaps]).astype(float).ravel()
    x, y = (places, ends) if vertical else (ends, places)
    axes.plot(x, y, color=colour, linewidth=width, alpha=alpha, solid_capstyle="butt", zorder=1)


def log_axis(axes: Axes, which: str, values: Sequence[float], ticks: Sequence[float] = ()) -> None:
    """Logarithmic axis with plain numbers at 1, 2 and 5, or at ``ticks``."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    good = [v for v in values if math.isfinite(v) and v > 0] or [1.0, 10.0]
    low, high = min(good) / 1.15, max(good) * 1.15
    (axes.set_xlim if which == "x" else axes.set_ylim)(low, high)
    axis.set_major_locator(FixedLocator(list(ticks) or round_ticks(low, high)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def name_rows(axes: Axes, places: Sequence[float], labels: Sequence[str], size: float | None = None) -> None:
    """Rows from top to bottom, one per name, in place of a vertical axis."""
    name_ticks(axes.yaxis, places, labels)
    if size:
        axes.tick_params(axis="y", labelsize=size)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_ylabel("")


def name_ticks(axis: Axis, places: Sequence[float], names: Sequence[str]) -> None:
    """Names in place of an axis's numbers."""
    axis.set_major_locator(FixedLocator(places))
    axis.set_major_formatter(FixedFormatter(names))


def round_ticks(low: float, high: float) -> list[float]:
    """Round numbers between low and high, finer where there is little room."""
    if high / low < 3:
        locator = MaxNLocator(MOST_TICKS - 2, steps=[1, 2, 5, 10])
        return [float(tick) for tick in locator.tick_values(low, high) if low <= tick <= high]
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    best = [10.0**d for d in decades[:: math.ceil(len(decades) / MOST_TICKS)] if low <= 10.0**d <= high]
    for steps in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)):
        ticks = [t for d in decades for s in steps if low <= (t := s * 10.0**d) <= high]
        if len(ticks) > MOST_TICKS:
            break
        best = ticks
    return best


def size_ticks(sizes: Iterable[float]) -> list[float]:
    """Of these image sizes, those to which an axis as wide as a panel gives a tick; the usual ones before others."""
    every = sorted(set(sizes))
    nearest = max(_NEAREST_TICKS, (every[-1] / every[0]) ** (1 / _MOST_SIZES))
    kept: list[float] = []
    for size in (*(size for size in _USUAL_SIZES if size in every), every[-1], *every):
        if all(max(size / other, other / size) >= nearest for other in kept):
            kept.append(size)
    return sorted(kept)


@dataclass(frozen=True)
class EndLabel:
    """Text beside the right edge for the line that ends at (x, y), in data units."""

    x: float
    y: float
    text: str
    colour: str


def legend(axes: Axes, clouds: Sequence[tuple[str, Look]]) -> None:
    """Name clouds of points right of the axes, in a frame: what stands in it is no data."""
    handles = [
        Line2D([], [], linestyle="", marker=style.marker, markersize=5.5, markeredgecolor=style.colour,
               markerfacecolor="none" if style.hollow else style.colour, markeredgewidth=1.1, label=short(name))
        for name, style in clouds
    ]  # fmt: skip
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(1.02, 0), fontsize=9, labelspacing=0.35,
                handlelength=1, handletextpad=0.3, borderaxespad=0, facecolor="none", edgecolor=GREY)  # fmt: skip


def label_ends(axes: Axes, labels: Sequence[EndLabel]) -> None:
    """Write labels right of the axes at the height of their lines, moved apart, each with a leader.

    A leader is a plain line: an arrow takes as long as the rest of a drawing.
    """
    if not labels:
        return
    to_axes = axes.transData + axes.transAxes.inverted()
    ends = [to_axes.transform((label.x, label.y)) for label in labels]
    heights = [float(end[1]) / _TOP for end in ends]
    order = sorted(range(len(labels)), key=lambda i: heights[i])
    placed = [_TOP * height for height in spread([heights[i] for i in order], gap=0.07)]
    for height, index in zip(placed, order, strict=True):
        label = labels[index]
        axes.text(1.04, height, short(label.text), transform=axes.transAxes, va="center", fontsize=9)
        axes.plot([float(ends[index][0]) + 0.01, 1.035], [float(ends[index][1]), height], transform=axes.transAxes,
                  color=label.colour, linewidth=0.8, linestyle=":", clip_on=False, scalex=False,
                  scaley=False)  # fmt: skip


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Ascending heights moved apart to at least ``gap``, as a whole kept within 0 and 1 where they fit."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + gap) if placed else max(height, 0.0))
    over = max(0.0, placed[-1] - 1.0)
    for index in range(len(placed) - 1, -1, -1):
        ceiling = placed[index + 1] - gap if index + 1 < len(placed) else placed[-1] - over
        placed[index] = min(placed[index], ceiling)
    return placed


def label_points(axes: Axes, points: Sequence[tuple[float, float, str]], most: int = 9) -> None:
    """Label up to ``most`` points of a rising line, ends first, never over one another or over a point."""
    settle(axes.figure)  # type: ignore[arg-type]
    places = [axes.transData.transform((x, y)) * 72.0 / axes.figure.dpi for x, y, _ in points]
    taken = [(px - 4, py - 4, px + 4, py + 4) for px, py in places]
    for index in _spaced(len(points)):
        x, y, text = points[index]
        px, py = places[index]
        width = 5.2 * len(text)
        for dx, dy, anchor in ((6, -8, "left"), (-6, 8, "right"), (6, 9, "left"), (6, -17, "left"), (-6, 17, "right")):
            left = px + dx - (width if anchor == "right" else 0)
            box = (left, py + dy - 5, left + width, py + dy + 5)
            inside = box[0] > 45 and box[2] < WIDTH * 72 - 2 and box[1] > 42
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                axes.annotate(
                    text, (x, y), xytext=(dx, dy), textcoords="offset points", ha=anchor, va="center",
                    fontsize=8.5,
                )  # fmt: skip
                break
        if len(taken) >= most + len(points):
            return


def _spaced(count: int) -> list[int]:
    """Indices of ``count`` things: ends first, then the middles between those already named."""
    order = dict.fromkeys([0, count - 1] if count else [])
    pieces = 2
    while len(order) < count:
        order |= dict.fromkeys(round(k * (count - 1) / pieces) for k in range(pieces + 1))
        pieces *= 2
    return list(order)


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


Painter = Callable[[Axes], None]


def draw(painter: Painter, prefix: str, label: str, height: float = HEIGHT) -> str:
    """SVG of what ``painter`` puts on empty axes."""
    with canvas(height=height) as (figure, axes):
        painter(axes)
        return to_svg(figure, prefix, label)
