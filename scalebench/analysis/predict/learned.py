"""What a tier has learned: how it predicts, and how far off it was on what it had not seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scalebench.analysis.predict.cases import Work
from scalebench.analysis.predict.conformal import half_width, median_error

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Learned:
    """A way to predict one quantity at one place.

    Attributes:
        predict: passes in, values out, in the quantity's unit.
        method: in words.
        n_train: cases behind it.
        scores: absolute errors of the logs of left-out predictions.
        groups: the unit that was left out with each of them: family, resolution or case.
    """

    predict: Callable[[Sequence[Work]], Values]
    method: str
    n_train: int
    scores: Values
    groups: tuple[str, ...]

    @property
    def error(self) -> float:
        """Median relative error of left-out predictions."""
        return median_error(self.scores)

    @property
    def half_width(self) -> float:
        """Half-width of the 90 % interval of the log; NaN where too few units were left out."""
        return half_width(self.scores, self.groups)


@dataclass(frozen=True)
class Guess:
    """A predicted value.

    Attributes:
        value: seconds or bytes.
        low, high: ends of the 90 % interval; NaN where it is not available.
        tier: ``T1`` same model, other resolution; ``T2`` same machine, other model; ``T3`` other machine.
        method: in words.
        n_train: cases behind it.
        error: median relative error of left-out predictions.
        flags: what makes it doubtful, in words.
    """

    value: float
    low: float
    high: float
    tier: str
    method: str
    n_train: int
    error: float
    flags: tuple[str, ...] = ()


def guess(learned: Learned, work: Work, tier: str, flags: tuple[str, ...] = ()) -> Guess:
    """Predict one pass, with its interval."""
    value, half = float(learned.predict([work])[0]), learned.half_width
    if math.isnan(half):
        flags = (*flags, "no interval: too few units were left out")
    return Guess(
        value, value * math.exp(-half), value * math.exp(half), tier, learned.method, learned.n_train,
        learned.error, flags,
    )  # fmt: skip
