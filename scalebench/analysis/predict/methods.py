"""Methods that predict the time of a pass from its counts, all of one shape, so that they can be compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from scalebench.analysis.predict.cases import Values, Work
from scalebench.analysis.predict.operator_prices import ASPECTS, fit_prices, operator_table

Fitted = Callable[[Values], Values]
"""Rows of a table in, predicted seconds out."""
STIFFNESS = 0.03
"""Residuals of a sixth of prices that vary by a factor of e: (1/6)^2."""
_RIDGE = 0.1


@dataclass(frozen=True)
class Method:
    """A table with one row per pass, and a fit of seconds to its rows."""

    name: str
    table: Callable[[Sequence[Work]], Values]
    fit: Callable[[Values, Values], Fitted]


def log_totals(works: Sequence[Work]) -> Values:
    """Logs of MACs, activations, parameters and bytes moved by each pass."""
    rows = [[work.macs, work.facts["activations"] * work.batch, work.facts["params"], work.bytes] for work in works]
    return np.asarray(np.log(np.asarray(rows, dtype=float)), dtype=float)


def _log_totals_and_operators(works: Sequence[Work]) -> Values:
    operators = [sum(group[-1] for group in work.facts["operators"]) for work in works]
    return np.asarray(np.column_stack([log_totals(works), np.log(operators)]), dtype=float)


def fit_ridge(table: Values, logs: Values, ridge: float) -> Fitted:
    """Ridge regression of ``logs`` on standardised columns, level not penalised; predicts exp of the logs."""
    centre, spread = table.mean(axis=0), table.std(axis=0)
    spread = np.where(spread > 1e-12, spread, 1.0)
    x, level = (table - centre) / spread, float(logs.mean())
    weights = np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ (logs - level))
    return lambda rows: np.asarray(np.exp(level + (rows - centre) / spread @ weights), dtype=float)


def _fit_log_linear(table: Values, seconds: Values) -> Fitted:
    return fit_ridge(table, np.log(seconds), _RIDGE)


def fit_positive(table: Values, seconds: Values) -> Fitted:
    """t = sum of columns times prices, none negative, with least relative errors."""
    scale = np.maximum(table.max(axis=0), 1e-300)
    prices, _ = optimize.nnls(table / scale / seconds[:, None], np.ones(len(table)))
    return lambda rows: np.asarray(np.maximum(rows / scale @ prices, 1e-300), dtype=float)


def _totals(works: Sequence[Work]) -> Values:
    """One, MACs, activations and parameters."""
    return np.asarray(np.column_stack([np.ones(len(works)), np.exp(log_totals(works)[:, :3])]), dtype=float)


def _operator_totals(works: Sequence[Work]) -> Values:
    """Operators, MACs, activation bytes and weight bytes in all."""
    return np.asarray(operator_table(works).reshape(len(works), -1, ASPECTS).sum(axis=1), dtype=float)


def _fit_price_per_kind(table: Values, seconds: Values) -> Fitted:
    prices = fit_prices(table, seconds, STIFFNESS)
    return lambda rows: np.asarray(rows @ prices, dtype=float)


SUM_OF_TOTALS = Method("sum of totals", _totals, fit_positive)
"""t = a + b MACs + c activations + d parameters, none negative."""
TOTALS = Method("totals", log_totals, _fit_log_linear)
"""log t linear in the logs of MACs, activations, parameters and bytes moved, with a light ridge."""
SINGLE_PRICE = Method("one price for all kinds", _operator_totals, fit_positive)
"""Operators one after the other: a price per operator, multiply-add, activation byte and weight byte."""
TOTALS_AND_OPERATORS = Method("totals", _log_totals_and_operators, _fit_log_linear)
PRICE_PER_KIND = Method("prices per kind", operator_table, _fit_price_per_kind)
"""Prices of every kind held near the usual ones, see ``operator_prices``."""
