"""Which cases to measure first, so that what is left unmeasured is predicted best for the time spent.

The log of a time is linear in the prices of ``operator_prices``, so the covariance of all predictions is known before
anything is measured, and measuring a case is a rank-one update. Greedy: the next case is the one that removes most
variance from the others per second of measuring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scalebench.analysis.predict.cases import MeasuredCase, Place, Values, Work
from scalebench.analysis.predict.methods import STIFFNESS
from scalebench.analysis.predict.operator_prices import ASPECTS, fit_prices, operator_table, shares
from scalebench.suite.device_kinds import kind_of
from scalebench.suite.kinds import OPERATORS

_FEWEST = 5
"""Measured cases from which prices are fitted to them; below, those of the kind of device."""


@dataclass(frozen=True)
class OpenCase:
    """A case that could be measured."""

    place: Place
    work: Work
    seconds: float  # expected wall time of all its rounds


@dataclass(frozen=True)
class ChosenCase:
    """One chosen case."""

    at: int  # index among the candidates
    seconds: float  # of this and all earlier steps
    left: float  # variance left in the predictions of unmeasured cases, as a share of all at the start


def choose_next(
    candidates: Sequence[OpenCase], cases: dict[Place, Sequence[MeasuredCase]], budget_s: float
) -> list[ChosenCase]:
    """Order in which to measure, until no case fits into the budget.

    Args:
        candidates: unmeasured cases, with operators counted by kind.
        cases: measured cases by place.
        budget_s: seconds.
    """
    covariance = _covariance(candidates, cases)
    cost = np.array([candidate.seconds for candidate in candidates])
    open_ = np.ones(len(candidates), dtype=bool)
    start, spent, steps = float(np.trace(covariance)), 0.0, []
    while (fits := open_ & (spent + cost <= budget_s)).any():
        noise = 1 + np.diag(covariance)
        others = (covariance**2 * open_).sum(axis=1) - np.diag(covariance) ** 2
        index = int(np.argmax(np.where(fits, others / noise / cost, -1.0)))
        column = covariance[:, index]
        covariance = covariance - np.outer(column, column) / noise[index]
        open_[index] = False
        spent += float(cost[index])
        steps.append(ChosenCase(index, spent, float(np.diag(covariance)[open_].sum()) / start if start else 0.0))
    return steps


def _covariance(candidates: Sequence[OpenCase], cases: dict[Place, Sequence[MeasuredCase]]) -> Values:
    """Covariance of the logs of all predictions, in units of a residual's variance; zero between places."""
    covariance = np.zeros((len(candidates), len(candidates)))
    for place in dict.fromkeys(candidate.place for candidate in candidates):
        own = [index for index, candidate in enumerate(candidates) if candidate.place == place]
        measured = [case for case in cases.get(place, ()) if case.work.kinds]
        table = operator_table([case.work for case in measured])
        price = _price(place, table, np.array([case.latency_s for case in measured]))
        rows, before = shares(operator_table([candidates[index].work for index in own]), price), shares(table, price)
        information = before.T @ before + STIFFNESS * np.eye(rows.shape[1])
        covariance[np.ix_(own, own)] = rows @ np.linalg.solve(information, rows.T)
    return covariance


def _price(place: Place, table: Values, seconds: Values) -> Values:
    if len(table) >= _FEWEST:
        return fit_prices(table, seconds, STIFFNESS)
    usual = kind_of(place.device).operator_prices
    assert len(usual) == ASPECTS  # noqa: S101 - the columns of operator_table
    return np.tile(np.array(usual), len(OPERATORS))
