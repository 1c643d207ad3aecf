"""Tier 3: a case measured on another machine that shares some measured cases with this one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress

import numpy as np

from scalebench.analysis.predict.cases import MeasuredCase, Place, Values, Work
from scalebench.analysis.predict.learned import Learned
from scalebench.analysis.predict.methods import Fitted, fit_ridge, log_totals

FEWEST = 5
ENOUGH = 20
"""Shared cases from which the ratio of the machines may depend on the model."""
RIDGE = 1.0
MOST_FOLDS = 50


def comparable(place: Place, other: Place) -> bool:
    """Whether a ratio of machines makes sense: another machine, the same work in the same precision."""
    same = (place.mode, place.precision, place.batch) == (other.mode, other.precision, other.batch)
    return other.machine != place.machine and same


def why_not(own: Sequence[MeasuredCase], other: Sequence[MeasuredCase], work: Work) -> str:
    """Why tier 3 refuses a pass, or an empty string."""
    keys = {case.work.key for case in other}
    if work.key not in keys:
        return "other machine: not measured there"
    shared = len(keys & {case.work.key for case in own})
    return "" if shared >= FEWEST else f"other machine: {shared} shared cases; at least {FEWEST} are needed"


def learn_other_machine(own: Sequence[MeasuredCase], other: Sequence[MeasuredCase]) -> Learned:
    """Learn the ratio of two machines' times from the cases that both measured.

    Below ``ENOUGH`` shared cases it is their median ratio, otherwise linear in the logs of the totals.

    Args:
        own: cases of the machine to predict for.
        other: cases of the other machine, among them those to predict.
    """
    times = {case.work.key: case.latency_s for case in other}
    shared = [case for case in own if case.work.key in times]
    works = [case.work for case in shared]
    logs = np.log([case.latency_s / times[case.work.key] for case in shared])
    linear = len(shared) >= ENOUGH
    scores = np.empty(len(shared))
    for first in range(min(MOST_FOLDS, len(shared))):
        fold = np.arange(len(shared)) % MOST_FOLDS == first
        fit = _fit_ratio(list(compress(works, ~fold)), logs[~fold], linear)
        scores[fold] = np.abs(np.log(fit(log_totals(list(compress(works, fold))))) - logs[fold])
    ratio = _fit_ratio(works, logs, linear)

    def predict(unmeasured: Sequence[Work]) -> Values:
        return np.array([times[work.key] for work in unmeasured]) * ratio(log_totals(unmeasured))

    method = "ratio of the machines by totals" if linear else "median ratio of the machines"
    return Learned(predict, method, len(shared), scores, tuple(work.label for work in works))


def _fit_ratio(works: Sequence[Work], logs: Values, linear: bool) -> Fitted:
    """Ratio of two machines' times for rows of ``log_totals``."""
    if linear:
        return fit_ridge(log_totals(works), logs, RIDGE)
    median = float(np.exp(np.median(logs)))
    return lambda rows: np.full(len(rows), median)
