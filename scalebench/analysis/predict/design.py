"""Which cases to measure first, so that what is left unmeasured is predicted best for the time spent.

The prices of ``shares`` make the log of a time linear in them, so the covariance of all predictions is known before
anything is measured, and measuring a case changes it by a rank-one step. Greedy: the next case is the one that takes
most variance off the others per second of measuring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scalebench.analysis.predict.cases import MeasuredCase, Place, Work
from scalebench.analysis.predict.operator_prices import ASPECTS, fit_prices, operator_table, shares
from scalebench.analysis.predict.other_model import STIFFNESS
from scalebench.suite.kinds import OPERATORS

Values = npt.NDArray[np.float64]
_FEWEST = 5
"""Measured cases from which prices are fitted to them; below, the usual ones have to do."""
_USUAL = {"cpu": (2e-5, 1e-11, 1e-10, 1e-10), "cuda": (1e-5, 2e-13, 1e-12, 1e-12)}
"""Seconds per operator, multiply-add, activation byte and weight byte; only their ratios matter here."""


@dataclass(frozen=True)
class OpenCase:
    """A case that could be measured.

    Attributes:
        place, work: what and where.
        seconds: expected wall time of all its rounds.
    """

    place: Place
    work: Work
    seconds: float


@dataclass(frozen=True)
class ChosenCase:
    """One chosen case.

    Attributes:
        at: its position among the candidates.
        seconds: of this and all earlier steps.
        left: variance left in the predictions of what is not measured, as a share of all at the start.
    """

    at: int
    seconds: float
    left: float


def choose_next(
    candidates: Sequence[OpenCase], seen: dict[Place, Sequence[MeasuredCase]], budget_s: float
) -> list[ChosenCase]:
    """Order in which to measure, until nothing more fits into the budget.

    Args:
        candidates: unmeasured cases, with operators counted by kind.
        seen: cases that were measured already, by place.
        budget_s: seconds.
    """
    covariance = _covariance(candidates, seen)
    cost = np.array([one.seconds for one in candidates])
    open_ = np.ones(len(candidates), dtype=bool)
    start, spent, steps = float(np.trace(covariance)), 0.0, []
    while (fits := open_ & (spent + cost <= budget_s)).any():
        noise = 1 + np.diag(covariance)
        others = (covariance**2 * open_).sum(axis=1) - np.diag(covariance) ** 2
        worth = np.where(fits, others / noise / cost, -1.0)
        at = int(np.argmax(worth))
        column = covariance[:, at]
        covariance = covariance - np.outer(column, column) / noise[at]
        open_[at] = False
        spent += float(cost[at])
        steps.append(ChosenCase(at, spent, float(np.diag(covariance)[open_].sum()) / start if start else 0.0))
    return steps


def _covariance(candidates: Sequence[OpenCase], seen: dict[Place, Sequence[MeasuredCase]]) -> Values:
    """Covariance of the logs of all predictions, in units of a residual's variance; places tell each other nothing."""
    found = np.zeros((len(candidates), len(candidates)))
    for place in dict.fromkeys(one.place for one in candidates):
        own = np.array([at for at, one in enumerate(candidates) if one.place == place])
        table = operator_table([candidates[at].work for at in own])
        measured = [s for s in seen.get(place, ()) if s.work.kinds]
        known = operator_table([s.work for s in measured])
        price = _price(place, known, np.array([s.latency_s for s in measured]))
        rows, before = shares(table, price), shares(known, price)
        information = before.T @ before + STIFFNESS * np.eye(rows.shape[1])
        found[np.ix_(own, own)] = rows @ np.linalg.solve(information, rows.T)
    return found


def _price(place: Place, table: Values, seconds: Values) -> Values:
    if len(table) >= _FEWEST:
        return fit_prices(table, seconds, STIFFNESS)
    usual = _USUAL[place.device.partition(":")[0]]
    assert len(usual) == ASPECTS  # noqa: S101 - the columns of operator_table
    return np.tile(np.array(usual), len(OPERATORS))
