"""A verdict's interval against what its claim allows, drawn as positions along a line."""

from __future__ import annotations

import math
from collections.abc import Callable

from scalebench import units
from scalebench.claims.judged_parts import Judged
from scalebench.claims.why import allowed
from scalebench.report.content import Strip

_MARGIN = 12.0
"""Percent of the line that stays free at either end, so that an open side is seen to be open."""


def strip(part: Judged | None) -> Strip | None:
    """The drawing of one part; None where it has no number.

    Ratios are placed by their logarithms: twice is as far from 1 as half. What is not positive is placed as it is.
    """
    if part is None or not math.isfinite(part.estimate.value):
        return None
    e = part.estimate
    ends = [end for end in (e.low, e.high) if math.isfinite(end)] or [e.value]
    bounds = [bound for bound in (part.low, part.high) if math.isfinite(bound)]
    place = _line([e.value, *ends, *bounds])
    low, high = (place(end) for end in (min(ends), max(ends)))
    area = (
        place(part.low) if math.isfinite(part.low) else 0.0,
        place(part.high) if math.isfinite(part.high) else 100.0,
    )
    span = units.interval(e.low, e.high, e.exact)
    return Strip(place(e.value), low, high, area, f"{units.digits(e.value)} {span}; the claim allows {allowed(part)}")


def _line(values: list[float]) -> Callable[[float], float]:
    """Where a value stands between 0 and 100, all ``values`` inside the margins."""
    scale = math.log if min(values) > 0 else float
    least, most = scale(min(values)), scale(max(values))
    width = most - least

    def place(value: float) -> float:
        share = (scale(value) - least) / width if width > 0 else 0.5
        return round(_MARGIN + share * (100 - 2 * _MARGIN), 2)

    return place
