"""Tier 2: an unmeasured model, from other models in the same configuration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from scalebench.analysis.predict.cases import Values, Work
from scalebench.analysis.predict.learned import Learned
from scalebench.analysis.predict.methods import (
    PRICE_PER_KIND,
    SINGLE_PRICE,
    SUM_OF_TOTALS,
    TOTALS,
    TOTALS_AND_OPERATORS,
    Method,
)  # fmt: skip

FEWEST_MODELS, FEWEST_FAMILIES = 20, 6
MOST_FOLDS = 30


def why_not(measured: Sequence[Work], work: Work) -> str:
    """Why tier 2 refuses a pass, or an empty string."""
    models, families = {other.model for other in measured}, {other.family for other in measured}
    if len(models) < FEWEST_MODELS or len(families) < FEWEST_FAMILIES:
        return (
            f"other models: {len(models)} models of {len(families)} families were measured; "
            f"at least {FEWEST_MODELS} of {FEWEST_FAMILIES} are needed"
        )
    absent = sorted(work.kinds - frozenset().union(*(other.kinds for other in measured)))
    if absent and all(other.kinds for other in measured):
        return f"other models: none of those measured has {', '.join(absent)} operators"
    return ""


def candidates(works: Sequence[Work]) -> tuple[Method, ...]:
    """Methods that these passes have the counts for, simple ones first."""
    if not all(work.kinds for work in works):
        return SUM_OF_TOTALS, TOTALS
    return SINGLE_PRICE, TOTALS_AND_OPERATORS, PRICE_PER_KIND


def learn_other_model(works: Sequence[Work], values: Values) -> Learned:
    """Choose a method by leaving out family after family, and fit it to all cases.

    Chosen is the simplest that does not lose to the best by more than one standard error over families (Hastie,
    Tibshirani and Friedman, The Elements of Statistical Learning, section 7.10): the least error of several is partly
    luck. Its errors on the families left out are the scores of the interval.
    """
    families = np.array([work.family for work in works])
    scored = []
    for method in candidates(works):
        table = method.table(works)
        scores = np.abs(np.log(leave_out(method, table, values, families) / values))
        by_family = np.array([scores[families == name].mean() for name in np.unique(families)])
        scored.append((method, table, scores, by_family))
    best = min((by_family for *_, by_family in scored), key=lambda errors: float(errors.mean()))
    method, table, scores, _ = next(entry for entry in scored if _as_good(entry[-1], best))
    fit = method.fit(table, values)
    return Learned(lambda others: fit(method.table(others)), method.name, len(works), scores, tuple(families.tolist()))


def _as_good(errors: Values, best: Values) -> bool:
    """Whether errors by family exceed the best ones by no more than one standard error of the difference."""
    excess = errors - best
    return bool(excess.mean() <= excess.std(ddof=1) / np.sqrt(len(excess)))


def leave_out(method: Method, table: Values, values: Values, families: npt.ArrayLike) -> Values:
    """Prediction of every case by a fit to the folds that its family is not in."""
    predicted = np.empty(len(values))
    for own in folds(families):
        predicted[own] = method.fit(table[~own], values[~own])(table[own])
    return predicted


def folds(families: npt.ArrayLike, most: int = MOST_FOLDS) -> Iterator[npt.NDArray[np.bool_]]:
    """Masks of the rows to leave out together: a family, or several where there are more families than folds."""
    names = np.unique(families)
    for first in range(min(most, len(names))):
        yield np.isin(families, names[first::most])
