"""Ways to predict the time of a pass from what it is on paper, all of one shape, so that they can be compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import optimize

from scalebench.analysis.predict.cases import Work
from scalebench.analysis.predict.operator_prices import ASPECTS, fit_prices, operator_table

Values = npt.NDArray[np.float64]
Fitted = Callable[[Values], Values]
"""Rows of a table in, predicted seconds out."""


class Method(Protocol):
    """One way to predict."""

    @property
    def name(self) -> str:
        """What tables call it."""

    def table(self, works: Sequence[Work]) -> Values:
        """What it looks at, one row per pass."""

    def fit(self, table: Values, seconds: Values) -> Fitted:
        """Learn from measured rows."""


@dataclass(frozen=True)
class Totals:
    """log t linear in the logs of MACs, activations, parameters and bytes moved, with a light ridge.

    Attributes:
        operators: whether their number is looked at too, which needs them counted.
    """

    operators: bool = False
    ridge: float = 0.1
    name: str = "totals"

    def table(self, works: Sequence[Work]) -> Values:
        """Logs of the totals of the whole batch."""
        totals = log_totals(works)
        if not self.operators:
            return totals
        return np.asarray(
            np.column_stack([totals, np.log([sum(g[-1] for g in work.facts["operators"]) for work in works])]),
            dtype=float,
        )

    def fit(self, table: Values, seconds: Values) -> Fitted:
        """Ridge regression; the level is not penalised."""
        return fit_ridge(table, np.log(seconds), self.ridge)


def log_totals(works: Sequence[Work]) -> Values:
    """Logs of MACs, activations, parameters and bytes moved by each pass."""
    rows = [
        [work.macs, float(work.facts["activations"]) * work.batch, float(work.facts["params"]), work.bytes]
        for work in works
    ]
    return np.asarray(np.log(np.asarray(rows, dtype=float)), dtype=float)


def fit_ridge(table: Values, logs: Values, ridge: float) -> Fitted:
    """Ridge regression of ``logs`` on standardised columns; returns exp of what it predicts."""
    centre, spread = table.mean(axis=0), table.std(axis=0)
    spread = np.where(spread > 1e-12, spread, 1.0)
    x, level = (table - centre) / spread, float(logs.mean())
    weights = np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ (logs - level))
    return lambda rows: np.asarray(np.exp(level + (rows - centre) / spread @ weights), dtype=float)


@dataclass(frozen=True)
class SinglePrice:
    """Operators one after the other: a price per operator, multiply-add, activation byte and weight byte."""

    name: str = "one price for all kinds"

    def table(self, works: Sequence[Work]) -> Values:
        """Operators, MACs, activation bytes and weight bytes in all."""
        return np.asarray(operator_table(works).reshape(len(works), -1, ASPECTS).sum(axis=1), dtype=float)

    def fit(self, table: Values, seconds: Values) -> Fitted:
        """Non-negative least squares of relative errors."""
        return fit_positive(table, seconds)


@dataclass(frozen=True)
class Additive:
    """t = a + b MACs + c activations + d parameters, none negative: for passes whose operators were not counted."""

    name: str = "sum of totals"

    def table(self, works: Sequence[Work]) -> Values:
        """One, MACs, activations and parameters."""
        return np.asarray(np.column_stack([np.ones(len(works)), np.exp(log_totals(works)[:, :3])]), dtype=float)

    def fit(self, table: Values, seconds: Values) -> Fitted:
        """See ``fit_positive``."""
        return fit_positive(table, seconds)


def fit_positive(table: Values, seconds: Values) -> Fitted:
    """t = sum of columns times prices, none negative, with least relative errors."""
    scale = np.maximum(table.max(axis=0), 1e-300)
    prices, _ = optimize.nnls(table / scale / seconds[:, None], np.ones(len(table)))
    return lambda rows: np.asarray(np.maximum(rows / scale @ prices, 1e-300), dtype=float)


@dataclass(frozen=True)
class PricePerKind:
    """Prices of every kind held near the usual ones, see ``shares``."""

    stiffness: float

    @property
    def name(self) -> str:
        """What tables call it."""
        return "prices per kind"

    def table(self, works: Sequence[Work]) -> Values:
        """See ``operator_table``."""
        return operator_table(works)

    def fit(self, table: Values, seconds: Values) -> Fitted:
        """See ``fit_prices``."""
        prices = fit_prices(table, seconds, self.stiffness)
        return lambda rows: np.asarray(rows @ prices, dtype=float)
