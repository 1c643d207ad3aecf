"""Numbers as a source prints them: the last digit says how far they may have been rounded."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from scalebench.published import PrintedFigure

_PLACES = 10
"""Decimals to which ends are rounded, so that 77.35 - 76.85 is 0.5 and not a little more."""


class Printed(float):
    """A printed number, or a ratio of two: ``5.3`` stands for 5.25 to 5.35, ``7.5 / 4.5`` for 7.45 / 4.55 and more.

    Attributes:
        text: as printed; ``19e6`` is a number that was printed as 19 million.
        low, high: least and largest number that would be printed so.
    """

    def __new__(cls, text: str) -> Printed:  # noqa: PYI034 - Self is not in Python 3.10
        """The number itself, of each operand as printed."""
        value, *divisors = map(float, text.split("/"))
        return super().__new__(cls, value / divisors[0] if divisors else value)

    def __init__(self, text: str) -> None:
        operands = [PrintedFigure(operand) for operand in text.split("/")]
        if len(operands) > 2:
            raise ValueError(f"{text!r} is neither a number nor a ratio of two")
        (first, below), (second, above) = ((f, f.half_unit) for f in (operands[0], operands[-1]))
        alone = len(operands) == 1
        self.text = text
        self.low = first - below if alone else (first - below) / (second + above)
        self.high = first + below if alone else (first + below) / (second - above)

    def __reduce__(self) -> tuple[type[Printed], tuple[str]]:
        return Printed, (self.text,)


def _read(value: Any) -> float:
    """Text is a printed number; what is a number in the file is exact."""
    if isinstance(value, str):
        return Printed(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("give a number, or a printed one as text: 2.5, or '2.5' for 2.45 to 2.55")
    return value if isinstance(value, Printed) else float(value)


Number = Annotated[
    float,
    PlainValidator(_read),
    PlainSerializer(lambda value: getattr(value, "text", value)),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}]}),
]
"""An exact number, or the text of a printed one, which is only as exact as its last digit."""


def ends(value: float) -> tuple[float, float]:
    """Least and largest number that would be printed so; an exact one twice."""
    return (value.low, value.high) if isinstance(value, Printed) else (value, value)


def spread(function: Callable[..., float], *values: float) -> tuple[float, float]:
    """Least and largest result over what the printed values stand for; the function is monotone in each of them."""
    results = [function(*corner) for corner in product(*(dict.fromkeys(ends(value)) for value in values))]
    if any(map(math.isnan, results)):
        return math.nan, math.nan
    return round(min(results), _PLACES), round(max(results), _PLACES)
