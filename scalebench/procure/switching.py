"""Switching values: where an input would have to stand for the runner-up to cost as little as the leader (F10)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from scalebench.procure.choice import costs, counted_on
from scalebench.procure.decide import Decision, Ranked
from scalebench.procure.plan_values import point, quantities
from scalebench.procure.quantity import Quantity

_STEPS = 128
_LEAST = {"pue": 1.0}
_MOST = {"max_utilisation": 1.0, "discount_rate": 1.0, "maintenance_fraction": 1.0}
"""Bounds of the inputs, by the last part of their path."""
_ASKED = ("workload.slo.", "workload.accuracy.")
"""Inputs that no formula of a bill reads: they decide what serves, see ``sensitivity``."""

Gap = Callable[[npt.ArrayLike], npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Switch:
    """One input.

    Attributes:
        path, unit, value: of the input.
        low, high: ends of its own range in the plan; both its value where it has none.
        searched: from and to.
        at: nearest value at which leader and runner-up cost the same, None where there is none in what was searched.
        closed: whether ``at`` is exact because the costs are linear in the input; else it was found by bisection.
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
        """Whether the plan gives it one."""
        return self.low < self.high

    @property
    def in_range(self) -> bool:
        """Whether the switch lies within the plan's own range."""
        return self.at is not None and self.low <= self.at <= self.high


def switches(decision: Decision) -> tuple[Switch, ...]:
    """Switching value of every input that leader or runner-up depend on, from half to twice its value and its range.

    The costs are those of the whole plan: nodes and the choice of setups follow the input. Where the count of nodes
    changes the costs jump, and the place of the jump can be the switching value.

    Returns: those with a value first, nearest first; empty without a runner-up.
    """
    if len(decision.ranked) < 2:
        return ()
    leader, runner = decision.ranked[:2]
    found = [
        _switch(decision, path, leaf)
        for path, leaf in quantities(decision.plan).items()
        if leaf.value > 0 and not path.startswith(_ASKED) and _concerns(path, leader, runner)
    ]
    return tuple(sorted((one for one in found if one), key=_nearness))


def _nearness(switch: Switch) -> tuple[float, str]:
    return (math.inf if switch.at is None else abs(switch.at / switch.value - 1), switch.path)


def _concerns(path: str, leader: Ranked, runner: Ranked) -> bool:
    named = {f"offers.{one.offer.id}." for one in (leader, runner)} | {
        f"nodes.{one.node.id}." for one in (leader, runner)
    }
    return not path.startswith(("offers.", "nodes.")) or any(path.startswith(start) for start in named)


def _switch(decision: Decision, path: str, leaf: Quantity) -> Switch | None:
    low, high = _searched(decision, path, leaf)
    gap = _gap(decision, path)
    values = np.unique([*np.linspace(low, high, _STEPS), leaf.value])
    apart = gap(values)
    if np.ptp(apart[np.isfinite(apart)]) <= 1e-9 * float(np.abs(apart).max()):
        return None  # neither cost, or both alike, depend on it
    at, closed = _root(gap, values, apart, leaf.value)
    return Switch(path, leaf.unit, leaf.value, leaf.least, leaf.most, (low, high), at, closed)


def _searched(decision: Decision, path: str, leaf: Quantity) -> tuple[float, float]:
    """Half to twice the value and the plan's own range, as far as the input can go."""
    last, own = path.rsplit(".", 1)[-1], point(decision.plan)
    offer = path.rsplit(".", 1)[0]
    least, most = _LEAST.get(last, 0.0), _MOST.get(last, math.inf)
    if last == "capex":
        least = float(own[f"{offer}.residual"])
    elif last == "residual":
        most = float(own[f"{offer}.capex"])
    elif last == "mean_images_per_s":
        most = float(own["workload.demand.peak_images_per_s"])
    elif last == "peak_images_per_s":
        least = float(own["workload.demand.mean_images_per_s"])
    elif last == "load_w":
        least = float(own[f"{offer}.idle_w"])
    elif last == "idle_w":
        most = float(own[f"{offer}.load_w"])
    return max(least, min(leaf.least, leaf.value / 2)), min(most, max(leaf.most, leaf.value * 2))


def _gap(decision: Decision, path: str) -> Gap:
    """Cost of the runner-up less that of the leader, as a function of one input."""
    pair = [one.offer for one in decision.ranked[:2]]
    own, serving = point(decision.plan), counted_on(decision.capacities)

    def gap(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        at = np.atleast_1d(np.asarray(values, dtype=float))
        leader, runner = costs(decision.plan, pair, {**own, path: at}, decision.capacities, serving)
        apart: npt.NDArray[np.float64] = runner - leader
        return apart

    return gap


def _root(
    gap: Gap, values: npt.NDArray[np.float64], apart: npt.NDArray[np.float64], own: float
) -> tuple[float | None, bool]:
    """Nearest place where the sign changes, and whether it is exact."""
    crossed = np.flatnonzero(np.sign(apart[:-1]) * np.sign(apart[1:]) < 0)
    exact = values[(apart == 0) & (values != own)]
    places = [(float(value), float(value)) for value in exact]
    places += [(float(values[i]), float(values[i + 1])) for i in crossed]
    if not places:
        return None, False
    low, high = min(places, key=lambda ends: min(abs(end - own) for end in ends))
    if low == high:
        return low, True
    middle = (low + high) / 2
    at_low, at_middle, at_high = map(float, gap([low, middle, high]))
    if abs(at_low + at_high - 2 * at_middle) <= 1e-9 * abs(at_high - at_low):
        return low - at_low * (high - low) / (at_high - at_low), True
    return float(brentq(lambda x: float(gap(x)[0]), low, high)), False
