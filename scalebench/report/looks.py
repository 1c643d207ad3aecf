"""Colours, markers and dashes of the figures: one table for families, one for methods of scaling.

Every colour has a contrast of 3 to 1 or more on white and on the dark page (WCAG 1.4.11). Two of one table are at least
11 apart in CIELAB for normal vision, protanopia, deuteranopia and tritanopia (as Machado et al. 2009 simulate them).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from scalebench.suite.families import NAMES, family_of

BLUE, GREEN, RED, PINK = "#0173b2", "#029e73", "#d55e00", "#cc78bc"
GREY = "#949494"
COLOURS = (BLUE, GREEN, RED, PINK, "#9b71fe", "#f7275b", "#915480", "#4e713b")
"""Of families, and of any other series. A light page has room for no more that everyone can distinguish."""
MARKERS = {
    "o": "circle", "s": "square", "^": "triangle up", "D": "diamond", "v": "triangle down", ">": "triangle right",
    "<": "triangle left",
}  # fmt: skip
"""Marker -> its name in words and, with a hyphen for the space, in Vega."""
DASHES = ("-", "--", "-.", ":")
OTHER = "other"


@dataclass(frozen=True)
class Look:
    """Colour, marker and dash of a series; the three always go together. Hollow markers are scaled models."""

    colour: str
    marker: str
    dash: str
    hollow: bool = False

    @property
    def shape(self) -> str:
        """The marker in words."""
        return MARKERS.get(self.marker, "cross")


def nth_look(index: int) -> Look:
    """Look of series ``index``; 56 are different, because eight colours and seven markers share no divisor."""
    markers = tuple(MARKERS)
    return Look(COLOURS[index % len(COLOURS)], markers[index % len(markers)], DASHES[index % len(DASHES)])


METHODS = {
    "compound": Look("#635fe9", "o", "-"), "depth": Look("#b24249", "^", "--"), "width": Look("#3fa50d", "s", "-."),
    "resolution": Look("#7f55a6", "D", ":"), "fast": Look("#c57a9e", "v", "-"),
}  # fmt: skip
"""Looks of the methods of scaling, in their order on the page."""
_FAMILIES = {**{name: nth_look(index) for index, name in enumerate(NAMES)}, OTHER: Look(GREY, "X", "-")}


def drawn_family(model: str) -> str:
    """Family of a written model name as figures show it: ``other`` where it has no look of its own."""
    family = family_of(model)
    return family if family in _FAMILIES else OTHER


def series(model: str) -> str:
    """Family, with ``, scaled`` after it where multipliers were applied."""
    return f"{drawn_family(model)}, scaled" if "[" in model else drawn_family(model)


def look(name: str) -> Look:
    """Look of a series: scaled ones are hollow markers in their family's colour."""
    plain = _FAMILIES[name.removesuffix(", scaled")]
    return replace(plain, hollow=True) if name.endswith(", scaled") else plain
