"""A backend of matplotlib: figure -> a small SVG element of the page, which gives it its text colour and font."""

from __future__ import annotations

import base64
import html
import io
import math
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.backend_bases import FigureCanvasBase, GraphicsContextBase, RendererBase
from matplotlib.backends.backend_mixed import MixedModeRenderer
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Transform
from PIL import Image

from scalebench.report.figures.svg import Attributes, Element, in_groups, in_points, markup, number, path_data

DPI = 72
"""Pixels per inch of figures on this canvas: a pixel is a point."""
_RASTER_DPI = 150
"""Of clouds that are drawn as pixels."""
_HATCH = 72
"""Side of the tile in which matplotlib repeats a hatch, points."""
_ANCHORS = {"center": "middle", "right": "end"}
_CAPS = {"projecting": "square", "round": "round"}


class PageCanvas(FigureCanvasBase):
    """Canvas of a figure of ``DPI``; what draws its text measures it for the layout too.

    Args:
        figure: gets this canvas.
        ink: the colour ``#rrggbb`` that stands for the page's text colour.
    """

    def __init__(self, figure: Figure, ink: str) -> None:
        super().__init__(figure)
        width, height = figure.get_size_inches()
        self._page = PageRenderer(DPI * width, DPI * height, ink)
        self._renderer: Any = MixedModeRenderer(figure, width, height, _RASTER_DPI, self._page)  # type: ignore[no-untyped-call]

    def get_renderer(self) -> Any:
        """What matplotlib lays the figure out with."""
        return self._renderer

    def svg(self, prefix: str, label: str) -> str:
        """Draw the figure, once.

        Args:
            prefix: start of every id in the drawing, unique on the page.
            label: what a screen reader says.

        Returns: an SVG element with ``role=img``.
        """
        self._page.prefix = prefix
        self.figure.draw(self._renderer)
        return self._page.element(label)


@lru_cache(maxsize=1 << 12)
def _extent(text: str, size: float) -> tuple[float, float, float]:
    return RendererBase().get_text_width_height_descent(text, FontProperties(size=size), False)


