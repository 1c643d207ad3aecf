"""Where the answer changes: switching values of inputs (F10), buy against rent (F9), and costs over demand."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from scalebench.procure import formulas as f
from scalebench.procure.decide import Decision, Ranked
from scalebench.procure.pricing import costs
from scalebench.procure.purchase_plan import NO_MORE_THAN, Buy, Rent
from scalebench.procure.quantity import Quantity, point, quantities
from scalebench.procure.sensitivity import CHANGES_CAPACITY

_STEPS = 128
_LIMITS = {"pue": (1.0, math.inf)} | dict.fromkeys(
    ("max_utilisation", "discount_rate", "maintenance_fraction"), (0.0, 1.0)
)
"""Values that an input can take, by the last part of its path; at least 0 for the others."""
_NO_LESS_THAN = {other: name for name, other in NO_MORE_THAN.items()}
_DEMAND = ("workload.demand.mean_images_per_s", "workload.demand.peak_images_per_s")

CostDifference = Callable[[npt.ArrayLike], npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Switch:
    """One input.

    Attributes:
        path, unit, value: of the input.
        low, high: ends of its range in the plan; both the value if it has none.
        searched: from and to.
        at: nearest value at which leader and runner-up cost the same, None if there is none in ``searched``.
        closed: whether ``at`` is exact because the costs are linear in the input; else it comes from root finding.
    """

    path: str
    unit: str
    value: float
    low: float
    high: float
    searched: tuple[float, float]
    at: float | None
    closed: bool

    @property
    def has_range(self) -> bool:
        """Whether the plan gives it a range."""
        return self.low < self.high

    @property
    def in_range(self) -> bool:
        """Whether the switching value lies within the plan's range."""
        return self.at is not None and self.low <= self.at <= self.high


def switches(decision: Decision) -> tuple[Switch, ...]:
    """Switching value of every input that leader or runner-up depend on, from half to twice its value and its range.

    The costs are those of the whole plan: nodes and the choice of setups follow the input. Costs jump where the number
    of nodes changes, and the jump can be the switching value.

    Returns: those with a value first, nearest first; empty without a runner-up.
    """
    if len(decision.ranked) < 2:
        return ()
    pair = decision.ranked[:2]
    own = tuple(f"offers.{offer.offer.id}." for offer in pair) + tuple(f"nodes.{offer.node.id}." for offer in pair)
    inputs = {
        path: leaf
        for path, leaf in quantities(decision.plan).items()
        if leaf.value > 0
        and not path.startswith(CHANGES_CAPACITY)
        and (path.startswith(own) or not path.startswith(("offers.", "nodes.")))
    }
    switches_ = (_switch(decision, path, leaf) for path, leaf in inputs.items())
    return tuple(sorted((switch for switch in switches_ if switch), key=_nearness))


def _nearness(switch: Switch) -> tuple[float, str]:
    return (math.inf if switch.at is None else abs(switch.at / switch.value - 1), switch.path)


def _switch(decision: Decision, path: str, leaf: Quantity) -> Switch | None:
    """None if neither cost depends on the input, or both in the same way."""
    low, high = _searched(decision, path, leaf)
    difference = _cost_difference(decision, path)
    values = np.unique([*np.linspace(low, high, _STEPS), leaf.value])
    differences = difference(values)
    if np.ptp(differences[np.isfinite(differences)]) <= 1e-9 * float(np.abs(differences).max()):
        return None
    at, closed = _root(difference, values, differences, leaf.value)
    return Switch(path, leaf.unit, leaf.value, leaf.least, leaf.most, (low, high), at, closed)


def _searched(decision: Decision, path: str, leaf: Quantity) -> tuple[float, float]:
    """Half to twice the value and the plan's own range, within the values that the input can take."""
    (parent, _, last), own = path.rpartition("."), point(decision.plan)
    least, most = _LIMITS.get(last, (0.0, math.inf))
    if last in _NO_LESS_THAN:
        least = float(own[f"{parent}.{_NO_LESS_THAN[last]}"])
    if last in NO_MORE_THAN:
        most = float(own[f"{parent}.{NO_MORE_THAN[last]}"])
    return max(least, min(leaf.least, leaf.value / 2)), min(most, max(leaf.most, leaf.value * 2))


