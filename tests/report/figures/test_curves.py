"""Curves over resolution: bands that cover nothing, and labels apart from the points."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from scalebench.report.figures.curves import _band, _compute_panel
from scalebench.report.figures.drawing import canvas, log_axis, settle, size_ticks

MIB = 2.0**20


def _memory(*ends: tuple[float, float]) -> pd.DataFrame:
    low, high = zip(*ends, strict=True)
    return pd.DataFrame({"memory_bytes_low": low, "memory_bytes_high": high}) * MIB


def test_wide_intervals_are_bars_beside_the_curve() -> None:
    """Two rounds have an interval from a tenth to ten times: as a band it would cover every other curve."""
    rows = _memory((95, 105), (95, 105), (10, 1000), (95, 105), (95, 105), (math.nan, math.nan))
    x = pd.Series([100.0, 200.0, 300.0, 400.0, 500.0, 600.0])
    with canvas() as (_, axes):
        _band(axes, rows, x, "memory_bytes", "#0173b2", 2)
        bands = [np.asarray(patch.get_path().vertices) for patch in axes.patches]
        assert [(band[:, 0].min(), band[:, 0].max()) for band in bands] == [(100, 200), (400, 500)]
        assert max(band[:, 1].max() for band in bands) == pytest.approx(105)
        (bars,) = axes.lines
        places, ends = (np.asarray(data, dtype=float) for data in bars.get_data())
        assert ends[:2] == pytest.approx([10, 1000])
        assert 300 < places[0] < 330, "beside its own point, and beside bars of other curves"


def test_no_words_stand_among_the_points_and_families_are_named_in_a_frame() -> None:
    """What looks like a point is one: markers that name a family stand in a frame outside the axes."""
    cases = pd.DataFrame(
        {
            "machine": "m", "model": ["resnet18", "resnet50", "efficientnet_b0"], "macs": [2e9, 4e9, 4e8],
            "latency_s": [0.02, 0.04, 0.01], "latency_s_low": 0.009, "latency_s_high": 0.05,
        }
    )  # fmt: skip
    with canvas() as (figure, axes):
        _compute_panel(cases, cases, axes)
        assert list(axes.texts) == []
        settle(figure)
        frame = axes.get_legend()
        assert frame is not None
        assert frame.get_frame_on()
        assert {text.get_text() for text in frame.get_texts()} == {"EfficientNet", "ResNet"}
        assert frame.get_window_extent().x0 > axes.get_window_extent().x1
        assert frame.get_window_extent().x1 <= figure.bbox.x1


def test_image_sizes_have_ticks_at_what_was_measured() -> None:
    """The main suite's sizes: 224 and 448 px before sizes close to them."""
    sizes = [128, 160, 192, 224, 256, 260, 288, 300, 310, 312, 320, 380, 448, 626]
    assert size_ticks(sizes) == [128, 160, 224, 288, 380, 448, 626]
    assert size_ticks([224, 230, 448]) == [224, 448]
    assert size_ticks([216, 224]) == [224]
    with canvas() as (figure, axes):
        log_axis(axes, "x", sizes, size_ticks(sizes))
        settle(figure)
        places = [label.get_window_extent() for label in axes.get_xticklabels() if label.get_text()]
        assert len(places) == 7
        assert all(a.x1 + 4 < b.x0 for a, b in pairwise(places))