class PageRenderer(RendererBase):
    """Writes what it is to draw as SVG, in hundredths of a point.

    Args:
        width, height: points.
        ink: as ``PageCanvas``.
    """

    def __init__(self, width: float, height: float, ink: str) -> None:
        super().__init__()
        self.prefix = ""
        self._width, self._height, self._ink = width, height, ink
        self._elements: list[Element] = []
        self._definitions: dict[str, str] = {}
        """Ids of the elements that others refer to."""

    def element(self, label: str) -> str:
        """Everything that was drawn."""
        defined = "".join(definition % name for definition, name in self._definitions.items())
        attributes = {
            "xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {number(self._width)} {number(self._height)}",
            "class": "plot", "role": "img", "aria-label": label, "fill": "currentColor", "stroke-linejoin": "round",
        }  # fmt: skip
        return markup("svg", attributes, (markup("defs", {}, defined) if defined else "") + in_groups(self._elements))

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: object) -> tuple[float, float, float]:  # noqa: ARG002
        """In points; drawings share most of their texts."""
        return _extent(s, prop.get_size_in_points())

    def get_canvas_width_height(self) -> tuple[float, float]:
        """In points."""
        return self._width, self._height

    def draw_path(self, gc: GraphicsContextBase, path: Path, transform: Transform, rgbFace: Any = None) -> None:  # noqa: N803
        """A line or an area."""
        is_line = rgbFace is None and gc.get_hatch() is None
        box = (0.0, 0.0, self._width, self._height) if is_line else None
        data = path_data(path, transform + self._flip, box, simplify=is_line and path.should_simplify)
        if data:
            self._add(gc, "path", {"d": data}, self._look(gc, rgbFace))

    def draw_markers(
        self, gc: GraphicsContextBase, marker_path: Path, marker_trans: Transform, path: Path, trans: Transform,
        rgbFace: Any = None,  # noqa: N803
    ) -> None:  # fmt: skip
        """The same marker at every point of a path."""
        data = path_data(marker_path, marker_trans + Affine2D().scale(1, -1))
        marker, style = self._defined(markup("path", {"id": "%s", "d": data})), self._look(gc, rgbFace)
        for vertices, _ in path.iter_segments(trans + self._flip, simplify=False):
            self._add(gc, "use", {"href": f"#{marker}", **in_points(x=vertices[-2], y=vertices[-1])}, style)

    def draw_text(
        self, gc: GraphicsContextBase, x: float, y: float, s: str, prop: FontProperties, angle: float,
        ismath: object = False,  # noqa: ARG002
        mtext: Text | None = None,
    ) -> None:  # fmt: skip
        """Text stays text. The page's font is as wide as it likes, so the browser aligns it where matplotlib does."""
        style = {"font-size": number(prop.get_size_in_points()), **self._paint(gc, "fill", gc.get_rgb())}
        if mtext is not None and (angle == 0 or mtext.get_rotation_mode() == "anchor"):
            anchor = self._flip.transform(mtext.get_transform().transform(mtext.get_unitless_position()))
            up = np.array([math.sin(math.radians(angle)), math.cos(math.radians(angle))])
            x, y = anchor + up * (up @ (np.array([x, y]) - anchor))
            if mtext.get_horizontalalignment() in _ANCHORS:
                style["text-anchor"] = _ANCHORS[mtext.get_horizontalalignment()]
        places = in_points(x=x, y=y)
        if angle:
            places["transform"] = f"rotate({number(-angle)} {places['x']} {places['y']})"
        self._add(gc, "text", places, style, html.escape(s, quote=False))

    def draw_image(
        self, gc: GraphicsContextBase, x: float, y: float, im: Any, transform: Transform | None = None
    ) -> None:
        """Pixels of ``_RASTER_DPI``, lowest row first, from the lower left corner on.

        Raises:
            NotImplementedError: they are to be stretched.
        """
        if transform is not None:
            raise NotImplementedError
        png = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(im[::-1])).save(png, format="png")
        height, width = (DPI / _RASTER_DPI * pixels for pixels in im.shape[:2])
        source = f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"
        places = in_points(x=x, y=self._height - y - height, width=width, height=height)
        self._add(gc, "image", {"href": source, **places}, {})

    @property
    def _flip(self) -> Affine2D:
        """Matplotlib counts from the bottom, SVG from the top."""
        return Affine2D().scale(1, -1).translate(0, self._height)

    def _defined(self, definition: str) -> str:
        """Id of an element to which others refer; it is ``%s`` in the definition."""
        return self._definitions.setdefault(definition, f"{self.prefix}-{len(self._definitions)}")

    def _add(
        self, gc: GraphicsContextBase, tag: str, attributes: Attributes, style: Attributes, content: str = ""
    ) -> None:
        clip, box = {}, gc.get_clip_rectangle()
        if box is not None:
            place = in_points(x=box.x0, y=self._height - box.y1, width=box.width, height=box.height)
            area = self._defined(markup("clipPath", {"id": "%s"}, markup("rect", place)))
            clip = {"clip-path": f"url(#{area})"}
        if gc.get_forced_alpha() and gc.get_alpha() != 1:  # a group with it would fade as one picture
            attributes = {**attributes, "opacity": f"{gc.get_alpha():.3g}"}
        self._elements.append(Element(tag, attributes, style, content, clip))

    def _look(self, gc: GraphicsContextBase, face: Any) -> Attributes:
        """Fill and line."""
        filled = self._paint(gc, "fill", face)
        if gc.get_hatch() is not None:
            filled = {"fill": f"url(#{self._hatch(gc, face)})"}
        if not (width := gc.get_linewidth()):
            return filled
        line = self._paint(gc, "stroke", gc.get_rgb())
        start, dashes = gc.get_dashes()
        if width != 1:
            line["stroke-width"] = number(width)
        if dashes is not None:
            line |= {"stroke-dasharray": " ".join(number(float(dash)) for dash in np.asarray(dashes))}
            line |= {"stroke-dashoffset": number(start)} if start else {}
        if gc.get_joinstyle() != "round":
            line["stroke-linejoin"] = gc.get_joinstyle()
        if gc.get_capstyle() in _CAPS:
            line["stroke-linecap"] = _CAPS[gc.get_capstyle()]
        return filled | line

    def _hatch(self, gc: GraphicsContextBase, face: Any) -> str:
        """Id of a pattern."""
        data = path_data(gc.get_hatch_path(), Affine2D().scale(_HATCH, -_HATCH).translate(0, _HATCH))
        colour = gc.get_hatch_color()
        look = self._paint(gc, "fill", colour) | self._paint(gc, "stroke", colour)
        look |= {"stroke-width": number(gc.get_hatch_linewidth()), "stroke-linejoin": "miter"}
        size = {"width": str(_HATCH), "height": str(_HATCH)}
        ground = markup("rect", {**size, **self._paint(gc, "fill", face)}) if face is not None else ""
        pattern = ground + markup("path", {"d": data, **look})
        return self._defined(markup("pattern", {"id": "%s", "patternUnits": "userSpaceOnUse", **size}, pattern))

    def _paint(self, gc: GraphicsContextBase, what: str, colour: Any) -> Attributes:
        """``fill`` or ``stroke`` of a colour; a whole drawing is filled with the page's text colour."""
        if colour is None:
            return {what: "none"}
        name = to_hex(colour)
        paint = {what: "currentColor" if name == self._ink else name}
        if len(colour) > 3 and colour[3] != 1 and not gc.get_forced_alpha():
            paint[f"{what}-opacity"] = f"{colour[3]:.3g}"
        return paint if paint != {"fill": "currentColor"} else {}
