"""A fitted predictor with its left-out errors, and the predictions it makes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scalebench.analysis.predict.cases import Values, Work
from scalebench.analysis.predict.conformal import half_width, median_error


@dataclass(frozen=True)
class Learned:
    """A fitted predictor of one quantity at one place."""

    predict: Callable[[Sequence[Work]], Values]  # passes in, values out, in the quantity's unit
    method: str
    n_train: int
    scores: Values  # absolute errors of the logs of left-out predictions
    groups: tuple[str, ...]  # what was left out for each of them: family, resolution or case

    @property
    def error(self) -> float:
        """Median relative error of left-out predictions."""
        return median_error(self.scores)

    @property
    def half_width(self) -> float:
        """Half-width of the 90 % interval of the log; NaN where too few groups were left out."""
        return half_width(self.scores, self.groups)


@dataclass(frozen=True)
class Guess:
    """A predicted value, in seconds or bytes, with its 90 % interval (NaN where there is none)."""

    value: float
    low: float
    high: float
    tier: str  # ``T1`` same model, other resolution; ``T2`` same machine, other model; ``T3`` other machine
    method: str
    n_train: int
    error: float  # median relative error of left-out predictions
    flags: tuple[str, ...] = ()  # what makes it doubtful, in words


def guess(learned: Learned, work: Work, tier: str, flags: tuple[str, ...] = ()) -> Guess:
    """Predict one pass, with its interval."""
    value, half = float(learned.predict([work])[0]), learned.half_width
    if math.isnan(half):
        flags = (*flags, "no interval: too few cases to leave out")
    return Guess(
        value, value * math.exp(-half), value * math.exp(half), tier, learned.method, learned.n_train,
        learned.error, flags,
    )  # fmt: skip
