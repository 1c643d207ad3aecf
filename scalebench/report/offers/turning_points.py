"""What would change the answer?"""

from __future__ import annotations

from collections.abc import Iterator

from scalebench.procure.decide import Decision
from scalebench.procure.outcome import PurchaseOutcome
from scalebench.procure.pricing import price
from scalebench.procure.quantity import point
from scalebench.procure.sensitivity import Bar
from scalebench.procure.switching import Switch
from scalebench.report.labels import capitalised, listed
from scalebench.report.naming import amount, given, name, percentage, with_unit
from scalebench.report.questions.question import Answer
from scalebench.suite.axes import number_of

NAME, TEXT = "change", "What would change the answer?"
MOST = 6
"""Switching values on the first screens; the details have all."""
_NEAR = 1e-3
"""Share of the way from the planned to the switching value that is near it."""
_HORIZON = "finance.horizon_years"


def turning_points(outcome: PurchaseOutcome) -> Answer | None:
    """Switching values, nearest first, then ranges at whose ends another offer wins; None without an offer."""
    decision = outcome.decision
    if not decision.ranked:
        return None
    turning = [switch for switch in outcome.switches if switch.at is not None]
    inside = [switch for switch in turning if switch.in_range]
    ranged = [switch for switch in outcome.switches if switch.has_range]
    ends = [end for bar in outcome.bars for end in _ends(outcome, bar)]
    ordered = [*inside, *(switch for switch in turning if not switch.in_range)]
    jump = _jump(decision, ordered[0]) if ordered else None
    numbers = {
        "nodes": jump,
        "runner_up": decision.ranked[1].offer.id if decision.ranked[1:] else None,
        "at": {switch.path: switch.at for switch in turning},
        "planned": {switch.path: switch.value for switch in turning},
        "in_range": [switch.path for switch in inside], "ranges": len(ranged),
        "beaten": {v.path: [v.beaten_low, v.beaten_high] for v in outcome.information.inputs}
        if outcome.information else {},
    }  # fmt: skip
    points = (*ends, *(turn(decision, switch) for switch in ordered[1:MOST]), *_idle(outcome))
    together = () if inside else tuple(_together(outcome))
    why = (_why(decision, ordered[0], *jump),) if jump else ()
    return Answer((*_first(decision, ordered), *why, *_count(inside, ranged), *together), numbers, points)


def turn(decision: Decision, switch: Switch) -> str:
    """``own wins if the price of a node of own falls below 22,090 EUR (now 24,000).``"""
    at = switch.value if switch.at is None else switch.at
    runner_up, plan = decision.ranked[1].offer.id, decision.plan
    verb = "rises above" if at > switch.value else "falls below"
    outside = ", outside your range" if switch.has_range and not switch.in_range else ""
    return (
        f"{runner_up} wins if {name(switch.path)} {verb} {with_unit(amount(at), switch.unit, plan)} "
        f"(now {given(switch.value)}{outside})."
    )


def _first(decision: Decision, ordered: list[Switch]) -> Iterator[str]:
    if len(decision.ranked) < 2:
        yield "No price: there is no other offer to take."
    elif not ordered:
        yield f"No single input makes {decision.ranked[1].offer.id} the cheaper one, from half to twice its value."
    else:
        yield turn(decision, ordered[0])


def _jump(decision: Decision, switch: Switch) -> tuple[int, int] | None:
    """Nodes of the first offer before and beyond a switching value; None where they are as many."""
    at = switch.value if switch.at is None else switch.at
    before, beyond = (_nodes(decision, switch.path, at + step * (at - switch.value)) for step in (-_NEAR, _NEAR))
    return None if before == beyond else (before, beyond)


def _why(decision: Decision, switch: Switch, before: int, beyond: int) -> str:
    cause = "the demand grows longer, and " if switch.path == _HORIZON else ""
    return f"From there on {cause}{decision.ranked[0].offer.id} takes {beyond} nodes instead of {before}."


def _nodes(decision: Decision, path: str, value: float) -> int:
    """Nodes of the first offer at another value of an input."""
    inputs = {**point(decision.plan), path: value}
    (first,) = price(decision.plan, [decision.ranked[0].offer], inputs, decision.capacities)
    return int(first.bill.nodes)


def _count(inside: list[Switch], ranged: list[Switch]) -> Iterator[str]:
    """How many of the plan's ranges can turn the choice between the first two offers."""
    if ranged:
        yield (
            f"Of {number_of('input')(len(ranged))} with a range, {len(inside) or 'none'} "
            f"{'turn' if len(inside) > 1 else 'turns'} the choice within that range."
        )


def _together(outcome: PurchaseOutcome) -> Iterator[str]:
    """Where no input turns the choice alone: the one at whose end the first offer is beaten most often."""
    values = outcome.information.inputs if outcome.information else ()
    worst = max(values, key=lambda value: max(value.beaten_low, value.beaten_high), default=None)
    if worst is not None and (share := max(worst.beaten_low, worst.beaten_high)) > 0:
        end = "lowest" if worst.beaten_low == share else "highest"
        yield (
            f"Several can together: where {name(worst.path)} is in its {end} tenth, another offer is cheaper in "
            f"{percentage(share)} of the cases."
        )


def _ends(outcome: PurchaseOutcome, bar: Bar) -> Iterator[str]:
    """Ends of a range with a winner that no switching value names: they cover the inputs of the first two offers."""
    switched = bar.path in {switch.path for switch in outcome.switches}
    covered = {offer.offer.id for offer in outcome.decision.ranked[: 2 if switched else 0]} | {bar.winner}
    for wins, end, at in ((bar.wins_low, "low", bar.low), (bar.wins_high, "high", bar.high)):
        if wins not in covered:
            who = f"{wins} is the cheapest" if wins else "no offer meets the constraints"
            value = with_unit(amount(at), bar.unit, outcome.decision.plan)
            yield f"At the {end} end of {name(bar.path)}, {value}, {who}."


def _idle(outcome: PurchaseOutcome) -> Iterator[str]:
    """How many inputs with a range cannot turn the choice."""
    idle = [name(switch.path) for switch in outcome.switches if switch.at is None and switch.has_range]
    if len(idle) > 2:
        yield f"{len(idle)} other inputs with a range do not change it, such as {idle[0]}. The details have all."
    elif idle:
        yield f"{capitalised(listed(idle))} {'does' if len(idle) == 1 else 'do'} not change it."
