"""Tier 1: a model measured at other resolutions, run the same way on the same machine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from scalebench.analysis.predict.cases import Key, Work
from scalebench.analysis.predict.learned import Learned
from scalebench.analysis.predict.methods import fit_positive

Values = npt.NDArray[np.float64]
FEWEST = 3
"""Resolutions from which a line is fitted; below, time is scaled by the MACs from the nearest one."""
REACH = 2.0
"""Times the measured range of MACs, beyond which nothing is said."""
LINE, SCALED = "a + b MACs + c bytes", "scaled by MACs"


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
    line = int(own.sum()) >= FEWEST
    mine = [work for work, mask in zip(works, own, strict=True) if mask]
    predict = partial(_predict, mine, values[own], line)
    keys, scores = left_out(works, values, line)
    return Learned(predict, LINE if line else SCALED, len(mine), scores, tuple(f"{m}@{r}" for m, r in keys))


def left_out(works: Sequence[Work], values: Values, line: bool) -> tuple[list[Key], Values]:
    """Absolute log errors of each resolution, predicted from the others of its model that allow for it.

    A line needs three others; scaling takes the nearest of them, and none of both goes where tier 1 refuses.
    """
    keys, scores = [], []
    for at, work in enumerate(works):
        others = [i for i, one in enumerate(works) if one.model == work.model and i != at]
        known = [works[i] for i in others]
        if len(others) < (FEWEST if line else 1) or why_not(known, work):
            continue
        predicted = _predict(known, values[others], line, [work])[0]
        keys.append(work.key)
        scores.append(abs(float(np.log(predicted / values[at]))))
    return keys, np.asarray(scores, dtype=float)


def _predict(known: Sequence[Work], values: Values, line: bool, asked: Sequence[Work]) -> Values:
    if line:
        return fit_positive(_terms(known), values)(_terms(asked))
    found = []
    for work in asked:
        near = min(range(len(known)), key=lambda i: abs(float(np.log(known[i].macs / work.macs))))
        found.append(values[near] * work.macs / known[near].macs)
    return np.asarray(found, dtype=float)


def _terms(works: Sequence[Work]) -> Values:
    return np.array([[1.0, work.macs, work.bytes] for work in works])
