"""SVG as text: elements, groups of them that look alike, and paths, in hundredths of a point."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from matplotlib.path import Path
from matplotlib.transforms import Transform

Attributes = dict[str, str]
_LETTERS = {Path.MOVETO: "m", Path.LINETO: "l", Path.CURVE3: "q", Path.CURVE4: "c"}


@dataclass(frozen=True)
class Element:
    """Something drawn.

    Attributes:
        tag: of the element.
        attributes: its own.
        style: may be that of a group.
        content: of the element.
        clip: of it; a group of elements has one.
    """

    tag: str
    attributes: Attributes
    style: Attributes
    content: str
    clip: Attributes

    def text(self, style: Attributes) -> str:
        """The element with its own attributes and ``style``."""
        return markup(self.tag, {**style, **self.attributes}, self.content)


def path_data(
    path: Path, transform: Transform, box: tuple[float, float, float, float] | None = None, *, simplify: bool = False
) -> str:
    """A path in SVG's relative commands, each from a rounded place to the next, so that no errors add up.

    Args:
        path: of matplotlib.
        transform: to points, downwards.
        box: outside of which lines are cut off.
        simplify: whether points are left out that nobody could see.
    """
    parts: list[str] = []
    at = start = (0, 0)
    for vertices, code in path.iter_segments(transform, clip=box, simplify=simplify):
        if code == Path.CLOSEPOLY:
            parts.append("z")
            at = start
            continue
        places = [round(100 * float(place)) for place in vertices]
        steps = [place - at[index % 2] for index, place in enumerate(places)]
        at, letter = (places[-2], places[-1]), _LETTERS[code]
        if letter == "m":
            start = at
        elif letter == "l" and 0 in steps:
            letter, steps = ("v", steps[1:]) if steps[0] == 0 else ("h", steps[:1])
        parts.append(letter + " ".join(number(step / 100) for step in steps))
    return "".join(parts).replace(" -", "-")


def in_groups(elements: Iterable[Element]) -> str:
    """Elements in their order; neighbours with the same clip share it, and so do those with the same style."""
    parts = []
    for clip, run in groupby(elements, key=lambda element: element.clip):
        styled = _in_styled_groups(run)
        parts.append(markup("g", clip, styled) if clip else styled)
    return "".join(parts)


def _in_styled_groups(elements: Iterable[Element]) -> str:
    parts = []
    for style, run in groupby(elements, key=lambda element: element.style):
        neighbours = list(run)
        if len(neighbours) > 1 and style:
            parts.append(markup("g", style, "".join(element.text({}) for element in neighbours)))
        else:
            parts += [element.text(style) for element in neighbours]
    return "".join(parts)


def markup(name: str, attributes: Attributes, content: str = "") -> str:
    """An element as text; the content was escaped."""
    listed = "".join(f' {key}="{html.escape(value)}"' for key, value in attributes.items())
    return f"<{name}{listed}>{content}</{name}>" if content else f"<{name}{listed}/>"


def in_points(**places: float) -> Attributes:
    """Places and lengths as attributes."""
    return {name: number(place) for name, place in places.items()}


def number(value: float) -> str:
    """To a hundredth."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
