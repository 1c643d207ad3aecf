"""One answer as a figure for slides and issues: question, answer, drawings and where the numbers come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib as mpl
import vl_convert
from markupsafe import escape
from PIL import ImageFont

from scalebench.report.content import Answered, Chart, Panel

WIDTH, _MARGIN, _GAP = 1280, 48, 32
_WIDEST = 800
"""Width of a drawing that stands alone: wider ones make a figure higher than a slide."""
_SCALE = 2.0
"""Pixels of the PNG per pixel of the drawing."""
_INK, _PALE = "#16181d", "#5a5f6a"
_FONT = "DejaVu Sans, Verdana, sans-serif"
"""The first is the font by which matplotlib placed the text of the drawings; it ships it."""
_FONTS = Path(mpl.get_data_path(), "fonts", "ttf")


@dataclass(frozen=True)
class _Type:
    """A size of text in pixels, with its weight and colour."""

    size: int
    bold: bool = False
    colour: str = _INK

    @property
    def line(self) -> float:
        """Distance from line to line."""
        return 1.35 * self.size


_TITLE, _ANSWER, _SMALL = _Type(32, bold=True), _Type(21), _Type(15, colour=_PALE)
_AXES, _PANEL = _Type(17, colour=_PALE), _Type(15, bold=True)


def svg_figure(answered: Answered, source: str) -> str:
    """An SVG document of ``WIDTH`` pixels on white, as high as it needs.

    Args:
        answered: question, answer and drawings.
        source: suite, machine, date and version.
    """
    parts: list[str] = []
    y = _paragraph(parts, answered.question, _TITLE, _MARGIN)
    y = _paragraph(parts, " ".join(answered.sentences), _ANSWER, y + 6)
    if answered.chart is not None:
        y = _paragraph(parts, answered.chart.title, _AXES, y + 14)
        y = _drawings(parts, answered.chart, y + 10)
        y = _paragraph(parts, f"{answered.chart.takeaway} {answered.chart.note}", _SMALL, y)
    y = _paragraph(parts, f"Source: {source}", _SMALL, y + 18)
    height = round(y + _MARGIN / 2)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'color="{_INK}" role="img" aria-label="{escape(answered.question)}"><style>text{{font-family:{_FONT}}}</style>'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def png_of(svg: str) -> bytes:
    """The same figure as a PNG of twice the size, with the font that the SVG asks for."""
    vl_convert.register_font_directory(str(_FONTS))
    return vl_convert.svg_to_png(svg, scale=_SCALE)


def _drawings(parts: list[str], chart: Chart, y: float) -> float:
    """Place the panels in rows from ``y`` on; the place below them."""
    columns = max(1, min(chart.columns, len(chart.panels)))
    width = min(_WIDEST, (WIDTH - 2 * _MARGIN - (columns - 1) * _GAP) / columns)
    for first in range(0, len(chart.panels), columns):
        row = chart.panels[first : first + columns]
        places = [_MARGIN + index * (width + _GAP) for index in range(len(row))]
        below = [_paragraph(parts, panel.title, _PANEL, y, x, width) for panel, x in zip(row, places, strict=True)]
        top = max(below) + 4
        heights = [width * _aspect(panel) for panel in row]
        parts += [
            f'<svg x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}">{panel.svg}</svg>'
            for panel, x, height in zip(row, places, heights, strict=True)
        ]
        y = top + max(heights) + _GAP / 2
    return y


def _aspect(panel: Panel) -> float:
    """Height over width of a drawing."""
    box = ET.fromstring(panel.svg).attrib["viewBox"]  # noqa: S314 - drawn here
    width, height = map(float, box.split()[2:])
    return height / width


def _paragraph(
    parts: list[str], text: str, style: _Type, y: float, x: float = _MARGIN, width: float = WIDTH - 2 * _MARGIN
) -> float:
    """Write a text in lines from ``y`` on; the place below it."""
    weight = ' font-weight="bold"' if style.bold else ""
    for line in wrapped(text.split(), style.size, width, style.bold):
        y += style.line
        at = f'x="{x:.1f}" y="{y - 0.3 * style.size:.1f}"'
        parts.append(f'<text {at} font-size="{style.size}" fill="{style.colour}"{weight}>{escape(line)}</text>')
    return y


def wrapped(words: Sequence[str], size: int, width: float, bold: bool = False) -> Iterator[str]:
    """Lines of at most ``width`` pixels; a single word that is longer has a line of its own."""
    font = _font(size, bold)
    line = ""
    for word in words:
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > width:
            yield line
            longer = word
        line = longer
    if line:
        yield line


@cache
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONTS / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"), size)
