"""Tier 3: a case measured on one machine, on another where only a few of the same cases were measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from scalebench.analysis.predict.cases import Key, MeasuredCase, Place, Work
from scalebench.analysis.predict.learned import Learned
from scalebench.analysis.predict.methods import fit_ridge, log_totals

FEWEST = 5
ENOUGH = 20
"""Shared cases from which the ratio of the machines may depend on the model."""
RIDGE = 1.0
MOST_FOLDS = 50

Values = npt.NDArray[np.float64]


def comparable(here: Place, there: Place) -> bool:
    """Whether a ratio of machines makes sense: another machine, the same work in the same precision."""
    same = (here.mode, here.precision, here.batch) == (there.mode, there.precision, there.batch)
    return there.machine != here.machine and same


def why_not(here: Sequence[MeasuredCase], there: Sequence[MeasuredCase], work: Work) -> str:
    """Why tier 3 refuses a pass, or an empty string."""
    known = {seen.work.key for seen in there}
    if work.key not in known:
        return "other machine: not measured there"
    shared = len(known & {seen.work.key for seen in here})
    return "" if shared >= FEWEST else f"other machine: {shared} shared cases; {FEWEST} are needed"


def learn_other_machine(here: Sequence[MeasuredCase], there: Sequence[MeasuredCase]) -> Learned:
    """Learn the ratio of two machines' times from the cases that both measured.

    Up to ``ENOUGH`` shared cases it is their median ratio, from there on linear in the logs of the totals.

    Args:
        here: cases of the machine to predict for.
        there: cases of the other one, among them those to predict.
    """
    times = {seen.work.key: seen.latency_s for seen in there}
    shared = [seen for seen in here if seen.work.key in times]
    works = [seen.work for seen in shared]
    logs = np.log([seen.latency_s / times[seen.work.key] for seen in shared])
    scores = np.empty(len(shared))
    for first in range(min(MOST_FOLDS, len(shared))):
        own = np.arange(len(shared)) % MOST_FOLDS == first
        fit = _Ratio([work for work, mask in zip(works, own, strict=True) if not mask], logs[~own])
        mine = [work for work, mask in zip(works, own, strict=True) if mask]
        scores[own] = np.abs(fit.logs(mine) - logs[own])
    ratio = _Ratio(works, logs)

    def predict(asked: Sequence[Work]) -> Values:
        return _times(times, asked) * np.exp(ratio.logs(asked))

    method = "median ratio of the machines" if len(shared) < ENOUGH else "ratio of the machines by totals"
    groups = tuple(f"{model}@{resolution}" for model, resolution in (work.key for work in works))
    return Learned(predict, method, len(shared), scores, groups)


def _times(times: Mapping[Key, float], works: Sequence[Work]) -> Values:
    return np.array([times[work.key] for work in works], dtype=float)


class _Ratio:
    """Log of the ratio of two machines' times."""

    def __init__(self, works: Sequence[Work], logs: Values) -> None:
        self._median = float(np.median(logs))
        self._fit = fit_ridge(log_totals(works), logs, RIDGE) if len(works) >= ENOUGH - 1 else None

    def logs(self, works: Sequence[Work]) -> Values:
        """Predicted logs."""
        if self._fit is None:
            return np.full(len(works), self._median)
        return np.log(self._fit(log_totals(works)))
