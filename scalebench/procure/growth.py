"""Demand over the horizon: it grows steadily, and costs and images of later years count for less (F15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scalebench.procure.quantity import Number


@dataclass(frozen=True)
class Year:
    """One year of the horizon; the last one may be shorter. Fields are numbers, or arrays with one entry per draw.

    Attributes:
        weight: length in years times the discount factor of its start.
        mean: mean demand over the year, times that of today.
        peak: highest demand within the term of a rent in which the year lies, times that of today.
    """

    weight: Number
    mean: Number
    peak: Number


def years_of(growth: Number, horizon_years: Number, discount_rate: Number, term_years: int = 1) -> tuple[Year, ...]:
    """Years from today to the horizon; rented nodes are as many for ``term_years`` years, ``growth`` is per year."""
    return tuple(
        _year(number, growth, horizon_years, discount_rate, term_years)
        for number in range(int(np.ceil(np.max(horizon_years))))
    )


def _year(number: int, growth: Number, horizon: Number, discount_rate: Number, term: int) -> Year:
    length = np.clip(horizon - number, 0.0, 1.0)
    first = number - number % term
    factor = 1 + np.asarray(growth, dtype=float)
    log = np.log(factor)
    exponent = log * length
    # The integral of factor^t over the year, over its length; 1 without growth.
    with np.errstate(divide="ignore", invalid="ignore"):
        within = np.where(exponent == 0, 1.0, np.expm1(exponent) / exponent)
    last = np.minimum(horizon, first + term)
    return Year(
        length * (1 + np.asarray(discount_rate, dtype=float)) ** -number,
        factor**number * within,
        np.maximum(factor**first, factor**last),
    )


def highest_peak(growth: Number, horizon_years: Number) -> Number:
    """Highest demand from today to the horizon, times that of today: at the end, or today where demand shrinks."""
    highest: Number = np.maximum(1.0, (1 + growth) ** horizon_years)
    return highest


def levelised(years: Sequence[Year], values: Sequence[Number]) -> Number:
    """Mean of a yearly amount over the horizon, each year by its discounted weight."""
    total: Number = sum(year.weight * value for year, value in zip(years, values, strict=True))
    return total / sum(year.weight for year in years)
