"""A decision in words: the verdict, the rows of its table, and what would change it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scalebench.analysis.sessions import DEFAULT
from scalebench.analysis.stats import Estimate
from scalebench.procure.decide import Decision, Ranked
from scalebench.procure.eligible import reason_text
from scalebench.procure.outcome import PurchaseOutcome
from scalebench.procure.switching import Switch
from scalebench.report.labels import listed
from scalebench.report.naming import amount, capitalised, given, name, with_unit
from scalebench.units import digits, interval

_NAMED = 6
"""Most inputs without influence that are named, those with a range first; the page has all of them in a table."""
_NUMBERS = frozenset({"batch", "nodes", "J/img", "P(best)"})


def sessions(decision: Decision) -> tuple[str, ...]:
    """A sentence where machines were measured in one session only."""
    single = sorted({c.machine for c in decision.capacities if c.sessions == 1 and c.machine})
    if not single:
        return ()
    return (
        f"Measured in one session: {listed(single)}. Intervals of capacities hold for that session; P(best) and the "
        f"draws of costs assume a standard deviation of {100 * DEFAULT.deviation(1):.0f} % between sessions.",
    )


def headings(decision: Decision) -> list[tuple[str, bool]]:
    """Columns of the ranked table, and whether they hold numbers."""
    money, slo = decision.plan.currency, decision.plan.workload.slo
    tail = f"p{slo.percentile} [95 %]; planned of {given(slo.latency_ms.value)} ms"
    names = (
        "offer", "model@px", "run as", "batch", tail, "img/s of a node [95 %]; planned", "nodes",
        f"{money} per year{'' if _per_million(decision) else '; draws'}",
        f"{money} per M images{'; draws' if _per_million(decision) else ''}", "J/img", "P(best)", "status",
    )  # fmt: skip
    return [(text, text in _NUMBERS or text.startswith((f"{money} ", "img/s", "p9"))) for text in names]


def rows(decision: Decision) -> list[list[str]]:
    """Cells of the ranked table: offers by cost, then those with only a lower bound on cost, then rejected ones."""
    dashes = ["-"] * (len(headings(decision)) - 2)
    rejected = [[offer.offer, *dashes, f"rejected: {reason_text(offer.reason)}"] for offer in decision.rejected]
    return [_row(decision, offer) for offer in decision.serving] + rejected


def _row(decision: Decision, offer: Ranked) -> list[str]:
    capacity, bill, setup = offer.capacity, offer.bill, offer.capacity.setup
    planned = capacity.planned_ips(decision.plan.policy.max_utilisation.value)
    return [
        offer.offer.id,
        f"{setup.model}@{setup.resolution}",
        setup.configuration,
        str(capacity.batch),
        f"{with_interval(capacity.tail_s, 1e-3)}; {digits(capacity.latency_s * 1e3)}",
        f"{with_interval(capacity.images_per_s)}; {digits(planned)}",
        nodes(decision, offer),
        f"{amount(float(bill.per_year))}{'' if _per_million(decision) else _drawn_cost(offer)}",
        f"{amount(float(bill.per_million))}{_drawn_cost(offer) if _per_million(decision) else ''}",
        digits(float(bill.joules_per_image)),
        share(offer.chance.best),
        _status(decision, offer),
    ]


def nodes(decision: Decision, offer: Ranked) -> str:
    """``6 (5+1)``: all nodes, those for the demand and the redundant ones."""
    total, spare = int(offer.bill.nodes), decision.plan.policy.redundancy
    return f"{total} ({total - spare}+{spare})"


def _status(decision: Decision, offer: Ranked) -> str:
    """Its rank in a word, and whether it was measured; ``remarks`` has the rest."""
    words = {"winner": "winner", "tie": "tie", "open": "leads, not established", "none": ""}
    word = words[decision.standing] if offer.offer.id in decision.leaders else "ranked"
    parts = {
        word: offer not in decision.bounds, "not measured": offer.unmeasured, "lower bound": offer.lower_bound,
    }  # fmt: skip
    return ", ".join(text for text, applies in parts.items() if applies)


def remarks(decision: Decision) -> list[tuple[str, str]]:
    """The reasons for the status of each offer that needs one."""
    reasons = []
    for offer in decision.serving:
        bound = ["the cost of elastic rent is a lower bound, perfect scaling"] if offer.lower_bound else []
        rarely = [f"serves in {share(offer.chance.serves)} of the draws"] if offer.chance.serves < 1 else []
        if texts := [*offer.unmeasured, *bound, *rarely]:
            reasons.append((offer.offer.id, "; ".join(texts)))
    return reasons + [(r.offer, f"rejected, {reason_text(r.reason)}: {r.text}") for r in decision.rejected]


def share(fraction: float) -> str:
    """A probability with two digits, 1 or 0 only if it is exactly that; ``-`` if it is unknown."""
    if math.isnan(fraction):
        return "-"
    return "> 0.99" if 0.995 <= fraction < 1 else "< 0.01" if 0 < fraction < 0.005 else f"{fraction:.2f}"


def with_interval(estimate: Estimate, unit: float = 1.0) -> str:
    """Value and its 95 % interval, divided by ``unit``: ``28.5 [27.1, 29.9]``."""
    value, low, high = (number / unit for number in (estimate.value, estimate.low, estimate.high))
    return f"{digits(value)} {'[-]' if math.isnan(low) or math.isnan(high) else interval(low, high)}"


def _per_million(decision: Decision) -> bool:
    """Whether offers are ranked by cost per million images, not per year."""
    return decision.plan.policy.rank_by == "cost_per_million_images"


def _drawn_cost(offer: Ranked) -> str:
    """Median of the cost in the draws with the central 95 %: ``; 0.84 [0.48 to 1.20]``."""
    chance = offer.chance
    if math.isnan(chance.median):
        return ""
    return f"; {amount(chance.median)} [{amount(chance.low)} to {amount(chance.high)}]"


def verdict(decision: Decision) -> str:
    """The decision in one to three sentences, with cost, number of nodes, margin and P(best)."""
    if decision.standing == "none":
        by_reason: dict[str, list[str]] = {}
        for rejected in decision.rejected:
            by_reason.setdefault(reason_text(rejected.reason), []).append(rejected.offer)
        reasons = "; ".join(f"{reason}: {listed(offers)}" for reason, offers in by_reason.items())
        return f"No offer meets the constraints ({reasons})."
    first, enough = decision.ranked[0], decision.plan.policy.tie_probability
    cheapest = f"{_fleet(decision, first)}{_margin(decision)}"
    if decision.standing == "winner":
        sentence = f"{cheapest}; P(best) {share(first.chance.best)}."
    elif decision.standing == "tie":
        leaders = [offer for leader in decision.leaders for offer in decision.ranked if offer.offer.id == leader]
        names = listed([f"{offer.offer.id}{' (not measured)' if offer.unmeasured else ''}" for offer in leaders])
        chances = listed([share(offer.chance.best) for offer in leaders])
        sentence = (
            f"Tie between {names}: P(best) {chances}, where a winner needs {enough:g}. Cheapest as planned: {cheapest}."
        )
    else:
        sentence = (
            f"Not established: {cheapest}, but it serves in only {share(first.chance.serves)} of the draws, "
            f"where {enough:g} are needed."
        )
    return " ".join([sentence, *_caveats(decision, first)])


def _fleet(decision: Decision, offer: Ranked) -> str:
    money, bill, capacity = decision.plan.currency, offer.bill, offer.capacity
    return (
        f"{offer.offer.id}, {nodes(decision, offer)} nodes with {capacity.setup.label} at batch {capacity.batch}: "
        f"{amount(float(bill.per_year))} {money} per year, {amount(float(bill.per_million))} {money} per million images"
    )


def _margin(decision: Decision) -> str:
    if len(decision.ranked) < 2:
        return ", the only offer that meets the constraints"
    first, second = decision.ranked[:2]
    less = (second.cost - first.cost) / second.cost
    return f", {digits(100 * less)} % less than {second.offer.id}" if less > 0 else f", as much as {second.offer.id}"


def _caveats(decision: Decision, first: Ranked) -> Iterator[str]:
    if first.lower_bound:
        yield "The cost of every offer here is a lower bound, because it assumes perfect scaling."
    for bound in decision.bounds[:1]:
        if bound.cost < first.cost:
            yield f"Elastic rent may cost less: {_priced(decision, bound)} is a lower bound, perfect scaling."
    if first.unmeasured:
        yield f"{capitalised(listed([text.partition(':')[0] for text in first.unmeasured]))}."
        measured = next((offer for offer in decision.ranked if offer.offer.id == decision.best_measured), None)
        if measured is None:
            yield "No offer is measured throughout."
        else:
            yield f"The best measured offer is {_priced(decision, measured)}."


def _priced(decision: Decision, offer: Ranked) -> str:
    return f"{offer.offer.id} at {amount(float(offer.bill.per_million))} {decision.plan.currency} per million images"


def what_changes_it(outcome: PurchaseOutcome) -> list[str]:
    """A sentence for each switching value, nearest first; the last one lists inputs that do not matter."""
    by_range = sorted(outcome.switches, key=lambda switch: not switch.has_range)
    idle = [name(switch.path) for switch in by_range if switch.at is None]
    texts = [_switch(outcome.decision, switch, switch.at) for switch in outcome.switches if switch.at is not None]
    if idle:
        more = [f"{len(idle) - _NAMED} more inputs"] if len(idle) > _NAMED else []
        names = listed([*idle[:_NAMED], *more])
        texts.append(f"From half to twice the planned value, and in your range, these do not matter: {names}.")
    return texts


def _switch(decision: Decision, switch: Switch, at: float) -> str:
    runner_up, plan = decision.ranked[1].offer.id, decision.plan
    change = f"{'rises above' if at > switch.value else 'falls below'} {with_unit(amount(at), switch.unit, plan)}"
    if switch.has_range and not switch.in_range:
        own = f"{given(switch.low)} to {given(switch.high)}"
        return (
            f"{capitalised(name(switch.path))} does not matter in your range of {own}: "
            f"{runner_up} would win if it {change}."
        )
    return f"{runner_up} wins if {name(switch.path)} {change} (now {given(switch.value)})."
