"""What stands at the axes: in its place, whole, and written once."""

from __future__ import annotations

import pytest
from matplotlib.axis import Axis

from scalebench.report.figures.axis_text import settle
from scalebench.report.figures.drawing import canvas, name_rows


def test_numbers_stand_at_their_ticks_and_everything_is_within_the_figure() -> None:
    with canvas() as (figure, axes):
        axes.set_xlim(0, 10)
        name_rows(axes, [0, 1], ["a name that needs room on the left", "b"], 8.5)
        axes.set_xlabel("times the bound")
        settle(figure)
        boxes = {text.get_text(): text.get_window_extent() for text in axes.texts}
        middle = (boxes["4"].x0 + boxes["4"].x1) / 2
        assert middle == pytest.approx(axes.bbox.x0 + 0.4 * axes.bbox.width, abs=0.1)
        assert boxes["times the bound"].y1 < boxes["4"].y0 < boxes["4"].y1 < axes.bbox.y0
        assert boxes["b"].x1 < axes.bbox.x0
        assert boxes["times the bound"].x1 == pytest.approx(axes.bbox.x1, abs=0.1)
        assert all(box.x0 > 0 and box.x1 < 5.4 * 72 and box.y0 > 0 and box.y1 < 3.9 * 72 for box in boxes.values())


def test_large_numbers_are_written_out() -> None:
    with canvas() as (figure, axes):
        axes.set_ylim(0, 2e6)
        settle(figure)
        assert "2000000" in [text.get_text() for text in axes.texts]


def test_nothing_is_written_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ticks of matplotlib would be made, measured and drawn besides; they took half of the time."""
    monkeypatch.setattr(Axis, "_update_ticks", lambda *_: pytest.fail("ticks were made"))
    with canvas() as (figure, axes):
        axes.plot([1, 2], [1, 2])
        settle(figure)
        written = len(axes.texts)
        settle(figure)
        assert len(axes.texts) == written > 4
