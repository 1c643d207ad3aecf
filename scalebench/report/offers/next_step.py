"""What should I measure or ask for next, and what is it worth?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from scalebench.procure.decide import Decision
from scalebench.procure.eligible import reason_text
from scalebench.procure.information import Information, InputValue
from scalebench.procure.outcome import MEASURABLE, PurchaseOutcome
from scalebench.procure.sensitivity import CAPACITY
from scalebench.report.content import Column, Table
from scalebench.report.labels import capitalised
from scalebench.report.naming import amount, name
from scalebench.report.questions.question import Answer
from scalebench.report.tables import filled, whole
from scalebench.suite.axes import number_of

NAME, TEXT = "next", "What should I measure or ask for next, and what is it worth?"
MOST = 6
"""Inputs in the table."""
_SMALL = 1e-3
"""Share of the yearly cost below which a saving is no reason to measure or ask."""
_ACTIONS = {
    "mean_images_per_s": "read it from your own logs",
    "peak_images_per_s": "read it from your own logs",
    "growth_per_year": "agree on a forecast",
    "electricity_per_kwh": "ask for the contract's price",
    "pue": "ask the facility",
    "grid_g_per_kwh": "ask the supplier",
    "discount_rate": "ask your finance department",
    "horizon_years": "agree on it",
    "max_utilisation": "agree on it",
    "capex": "ask the vendor for a firm price",
    "residual": "ask the vendor to take it back at a price",
    "life_years": "agree on it, or ask for a longer warranty",
    "maintenance_fraction": "ask the vendor for a contract",
    "hosting_per_year": "ask the facility for a price",
    "per_hour": "ask the provider for a firm price",
    "idle_w": "measure it at the wall",
    "load_w": "measure it at the wall",
}
"""How to learn an input, by the last part of its path."""


def next_step(outcome: PurchaseOutcome) -> Answer | None:
    """The most valuable input and its worth; None without an offer or draws."""
    decision, information = outcome.decision, outcome.information
    if information is None:
        return None
    numbers = {
        "everything_per_year": information.everything,
        "choice_per_year": {value.path: value.choice for value in information.inputs},
        "sizing_per_year": {value.path: value.sizing for value in information.inputs if value.sizing},
    }  # fmt: skip
    points = (*_elastic(decision), *_uncounted(decision))
    return Answer((*_best(decision, information), *_everything(decision, information)), numbers, points)


def next_tables(outcome: PurchaseOutcome) -> tuple[Table, ...]:
    """What each input is worth, most valuable first."""
    decision, money = outcome.decision, outcome.decision.plan.currency
    valuable = [] if outcome.information is None else _valuable(decision, outcome.information)
    columns = [
        Column("input"), Column("how to learn it"), Column(f"worth at most, {money} per year", number=True),
        Column("by another choice", number=True), Column("by fewer nodes", number=True),
    ]  # fmt: skip
    rows = [
        [
            capitalised(name(value.path)), _action(decision, value.path), amount(value.total), amount(value.choice),
            amount(value.sizing) if value.sizing else "-",
        ]
        for value in valuable[:MOST]
    ]  # fmt: skip
    return filled(whole("What knowing an input exactly would save on average", columns, rows))


def _valuable(decision: Decision, information: Information) -> list[InputValue]:
    least = _SMALL * float(decision.ranked[0].bill.per_year)
    return [value for value in information.inputs if value.total > least]


def _action(decision: Decision, path: str) -> str:
    if not path.startswith(CAPACITY):
        return _ACTIONS[path.rpartition(".")[2]]
    estimated = decision.plan.node(path.removeprefix(CAPACITY)).estimate
    return "measure the node itself" if estimated else "measure it longer, in several sessions"


def _best(decision: Decision, information: Information) -> Iterator[str]:
    valuable = _valuable(decision, information)
    if math.isnan(information.everything):
        accuracy = decision.ranked[0].capacity.accuracy
        level = "the service level and the accuracy" if accuracy else "the service level"
        yield f"No value can be given: no offer meets {level} in every case."
        if accuracy:
            yield "Classifying more images would tell whether the model is accurate enough."
    elif not valuable:
        yield f"Nothing that was varied: no single input is worth {100 * _SMALL:g} % of the yearly cost."
    else:
        best = valuable[0]
        yield f"{capitalised(name(best.path))}: {_action(decision, best.path)}."
        yield f"Knowing it exactly saves {_of_cost(decision, best.total)} on average, {_how(best)}."
        if best.sizing > best.choice:
            yield "You would then plan for what a node serves, and not for the lower end of what was measured."


def _everything(decision: Decision, information: Information) -> Iterator[str]:
    if not math.isnan(information.everything) and len(decision.ranked) > 1:
        yield (
            f"Knowing every price and demand would save {_of_cost(decision, information.everything)}, by another "
            "offer where that is cheaper."
        )


def _of_cost(decision: Decision, saving: float) -> str:
    """``22.4 of the 980 EUR per year``."""
    return (
        f"{amount(saving)} of the {amount(float(decision.ranked[0].bill.per_year))} {decision.plan.currency} per year"
    )


def _how(value: InputValue) -> str:
    return "as fewer nodes may be enough" if value.sizing > value.choice else "as another offer may be cheaper"


def _elastic(decision: Decision) -> Iterator[str]:
    first = decision.ranked[0]
    for bound in decision.bounds[:1]:
        if bound.cost < first.cost:
            less = float(first.bill.per_year) - float(bound.bill.per_year)
            yield (
                f"Record the demand hour by hour: {bound.offer.id} may cost up to {amount(less)} "
                f"{decision.plan.currency} per year less, and only a profile can tell."
            )


def _uncounted(decision: Decision) -> Iterator[str]:
    """Setups of measured nodes that a measurement might make usable; what they would save is unknown."""
    measured = {node.id for node in decision.plan.nodes if node.estimate is None}
    by_reason: dict[str, list[str]] = {}
    for refusal in decision.refusals:
        if refusal.reason in MEASURABLE and refusal.node in measured and refusal.setup is not None:
            by_reason.setdefault(reason_text(refusal.reason), []).append(refusal.setup.label)
    for reason, setups in by_reason.items():
        yield (
            f"{capitalised(number_of('setup')(len(setups)))} not counted ({reason}), such as {setups[0]}: "
            "what it could save is unknown."
        )
