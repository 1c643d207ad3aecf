"""Tier 2: a model that was not measured, from others on the same machine, run the same way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from scalebench.analysis.predict.cases import Work
from scalebench.analysis.predict.learned import Learned
from scalebench.analysis.predict.methods import Additive, Method, PricePerKind, SinglePrice, Totals

FEWEST_MODELS, FEWEST_FAMILIES = 20, 6
MOST_FOLDS = 30
STIFFNESS = 0.03
"""Residuals of a sixth of prices that vary by a factor of e: (1/6)^2."""

Values = npt.NDArray[np.float64]


def why_not(known: Sequence[Work], work: Work) -> str:
    """Why tier 2 refuses a pass, or an empty string."""
    models, families = {one.model for one in known}, {one.family for one in known}
    if len(models) < FEWEST_MODELS or len(families) < FEWEST_FAMILIES:
        return (
            f"other models: {len(models)} models of {len(families)} families were measured; "
            f"{FEWEST_MODELS} of {FEWEST_FAMILIES} are needed"
        )
    absent = sorted(work.kinds - frozenset().union(*(one.kinds for one in known)))
    if absent and all(one.kinds for one in known):
        return f"other models: none of those measured has {', '.join(absent)} operators"
    return ""


def candidates(works: Sequence[Work]) -> tuple[Method, ...]:
    """Methods that know enough of these passes, simple ones first.

    Those by operators are for passes that have all been counted by kind.
    """
    if not all(work.kinds for work in works):
        return Additive(), Totals()
    return SinglePrice(), Totals(operators=True), PricePerKind(STIFFNESS)


def learn_other_model(works: Sequence[Work], values: Values) -> Learned:
    """Choose a method by leaving out family after family, and fit it to all cases.

    Chosen is the simplest that does not lose to the best by more than one standard error over families (Hastie,
    Tibshirani and Friedman, The Elements of Statistical Learning, section 7.10): the least error of several is partly
    luck. Its errors on the families left out are the scores of the interval.
    """
    families = [work.family for work in works]
    logs = np.log(values)
    tried = []
    for method in candidates(works):
        table = method.table(works)
        tried.append((method, table, np.abs(np.log(leave_out(method, table, values, families)) - logs)))
    by_family = [_family_means(scores, families) for _, _, scores in tried]
    best = min(by_family, key=lambda errors: float(errors.mean()))
    method, table, scores = next(one for one, errors in zip(tried, by_family, strict=True) if _as_good(errors, best))
    fit = method.fit(table, values)
    return Learned(lambda asked: fit(method.table(asked)), method.name, len(works), scores, tuple(families))


def _family_means(scores: Values, families: Sequence[str]) -> Values:
    labels = np.asarray(families)
    return np.array([scores[labels == name].mean() for name in sorted(set(families))])


def _as_good(errors: Values, best: Values) -> bool:
    """Whether errors by family exceed the best ones by no more than one standard error of the difference."""
    worse = errors - best
    return bool(worse.mean() <= worse.std(ddof=1) / np.sqrt(len(worse)))


def leave_out(method: Method, table: Values, values: Values, families: Sequence[str]) -> Values:
    """Prediction of every case by a fit to the folds that its family is not in."""
    found = np.empty(len(values))
    for own in folds(families):
        fit = method.fit(table[~own], values[~own])
        found[own] = fit(table[own])
    return found


def folds(families: Sequence[str], most: int = MOST_FOLDS) -> Iterator[npt.NDArray[np.bool_]]:
    """Masks of the rows to leave out together: a family, or several where there are more families than folds."""
    labels = np.asarray(families)
    names = sorted(set(families))
    for first in range(min(most, len(names))):
        yield np.isin(labels, names[first::most])
