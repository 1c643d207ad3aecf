"""A measured value that a test compares with a limit by its interval."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scalebench.analysis.stats import Estimate


class InconclusiveWarning(UserWarning):
    """An interval contains the limit that it was compared with."""


@dataclass(frozen=True)
class BoundedValue:
    """A measured value that is compared by its 95 % interval.

    An interval on the right side of the limit is true, one on the wrong side false. One that contains the limit, or
    has not been given by enough rounds, warns and is true; it is false where the test has the marker
    ``scalebench(strict=True)``. A value that was not measured is false.
    """

    name: str
    value: float
    low: float
    high: float
    n: int
    strict: bool = False

    def __lt__(self, limit: float) -> bool:
        return self._judged(self.high < limit, self.low >= limit, f"< {limit:g}")

    def __le__(self, limit: float) -> bool:
        return self._judged(self.high <= limit, self.low > limit, f"<= {limit:g}")

    def __gt__(self, limit: float) -> bool:
        return self._judged(self.low > limit, self.high <= limit, f"> {limit:g}")

    def __ge__(self, limit: float) -> bool:
        return self._judged(self.low >= limit, self.high < limit, f">= {limit:g}")

    def __str__(self) -> str:
        return f"{self.name} {self.value:.3g} [{self.low:.3g}, {self.high:.3g}], n = {self.n}"

    __repr__ = __str__

    def _judged(self, holds: bool, fails: bool, comparison: str) -> bool:
        if holds or fails or math.isnan(self.value):
            return holds
        warnings.warn(f"{self} {comparison}: inconclusive", InconclusiveWarning, stacklevel=3)
        return not self.strict


def bounded(name: str, e: Estimate, strict: bool) -> BoundedValue:
    """An estimate under the name that messages give it."""
    return BoundedValue(name, e.value, e.low, e.high, e.n, strict)
