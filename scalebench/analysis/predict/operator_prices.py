"""Time as a sum over kinds of operators, each with its own price per operator, multiply-add and byte.

    t = c * sum_j price_j * x_j,   price_j = usual_j * exp(u_j),   u_j ~ N(0, tau^2),   log t ~ N(log t_hat, sigma^2)

Prices are positive by construction; where measurements are few they stay near the usual price of their aspect.
The derivative of log t_hat by u_j is the share of time that j takes, so one Gauss-Newton step is a ridge regression on
shares.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import optimize

from scalebench.analysis.predict.cases import Values, Work
from scalebench.suite.kinds import OPERATORS

ASPECTS = 4
"""Operators, multiply-adds, activation bytes and weight bytes."""
_LEAST_SHARE = 0.02
"""Least share of the time of a typical case that an aspect starts with."""
_STEPS, _LONGEST = 60, 1.0


def operator_table(works: Sequence[Work]) -> Values:
    """One row per pass, ``ASPECTS`` columns per kind: operators, MACs, activation bytes, weight bytes, of the batch."""
    kinds = list(OPERATORS)
    table = np.zeros((len(works), len(kinds), ASPECTS))
    for row, work in zip(table, works, strict=True):
        for kind, macs, activations, weights, count in work.facts["operators"]:
            row[kinds.index(kind)] += np.array([1, macs * work.batch, activations * work.batch, weights]) * count
    return table.reshape(len(works), len(kinds) * ASPECTS)


def shares(table: Values, price: Values) -> Values:
    """Share of time of every column, and a last column of ones for the common factor."""
    parts = table * price
    return np.hstack([parts / parts.sum(axis=1, keepdims=True), np.ones((len(table), 1))])


def fit_prices(table: Values, seconds: Values, stiffness: float, usual: Values | None = None) -> Values:
    """Most probable price of each column, seconds per unit.

    Args:
        table: ``operator_table``.
        seconds: measured time of each row.
        stiffness: sigma^2 / tau^2; the larger, the nearer prices stay to the usual ones.
        usual: usual prices up to a common factor; by default those that ``usual_prices`` finds.
    """
    usual = usual_prices(table, seconds) if usual is None else usual
    logs, columns = np.log(seconds), table.shape[1]
    penalty = np.append(np.full(columns, stiffness), 0.0)  # the common factor is free
    u = np.zeros(columns + 1)
    u[-1] = float(np.mean(logs - np.log(table @ usual)))

    def cost(u: Values) -> float:
        residual = logs - u[-1] - np.log(table @ (usual * np.exp(u[:-1])))
        return float(residual @ residual + penalty @ u**2)

    for _ in range(_STEPS):
        price = usual * np.exp(u[:-1])
        rows = shares(table, price)
        residual = logs - u[-1] - np.log(table @ price)
        regular = np.diag(np.maximum(penalty, 1e-9))
        step = np.linalg.solve(rows.T @ rows + regular, rows.T @ residual - penalty * u)
        step = step * min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-300))
        while cost(u + step) > cost(u) and np.abs(step).max() > 1e-10:
            step = step / 2
        u = u + step
        if np.abs(step).max() < 1e-8:
            break
    return np.asarray(usual * np.exp(u[:-1] + u[-1]), dtype=float)


def usual_prices(table: Values, seconds: Values) -> Values:
    """Price of each aspect, for all kinds: non-negative least squares of relative errors, none of them zero."""
    totals = table.reshape(len(table), -1, ASPECTS).sum(axis=1)
    scale = np.maximum(np.median(totals, axis=0), 1.0)
    prices, _ = optimize.nnls(totals / scale / seconds[:, None], np.ones(len(table)))
    least = _LEAST_SHARE * float(np.median(seconds))
    return np.tile(np.maximum(prices, least) / scale, table.shape[1] // ASPECTS)
