"""Paths and groups of a drawing."""

from __future__ import annotations

from itertools import accumulate
from xml.etree import ElementTree as ET

import pytest
from matplotlib.axes import Axes
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, IdentityTransform

from scalebench.report.figures.drawing import draw
from scalebench.report.figures.svg import path_data

SVG = "{http://www.w3.org/2000/svg}"
SQUARE = [(1, 1), (4, 1), (4, 3), (1, 3), (1, 1)]


def test_a_path_in_relative_commands() -> None:
    square = Path(SQUARE, closed=True)
    assert path_data(square, IdentityTransform()) == "m1 1h3v2h-3z"
    assert path_data(square, Affine2D().scale(1, -1)) == "m1-1h3v-2h-3z"
    assert path_data(Path([(0, 0), (1.5, -2)]), IdentityTransform()) == "m0 0l1.5-2"


def test_after_a_closed_path_the_next_one_starts_at_its_own_place() -> None:
    """SVG counts from the start of the closed path: (1, 1) to (10, 10) is 9 in both."""
    both = Path.make_compound_path(Path(SQUARE, closed=True), Path([(10, 10), (11, 12)]))
    assert path_data(both, IdentityTransform()) == "m1 1h3v2h-3zm9 9l1 2"


def test_curves_are_relative_to_where_they_start() -> None:
    curve = Path([(1, 1), (2, 3), (4, 5), (5, 5)], [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    assert path_data(curve, IdentityTransform()) == "m1 1c1 2 3 4 4 4"
    parabola = Path([(1, 1), (2, 3), (4, 1)], [Path.MOVETO, Path.CURVE3, Path.CURVE3])
    assert path_data(parabola, IdentityTransform()) == "m1 1q1 2 3 0"


def test_rounding_does_not_add_up() -> None:
    """Thousand steps of a third: every place on the way is within half a hundredth of where it should be."""
    data = path_data(Path([(step / 3, 7) for step in range(1001)]), IdentityTransform())
    start, *steps = data.removeprefix("m").split("h")
    assert start == "0 7"
    places = list(accumulate(map(float, steps)))
    assert places == pytest.approx([step / 3 for step in range(1, 1001)], abs=0.005001)


def test_a_gap_in_a_line_starts_it_again() -> None:
    assert path_data(Path([(0, 0), (1, 0), (float("nan"), 0), (3, 0), (4, 1)]), IdentityTransform()) == "m0 0h1m2 0l1 1"


def test_neighbours_share_their_look_but_not_their_opacity() -> None:
    """Two layers of 0.5 cover three quarters; a group of opacity 0.5 would cover half, wherever they overlap."""

    def paint(axes: Axes) -> None:
        axes.barh([0, 0.5], [1, 2], height=1, color="#0173b2", alpha=0.5, linewidth=0)
        axes.plot([0, 1, 2], [0, 0, 0], "o", color="#d55e00")

    root = ET.fromstring(draw(paint, "a", "two bars and three points"))
    groups = list(root.iter(f"{SVG}g"))
    assert not any("opacity" in group.attrib for group in groups)
    bars = [element for element in root.iter(f"{SVG}path") if element.get("opacity") == "0.5"]
    assert len(bars) == 2
    (blue,) = [group for group in groups if group.get("fill") == "#0173b2"]
    assert list(blue) == bars
    (red,) = [group for group in groups if group.get("fill") == "#d55e00"]
    assert [element.tag for element in red] == [f"{SVG}use"] * 3
    ids = {element.get("id") for element in root.iter()}
    assert {str(element.get("href")).removeprefix("#") for element in red} < ids


def test_a_label_is_aligned_by_the_browser_at_the_place_that_matplotlib_means() -> None:
    """The middle of the axes is where a centred text stands, however wide the page's font is."""

    def paint(axes: Axes) -> None:
        axes.text(0.5, 0.5, "centred", ha="center")
        axes.text(0.5, 0.5, "to the left", ha="right")
        axes.plot([0.5, 0.5], [0, 1])
        axes.set(xlim=(0, 1), ylim=(0, 1))

    root = ET.fromstring(draw(paint, "a", "texts"))
    texts = {text.text: text for text in root.iter(f"{SVG}text")}
    line = next(path for path in root.iter(f"{SVG}path") if path.get("stroke") == "#1f77b4")
    middle = float(str(line.get("d")).removeprefix("m").split("v")[0].split(" ")[0])
    anchors = {"centred": "middle", "to the left": "end"}
    for name, anchor in anchors.items():
        assert texts[name].get("text-anchor") == anchor
        assert float(str(texts[name].get("x"))) == pytest.approx(middle, abs=0.011)
