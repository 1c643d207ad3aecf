"""One answer as a figure: what stands on it, read back from the SVG and from the pixels of the PNG."""

from __future__ import annotations

import io
from xml.etree import ElementTree as ET

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from scalebench.report.answer_figure import png_of, svg_figure, wrapped
from scalebench.report.content import Answered, Chart, Elsewhere, Panel
from scalebench.report.figures.drawing import draw

SVG = "{http://www.w3.org/2000/svg}"
SOURCE = "suite small on cpu-a, 2026-11-23, 22:00 to 22:10 UTC, scalebench 0.2.0"
QUESTION = "Does compound scaling pay here?"
SENTENCE = "At 4 times EfficientNet-B0's compute, compound scaling is 1.35x faster than depth, 1.1 to 1.6."


def _block(colour: str) -> Panel:
    """A drawing twice as wide as it is high, all of one colour."""
    box = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 50" class="plot" role="img">'
    return Panel("cpu-a, batch 1", f'{box}<rect width="100" height="50" fill="{colour}"/></svg>')


def _answered(*panels: Panel, question: str = QUESTION, sentence: str = SENTENCE) -> Answered:
    chart = Chart("f", "Ratio to compound, no unit", "Hollow: undecided.", {}, panels, Elsewhere("", ""), note="b1")
    return Answered("scaling", question, (sentence,), chart=chart if panels else None)


def _pixels(svg: str) -> npt.NDArray[np.int64]:
    return np.asarray(Image.open(io.BytesIO(png_of(svg))).convert("RGB")).astype(np.int64)


def _box(pixels: npt.NDArray[np.int64], colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Left, top, width and height of what has the colour."""
    rows, columns = np.nonzero((np.abs(pixels - colour) < 4).all(axis=2))
    return columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1


def test_the_figure_says_question_answer_and_source_in_this_order() -> None:
    root = ET.fromstring(svg_figure(_answered(_block("#0173b2")), SOURCE))
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert texts[0] == QUESTION
    assert " ".join(texts[1:-4]) == SENTENCE
    assert texts[-4:] == [
        "Ratio to compound, no unit", "cpu-a, batch 1", "Hollow: undecided. b1", f"Source: {SOURCE}",
    ]  # fmt: skip


def test_a_drawing_keeps_its_shape_and_two_stand_side_by_side() -> None:
    """800 px of 1280 for one, drawn at twice the size; two share what the margins leave."""
    one = _pixels(svg_figure(_answered(_block("#0173b2")), SOURCE))
    assert one.shape[1] == 2560
    assert _box(one, (1, 115, 178))[2:] == pytest.approx((1600, 800), abs=2)
    two = _pixels(svg_figure(_answered(_block("#0173b2"), _block("#029e73")), SOURCE))
    left, right = _box(two, (1, 115, 178)), _box(two, (2, 158, 115))
    assert left[2:] == pytest.approx((1152, 576), abs=2)
    assert right[1:] == left[1:]
    assert right[0] - (left[0] + left[2]) == pytest.approx(64, abs=2)


def test_nothing_is_cut_off_at_the_edges() -> None:
    """The longest texts are broken, and the margins stay white on all sides."""
    wide = _answered(_block("#0173b2"), question="WWWWWWWW " * 12, sentence="MMMM mmmm " * 40)
    pixels = _pixels(svg_figure(wide, "efficientnet_b0[d=1.4,w=1.2]@300 " * 10))
    assert (pixels[:, :80] == 255).all()
    assert (pixels[:, -80:] == 255).all()
    assert (pixels[:20] == 255).all()
    assert (pixels[-20:] == 255).all()


def test_text_is_dark_on_white_and_set_in_the_font_of_the_drawings() -> None:
    """Two panels that differ in their text alone: a font that is missing draws nothing."""
    empty = draw(lambda axes: axes.set_axis_off(), "e", "nothing")
    named = draw(lambda axes: (axes.set_axis_off(), axes.text(0.1, 0.5, "efficientnet", size=20)), "n", "a name")
    plain, text = (_pixels(svg_figure(_answered(Panel("", svg)), SOURCE)) for svg in (empty, named))
    assert plain.shape == text.shape
    changed = (plain != text).any(axis=2)
    assert text[changed].min() < 60
    assert 0.12 < np.ptp(np.nonzero(changed)[1]) / 1600 < 0.6


def test_an_answer_in_words_is_a_figure_too() -> None:
    root = ET.fromstring(svg_figure(_answered(), SOURCE))
    assert [element.tag for element in root.iter(f"{SVG}svg")] == [f"{SVG}svg"]
    assert f"Source: {SOURCE}" in [element.text for element in root.iter(f"{SVG}text")]


def test_names_are_text_and_no_mark_up() -> None:
    root = ET.fromstring(svg_figure(_answered(question="<script>x</script> & more"), '"</svg>"'))
    assert [element.tag for element in root.iter() if element.tag.endswith("script")] == []
    assert next(root.iter(f"{SVG}text")).text == "<script>x</script> & more"


def test_lines_are_filled_and_none_is_longer_than_allowed() -> None:
    """No word that follows would have fitted into a line before it."""
    words = SENTENCE.split()
    lines = list(wrapped(words, 21, 400))
    assert " ".join(lines).split() == words
    assert len(lines) > 2
    assert list(wrapped(words, 21, 1e6)) == [SENTENCE]
    assert list(wrapped(["x" * 300, "y"], 21, 400)) == ["x" * 300, "y"]
    assert list(wrapped([], 21, 400)) == []
