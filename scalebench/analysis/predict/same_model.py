"""Tier 1: a model measured at other resolutions, run the same way on the same machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from scalebench.analysis.predict.cases import Key, Work
from scalebench.analysis.predict.learned import Learned
from scalebench.analysis.predict.methods import fit_positive

Values = npt.NDArray[np.float64]
FEWEST = 3
"""Resolutions from which a line is fitted; below, time is scaled from the nearest one."""
REACH = 2.0
"""Times the measured range of MACs, beyond which nothing is said."""
LINE, SCALED = "a + b MACs + c bytes", "scaled by a power of MACs"
FEWEST_SLOPES = 5
"""Other models measured at several resolutions, from which the power is theirs; below it is one."""


def why_not(known: Sequence[Work], work: Work) -> str:
    """Why tier 1 refuses a pass, or an empty string."""
    macs = [one.macs for one in known if one.model == work.model]
    if not macs:
        return "same model: measured at no other resolution"
    if work.macs > REACH * max(macs) or work.macs < min(macs) / REACH:
        return f"same model: more than {REACH:g} times beyond the MACs it was measured at"
    return ""


def learn_same_model(works: Sequence[Work], values: Values, model: str) -> Learned:
    """Learn one model from its own resolutions; the interval from all models, resolution after resolution left out.

    Args:
        works, values: measured cases of the place, of this and other models.
        model: which must be among them.
    """
    own = np.array([work.model == model for work in works])
    power = _power(_slopes(works, values), model)
    line = int(own.sum()) >= FEWEST
    mine = [work for work, mask in zip(works, own, strict=True) if mask]
    predict = partial(_predict, mine, values[own], None if line else power)
    keys, scores = left_out(works, values, line)
    method = LINE if line else f"scaled by MACs to the power {power:.2f}"
    return Learned(predict, method, len(mine), scores, tuple(f"{m}@{r}" for m, r in keys))


def left_out(works: Sequence[Work], values: Values, line: bool) -> tuple[list[Key], Values]:
    """Absolute log errors of each resolution, predicted from the others of its model that allow for it.

    A line needs three others; scaling takes the nearest of them, and none of both goes where tier 1 refuses.
    """
    keys, scores, slopes = [], [], _slopes(works, values)
    for at, work in enumerate(works):
        others = [i for i, one in enumerate(works) if one.model == work.model and i != at]
        known = [works[i] for i in others]
        if len(others) < (FEWEST if line else 1) or why_not(known, work):
            continue
        predicted = _predict(known, values[others], None if line else _power(slopes, work.model), [work])[0]
        keys.append(work.key)
        scores.append(abs(float(np.log(predicted / values[at]))))
    return keys, np.asarray(scores, dtype=float)


def _slopes(works: Sequence[Work], values: Values) -> dict[str, float]:
    """Slope of log time on log MACs of every model measured at several resolutions."""
    found = {}
    for model in dict.fromkeys(work.model for work in works):
        own = [at for at, work in enumerate(works) if work.model == model]
        if len(own) > 1:
            x, y = np.log([works[at].macs for at in own]), np.log(values[own])
            x = x - x.mean()
            found[model] = float(x @ (y - y.mean()) / (x @ x))
    return found


def _power(slopes: Mapping[str, float], model: str) -> float:
    """Median slope of all models but one, so that no case has a part in its own prediction."""
    others = [slope for name, slope in slopes.items() if name != model]
    return float(np.median(others)) if len(others) >= FEWEST_SLOPES else 1.0


def _predict(known: Sequence[Work], values: Values, power: float | None, asked: Sequence[Work]) -> Values:
    """Scaled from the nearest by MACs to a power, or where there is none by a line."""
    if power is None:
        return fit_positive(_terms(known), values)(_terms(asked))
    found = []
    for work in asked:
        near = min(range(len(known)), key=lambda i: abs(float(np.log(known[i].macs / work.macs))))
        found.append(values[near] * (work.macs / known[near].macs) ** power)
    return np.asarray(found, dtype=float)


def _terms(works: Sequence[Work]) -> Values:
    return np.array([[1.0, work.macs, work.bytes] for work in works])
