"""Curves over resolution: bands that cover nothing, and labels in free places."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Annotation

from scalebench.report.figures.curves import _band, _slope_one
from scalebench.report.figures.drawing import canvas, log_axis

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


def test_the_line_of_slope_one_is_named_where_no_point_is() -> None:
    """Points lie all along its lower half."""
    data = pd.DataFrame({"x": [1.0, 2.0, 3.0, 5.0], "y": [10.0, 20.0, 30.0, 50.0]})
    with canvas() as (_, axes):
        log_axis(axes, "x", [1.0, 100.0])
        log_axis(axes, "y", [10.0, 1000.0])
        _slope_one(axes, data)
        (label,) = axes.texts
        assert isinstance(label, Annotation)
        assert label.xy[0] > 15
