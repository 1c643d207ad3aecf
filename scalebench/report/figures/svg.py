"""SVG as matplotlib wrote it -> a small element of the page, which gives it its text colour and font."""

from __future__ import annotations

from typing import Any
from xml.dom import minidom

from scour import scour

_CLEANING = (
    "--enable-id-stripping", "--shorten-ids", "--remove-metadata", "--strip-xml-prolog", "--no-line-breaks",
    "--enable-comment-stripping", "--indent=none", "--quiet", "--set-precision=5",
)  # fmt: skip
_SPACES = {"xmlns": "http://www.w3.org/2000/svg", "xmlns:xlink": "http://www.w3.org/1999/xlink"}
_JOINS = {"stroke-linejoin": "round"}
"""What matplotlib says in a style sheet, which would hold for the whole page."""


def page_svg(drawn: str, prefix: str, label: str, ink: str) -> str:
    """Shorten a drawing and let the page decide its text colour and font; paths stay as scour writes them.

    Args:
        drawn: an SVG document by matplotlib, with text as text.
        prefix: start of every id in the drawing, unique on the page.
        label: what a screen reader says.
        ink: the colour ``#rrggbb`` that stands for the page's text colour.

    Returns: an SVG element with ``role=img``.
    """
    options = scour.parse_args([*_CLEANING, f"--shorten-ids-prefix={prefix}-"])
    document: Any = minidom.parseString(scour.scourString(drawn, options))  # noqa: S318 - written by matplotlib
    empty = [element for element in document.getElementsByTagName("defs") if not element.hasChildNodes()]
    for element in [*document.getElementsByTagName("style"), *empty]:
        element.parentNode.removeChild(element)
    for element in document.getElementsByTagName("*"):
        _follow_page(element, ink)
    root = document.documentElement
    box = root.getAttribute("viewBox")
    for name in list(root.attributes.keys()):
        root.removeAttribute(name)
    named = {"viewBox": box, "class": "plot", "role": "img", "aria-label": label}
    for name, value in {**_SPACES, **named, **_JOINS}.items():
        root.setAttribute(name, value)
    return str(root.toxml())


def _follow_page(element: minidom.Element, ink: str) -> None:
    """Text colour and font of the page, no rotation by nothing, and places to a hundredth of a point."""
    if element.hasAttribute("font-family"):
        element.removeAttribute("font-family")
    for name in ("fill", "stroke"):
        if element.getAttribute(name) == ink:
            element.setAttribute(name, "currentColor")
    if element.getAttribute("transform").startswith("rotate(-0 "):
        element.removeAttribute("transform")
    for name in ("x", "y"):
        if element.tagName in ("text", "use") and element.hasAttribute(name):
            element.setAttribute(name, f"{round(float(element.getAttribute(name)), 2):g}")
