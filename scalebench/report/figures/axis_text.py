"""Grid, numbers and labels of the axes as lines and texts: matplotlib's own ticks take half of a drawing's time."""

from __future__ import annotations

import warnings
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox, ScaledTranslation

_EDGE, _TO_NUMBERS, _TO_LABEL = 3.0, 3.5, 4.0
"""Room around a drawing, between axis and numbers, and between numbers and label, in points."""


def settle(figure: Figure) -> None:
    """Write what stands at the axes and make room for every text, once, however often it is asked for."""
    axes, renderer = figure.axes[0], figure.canvas.get_renderer()  # type: ignore[attr-defined] # of ``PageCanvas``
    if not axes.xaxis.get_visible():
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # the browser has its own fonts
        others = [artist for artist in (*axes.texts, axes.get_legend()) if artist is not None]
        boxes = [*_written(axes.xaxis, renderer), *_written(axes.yaxis, renderer)]
        boxes += [artist.get_window_extent(renderer) for artist in others]
    inner, outer = axes.bbox, Bbox.union([axes.bbox, *boxes])
    width, height = figure.bbox.size
    figure.subplots_adjust(
        (inner.x0 - outer.x0 + _EDGE) / width, (inner.y0 - outer.y0 + _EDGE) / height,
        1 - (outer.x1 - inner.x1 + _EDGE) / width, 1 - (outer.y1 - inner.y1 + _EDGE) / height,
    )  # fmt: skip


def _written(axis: Axis, renderer: Any) -> list[Bbox]:
    """Grid lines as one line with gaps, and number and label as texts, in place of an axis; the boxes of the texts."""
    axes, is_x, places = axis.axes, axis is axis.axes.xaxis, axis.get_majorticklocs()
    low, high = sorted(axis.get_view_interval())
    numbers = zip(places, axis.get_major_formatter().format_ticks(places), strict=True)  # type: ignore[arg-type]
    seen = [(float(place), text) for place, text in numbers if low <= place <= high]
    if axis.get_tick_params()["gridOn"]:
        along, across = np.repeat([place for place, _ in seen], 3), np.tile([0.0, 1.0, np.nan], len(seen))
        look: dict[str, Any] = {name: mpl.rcParams[f"grid.{name}"] for name in ("color", "alpha", "linewidth")}  # type: ignore[index]
        axes.plot(*((along, across) if is_x else (across, along)), clip_on=False, solid_capstyle="butt", zorder=0.5,
                  transform=axes.get_xaxis_transform() if is_x else axes.get_yaxis_transform(), scalex=False,
                  scaley=False, **look)  # fmt: skip
    axis.set_visible(False)
    at_axis = (axes.get_xaxis_text1_transform if is_x else axes.get_yaxis_text1_transform)(_TO_NUMBERS)
    look = dict(zip(("transform", "va", "ha"), at_axis, strict=True), size=axis.get_tick_params().get("labelsize"))
    texts = [axes.text(place * is_x, place * (not is_x), text, **look) for place, text in seen if text]
    boxes = [text.get_window_extent(renderer) for text in texts]
    if label := axis.get_label_text():
        edge = axes.bbox.min[int(is_x)]
        away = -_TO_LABEL - max((edge - box.min[int(is_x)] for box in boxes), default=0.0)
        beyond = ScaledTranslation(away / 72 * (not is_x), away / 72 * is_x, axes.figure.dpi_scale_trans)
        # A label that is wider than its axis has room on the left, under the names of rows.
        where: dict[str, Any] = (
            {"ha": "right", "va": "top"} if is_x else {"ha": "center", "va": "bottom", "rotation": 90}
        )
        text = axes.text(float(is_x), 0.5 * (not is_x), label, transform=axes.transAxes + beyond,
                         rotation_mode="anchor", **where)  # fmt: skip
        boxes.append(text.get_window_extent(renderer))
    return boxes