def _cost_difference(decision: Decision, path: str) -> CostDifference:
    """Cost of the runner-up less that of the leader, as a function of one input."""
    pair, own = [offer.offer for offer in decision.ranked[:2]], point(decision.plan)

    def difference(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        inputs = {**own, path: np.atleast_1d(np.asarray(values, dtype=float))}
        leader, runner_up = costs(decision.plan, pair, inputs, decision.capacities)
        less: npt.NDArray[np.float64] = runner_up - leader
        return less

    return difference


def _root(
    difference: CostDifference, values: npt.NDArray[np.float64], differences: npt.NDArray[np.float64], own: float
) -> tuple[float | None, bool]:
    """Nearest value at which the sign changes, and whether it is exact."""
    crossed = np.flatnonzero(np.sign(differences[:-1]) * np.sign(differences[1:]) < 0)
    brackets = [(float(value), float(value)) for value in values[(differences == 0) & (values != own)]]
    brackets += [(float(values[i]), float(values[i + 1])) for i in crossed]
    if not brackets:
        return None, False
    low, high = min(brackets, key=lambda ends: min(abs(end - own) for end in ends))
    if low == high:
        return low, True
    at_low, at_middle, at_high = map(float, difference([low, (low + high) / 2, high]))
    if abs(at_low + at_high - 2 * at_middle) <= 1e-9 * abs(at_high - at_low):
        return low - at_low * (high - low) / (at_high - at_low), True
    return float(brentq(lambda value: float(difference(value)[0]), low, high)), False


@dataclass(frozen=True)
class BreakEven:
    """One node bought against the same node rented, with the setups they are ranked with.

    Attributes:
        buy, rent: ids of the offers.
        per_hour: hourly rent at which owning costs the same, the node always on.
        hours: of rent per year that owning costs.
        utilisation: the same as a share of the year; above 1 renting always costs less.
        payback_months: until the price, less the residual, is saved in rent; infinite if it never is.
    """

    buy: str
    rent: str
    per_hour: float
    hours: float
    utilisation: float
    payback_months: float


def break_evens(decision: Decision) -> tuple[BreakEven, ...]:
    """Every pair of a bought and a rented offer of the same node, in the order of the ranking."""
    rate = decision.plan.finance.discount_rate.value
    return tuple(
        _break_even(bought, bought.offer, rented.offer, rate)
        for bought, rented in product(decision.serving, repeat=2)
        if isinstance(bought.offer, Buy) and isinstance(rented.offer, Rent) and bought.node.id == rented.node.id
    )


def _break_even(bought: Ranked, buy: Buy, rent: Rent, discount_rate: float) -> BreakEven:
    owned, price = float(bought.bill.per_node_year), rent.per_hour.value
    capital = f.capital_per_year(buy.capex.value, buy.residual.value, discount_rate, buy.life_years.value)
    return BreakEven(
        buy.id,
        rent.id,
        float(f.break_even_per_hour(owned)),
        float(f.break_even_hours(owned, price)),
        float(f.break_even_utilisation(owned, price)),
        float(f.payback_months(buy.capex.value, buy.residual.value, price, owned - float(capital))),
    )


@dataclass(frozen=True)
class CostCurve:
    """Cost of every offer that meets the constraints over demand, the peak in proportion to the mean.

    Attributes:
        mean_ips: mean demand, images per second, rising.
        costs: by offer in the order of ``Decision.serving``, one for each demand; see ``policy.rank_by``.
    """

    mean_ips: tuple[float, ...]
    costs: dict[str, tuple[float, ...]]


def over_demand(decision: Decision, least: float = 0.1, most: float = 10.0, points: int = 81) -> CostCurve:
    """Costs from ``least`` to ``most`` times the plan's demand; nodes and the choice of setups follow it."""
    factors, own = np.geomspace(least, most, points), point(decision.plan)
    inputs = own | {path: own[path] * factors for path in _DEMAND}
    offers = [ranked.offer for ranked in decision.serving]
    table = costs(decision.plan, offers, inputs, decision.capacities)
    mean = tuple(map(float, own[_DEMAND[0]] * factors))
    return CostCurve(mean, {offer.id: tuple(map(float, row)) for offer, row in zip(offers, table, strict=True)})
