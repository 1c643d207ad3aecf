"""Ticks, label placement and the finished SVG."""

from __future__ import annotations

import warnings
from itertools import pairwise

import pytest
from matplotlib.axes import Axes

from scalebench.report.figures.drawing import EndLabel, draw, label_ends, log_axis, round_ticks, spread


@pytest.mark.parametrize(("low", "high"), [(0.1, 25), (10, 3000), (70, 800), (0.8, 1.2), (1e-3, 1e6), (128, 130)])
def test_ticks_are_few_and_inside(low: float, high: float) -> None:
    ticks = round_ticks(low, high)
    assert 2 <= len(ticks) <= 12
    assert all(low <= tick <= high for tick in ticks)


def test_labels_are_moved_apart_within_the_axes() -> None:
    placed = spread([0.1, 0.11, 0.12, 0.97, 0.99], gap=0.07)
    assert all(b - a >= 0.07 - 1e-9 for a, b in pairwise(placed))
    assert placed[-1] <= 1
    assert spread([0.2, 0.8], gap=0.07) == [0.2, 0.8]


def test_a_drawing_is_one_svg_element_in_the_pages_colours() -> None:
    def paint(axes: Axes) -> None:
        log_axis(axes, "x", [1, 10])
        log_axis(axes, "y", [1, 10])
        axes.plot([1, 10], [1, 10], color="#0173b2")
        label_ends(axes, [EndLabel(10, 10, "<b>&$\u4e2d", "#0173b2")])

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg = draw(paint, "a-1", 'said "so" <b>')
    assert svg.startswith("<svg ")
    assert svg.endswith("</svg>")
    assert "<style" not in svg
    assert "currentColor" in svg
    assert "<b>" not in svg
    assert "said &quot;so&quot; &lt;b&gt;" in svg
    assert draw(paint, "a-1", "x") == draw(paint, "a-1", "x")
