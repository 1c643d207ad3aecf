"""Tier 1: a model measured at other resolutions, in the same configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import compress

import numpy as np

from scalebench.analysis.predict.cases import Values, Work
from scalebench.analysis.predict.learned import Learned
from scalebench.analysis.predict.methods import fit_positive

FEWEST = 3
"""Resolutions from which a line is fitted; below, time is scaled from the nearest one."""
REACH = 2.0
"""Times the measured range of MACs, beyond which nothing is predicted."""
LINE, SCALED = "a + b MACs + c bytes", "scaled by a power of MACs"
BEYOND = ", beyond its range"
FEWEST_SLOPES = 5
"""Other models measured at several resolutions, from which the power is theirs; below it is one."""


def why_not(measured: Sequence[Work], work: Work) -> str:
    """Why tier 1 refuses a pass, or an empty string."""
    macs = [other.macs for other in measured if other.model == work.model]
    if not macs:
        return "same model: measured at no other resolution"
    if work.macs > REACH * max(macs) or work.macs < min(macs) / REACH:
        return f"same model: more than {REACH:g} times beyond the MACs it was measured at"
    return ""


def learn_same_model(works: Sequence[Work], values: Values, work: Work) -> Learned:
    """Learn the model of one pass from its own resolutions.

    ``works`` are of all models measured at the place, and the interval is from all, resolution after resolution left
    out: from those at the ends of their model's range where the pass lies beyond its own, else from those inside.
    """
    own = np.array([other.model == work.model for other in works])
    own_works = list(compress(works, own))
    line = len(own_works) >= FEWEST
    power = _power(_slopes(works, values), work.model)
    predict = partial(_predict, own_works, values[own], None if line else power)
    labels, scores = left_out(works, values, line, beyond(own_works, work))
    method = LINE if line else f"scaled by MACs to the power {power:.2f}"
    return Learned(predict, method, len(own_works), scores, tuple(labels))


def beyond(measured: Sequence[Work], work: Work) -> bool:
    """Whether a pass has more or fewer MACs than any that its model was measured at."""
    macs = [other.macs for other in measured]
    return not min(macs) <= work.macs <= max(macs)


def left_out(works: Sequence[Work], values: Values, line: bool, ends: bool) -> tuple[list[str], Values]:
    """Absolute log error of each pass, by its label, predicted from the other resolutions of its model.

    Extrapolation errs more, so only passes at the ``ends`` of their model's range are left out, or only those inside.
    A line needs three others, scaling takes the nearest; passes that tier 1 would refuse are skipped.
    """
    labels, scores, slopes = [], [], _slopes(works, values)
    for index, work in enumerate(works):
        others = [i for i, other in enumerate(works) if other.model == work.model and i != index]
        measured = [works[i] for i in others]
        if len(others) < (FEWEST if line else 1) or why_not(measured, work) or beyond(measured, work) != ends:
            continue
        predicted = _predict(measured, values[others], None if line else _power(slopes, work.model), [work])[0]
        labels.append(work.label)
        scores.append(abs(float(np.log(predicted / values[index]))))
    return labels, np.asarray(scores, dtype=float)


def _slopes(works: Sequence[Work], values: Values) -> dict[str, float]:
    """Slope of log time on log MACs of every model measured at several resolutions."""
    slopes = {}
    for model in dict.fromkeys(work.model for work in works):
        own = [index for index, work in enumerate(works) if work.model == model]
        if len(own) > 1:
            slopes[model] = float(np.polyfit(np.log([works[index].macs for index in own]), np.log(values[own]), 1)[0])
    return slopes


def _power(slopes: Mapping[str, float], model: str) -> float:
    """Median slope of all other models, so that no case has a part in its own prediction."""
    others = [slope for name, slope in slopes.items() if name != model]
    return float(np.median(others)) if len(others) >= FEWEST_SLOPES else 1.0


def _predict(measured: Sequence[Work], values: Values, power: float | None, works: Sequence[Work]) -> Values:
    """Scaled from the nearest by MACs to ``power``, or by a line where that is None."""
    if power is None:
        return fit_positive(_line_table(measured), values)(_line_table(works))
    macs = np.array([other.macs for other in measured])
    nearest = [int(np.argmin(np.abs(np.log(macs / work.macs)))) for work in works]
    return np.array([values[i] * (work.macs / macs[i]) ** power for i, work in zip(nearest, works, strict=True)])


def _line_table(works: Sequence[Work]) -> Values:
    return np.array([[1.0, work.macs, work.bytes] for work in works])
