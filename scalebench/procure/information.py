"""Value of information: how much deciding better would save if an input were known before the purchase (F16)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scalebench.procure import formulas as f
from scalebench.procure.chances import PER_YEAR, drawn_rates
from scalebench.procure.decide import Decision
from scalebench.procure.pricing import SAME, Rates, costs
from scalebench.procure.quantity import Inputs, draws, point, quantities
from scalebench.procure.sensitivity import CAPACITY, CHANGES_CAPACITY

STRATA = 10
"""Equally likely groups of an input's draws, lowest values first, that stand for knowing it."""


@dataclass(frozen=True)
class InputValue:
    """What knowing one input exactly is worth, in the plan's currency per year.

    Attributes:
        path: of the input; ``capacity.`` and a node's id for what the node serves.
        choice: expected saving of choosing the offer with that knowledge, at most that of knowing everything.
        sizing: expected saving of planning the first offer's nodes for what they serve, not for the end of its interval
            that the plan counts on; 0 for inputs of the plan.
        beaten_low, beaten_high: share of the draws in which another offer costs less than the first one, among the
            tenth with the lowest and that with the highest values.
    """

    path: str
    choice: float
    sizing: float
    beaten_low: float
    beaten_high: float

    @property
    def total(self) -> float:
        """Both savings; NaN if that of the choice is unknown."""
        return self.choice + self.sizing


@dataclass(frozen=True)
class Information:
    """What deciding better is worth, in the plan's currency per year.

    Attributes:
        everything: expected saving of choosing the offer with every input known; NaN where no offer serves in all
            draws, because then no cost can be put on the choice.
        regret: by how much the first offer costs more than the cheapest on average; NaN if it does not always serve.
        inputs: each input with a range and each node's capacity, most valuable first.
    """

    everything: float
    regret: float
    inputs: tuple[InputValue, ...]


def saving(expected: npt.NDArray[np.float64]) -> float:
    """Expected saving of choosing after something has been learned: min E[cost] - E[min E[cost | learned]].

    That is the expected value of perfect information (Raiffa and Schlaifer, 1961), of one input if the columns are
    its values (Felli and Hazen, 1998).

    Args:
        expected: costs, shape (offers, equally likely things to learn); infinite where an offer does not serve.

    Returns: at least 0; NaN where every offer fails to serve somewhere.
    """
    chosen_now = float(expected.mean(axis=1).min())
    return max(0.0, chosen_now - float(expected.min(axis=0).mean())) if np.isfinite(chosen_now) else np.nan


def information(decision: Decision) -> Information | None:
    """What knowing each input is worth, from the draws of the decision; None without an offer or draws.

    The number of nodes and the setup follow the draw, as in ``chances``; only the offer is chosen before. Ranges of the
    service level and of accuracies are not drawn.
    """
    if not decision.ranked or not decision.draws:
        return None
    plan, serving = decision.plan, decision.capacities
    inputs, rates = draws(plan, decision.draws, decision.seed), drawn_rates(serving)
    drawn = costs(plan, decision.offers, inputs, serving, rates, PER_YEAR)
    first = [offer.id for offer in decision.offers].index(decision.ranked[0].offer.id)
    beaten = drawn[first] > drawn.min(axis=0) * (1 + SAME)
    values = []
    for path, order in _orders(decision, inputs).items():
        choice = saving(_expected(decision, inputs, rates, path, order))
        strata = np.array_split(order, min(STRATA, len(order)))
        ends = (float(beaten[stratum].mean()) for stratum in (strata[0], strata[-1]))
        values.append(InputValue(path, choice, _sizing(decision, path), *ends))
    return Information(
        saving(drawn),
        float((drawn[first] - drawn.min(axis=0)).mean()) if np.isfinite(drawn[first]).all() else np.nan,
        tuple(sorted(values, key=lambda value: (-np.nan_to_num(value.total), value.path))),
    )


def _orders(decision: Decision, inputs: Inputs) -> dict[str, npt.NDArray[np.int_]]:
    """Draws by rising value of each input with a range and of each node's planned rate, by path."""
    orders = {
        path: np.argsort(inputs[path])
        for path, leaf in quantities(decision.plan).items()
        if leaf.least < leaf.most and not path.startswith(CHANGES_CAPACITY)
    }
    nodes = dict.fromkeys(offer.node for offer in decision.offers)
    return orders | {f"{CAPACITY}{node}": np.argsort(_planned(decision, node)) for node in nodes}


def _expected(
    decision: Decision, inputs: Inputs, rates: Rates, path: str, order: npt.NDArray[np.int_]
) -> npt.NDArray[np.float64]:
    """Expected cost of each offer per year where one input lies in a stratum, shape (offers, strata).

    The values of a stratum meet the draws of everything else, the same ones for every stratum, so that what does not
    depend on the input is equal in all. Capacities of all nodes stay together: some share what was measured.

    Args:
        order: draws by rising value of the input.
    """
    columns, of_nodes = [], path.startswith(CAPACITY)
    for stratum in np.array_split(order, min(STRATA, len(order))):
        index = np.resize(stratum, len(order))
        known: Inputs = inputs if of_nodes else {**inputs, path: np.asarray(inputs[path])[index]}
        served: Rates = [(np.asarray(a)[index], np.asarray(b)[index]) for a, b in rates] if of_nodes else rates
        columns.append(costs(decision.plan, decision.offers, known, decision.capacities, served, PER_YEAR))
    return np.stack([column.mean(axis=1) for column in columns], axis=1)


def _planned(decision: Decision, node: str) -> npt.NDArray[np.float64]:
    """Most that a node is planned for in each draw, images per second."""
    usable = decision.plan.policy.max_utilisation.value
    setups = [capacity for capacity in decision.capacities if capacity.node == node]
    rates = [np.asarray(f.planned_ips(np.asarray(c.draws), np.asarray(c.slo_draws), usable)) for c in setups]
    best: npt.NDArray[np.float64] = np.max(rates, axis=0)
    return best


def _sizing(decision: Decision, path: str) -> float:
    """Planned cost of the first offer less its expected cost with nodes for what they serve, all else as planned."""
    first, serving = decision.ranked[0], decision.capacities
    if path != f"{CAPACITY}{first.offer.node}":
        return 0.0
    drawn = costs(decision.plan, [first.offer], point(decision.plan), serving, drawn_rates(serving), PER_YEAR)
    return max(0.0, float(first.bill.per_year) - float(drawn.mean()))
