"""Colours, markers and dashes of the figures: seaborn's colour-blind palette without its yellow, which is too pale."""

from __future__ import annotations

from dataclasses import dataclass

from scalebench.suite.families import NAMES, family_of

BLUE, GREEN, RED, PINK = "#0173b2", "#029e73", "#d55e00", "#cc78bc"
GREY = "#949494"
COLOURS = (BLUE, GREEN, RED, PINK, "#de8f05", "#56b4e9", "#ca9161", "#fbafe4")
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


_FAMILIES = {**{name: nth_look(index) for index, name in enumerate(NAMES)}, OTHER: Look(GREY, "X", "-")}


def drawn_family(model: str) -> str:
    """Family of a written model name as figures show it: ``other`` where it has no look of its own."""
    family = family_of(model)
    return family if family in _FAMILIES else OTHER


def series(model: str) -> str:
    """Family, with ``, scaled`` after it where multipliers were applied."""
    return f"{drawn_family(model)}, scaled" if "[" in model else drawn_family(model)


def look(name: str) -> Look:
    """Look of a series: scaled ones share their family's marker, in grey."""
    plain = _FAMILIES[name.removesuffix(", scaled")]
    return Look(GREY, plain.marker, plain.dash, hollow=True) if name.endswith(", scaled") else plain
