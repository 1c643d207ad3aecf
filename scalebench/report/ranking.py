"""A decision in words: the verdict, the rows of its table, and what would change it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scalebench.analysis.stats import Estimate
from scalebench.procure.decide import Decision, Ranked
from scalebench.procure.eligible import Rejected, in_words
from scalebench.procure.outcome import PurchaseOutcome
from scalebench.procure.switching import Switch
from scalebench.report.labels import listed
from scalebench.report.naming import amount, given, name, with_unit
from scalebench.units import digits, interval

_NAMED = 6
"""Inputs that do not matter which are named, those with a range first; the page has all of them in a table."""
_NUMBERS = frozenset({"batch", "nodes", "J/img", "P(best)"})


def headings(decision: Decision) -> list[tuple[str, bool]]:
    """Columns of the ranked table, and whether they hold numbers."""
    money, slo = decision.plan.currency, decision.plan.workload.slo
    tail = f"p{slo.percentile} [95 %]; worst of {given(slo.latency_ms.value)} ms"
    names = (
        "offer", "model@px", "run as", "batch", tail, "img/s of a node [95 %]", "nodes", f"{money} per year",
        f"{money} per M images [draws]", "J/img", "P(best)", "status",
    )  # fmt: skip
    return [(text, text in _NUMBERS or text.startswith((f"{money} ", "img/s", "p9"))) for text in names]


def rows(decision: Decision) -> list[list[str]]:
    """Cells of the ranked table: offers by cost, those whose cost is a lower bound, those that were rejected."""
    found = [_ranked(decision, one) for one in decision.serving]
    return found + [_rejected(decision, one) for one in decision.rejected]


def _ranked(decision: Decision, one: Ranked) -> list[str]:
    capacity, bill, setup = one.capacity, one.bill, one.capacity.setup
    shown = f"{setup.model}@{setup.resolution}"
    return [
        one.offer.id,
        shown,
        setup.configuration,
        str(capacity.batch),
        f"{with_interval(capacity.tail_s, 1e-3)}; {digits(capacity.worst_s * 1e3)}",
        with_interval(capacity.images_per_s),
        nodes(decision, one),
        amount(float(bill.per_year)),
        f"{amount(float(bill.per_million))} {_drawn(decision, one)}".strip(),
        digits(float(bill.joules_per_image)),
        share(one.chance.best),
        status(decision, one),
    ]


def _rejected(decision: Decision, one: Rejected) -> list[str]:
    return [one.offer, *["-"] * (len(headings(decision)) - 2), f"rejected: {in_words(one.reason)}"]


def nodes(decision: Decision, one: Ranked) -> str:
    """``6 (5+1)``: all nodes, those for the demand and those that may fail."""
    all_, spare = int(one.bill.nodes), decision.plan.policy.redundancy
    return f"{all_} ({all_ - spare}+{spare})"


def status(decision: Decision, one: Ranked) -> str:
    """Where it stands, and in a word what a reader has to know about it; ``remarks`` has the rest."""
    words = {"winner": "winner", "tie": "tie", "open": "leads, not established", "none": ""}
    word = words[decision.standing] if one.offer.id in decision.leaders else "ranked"
    guess = ["not measured"] if one.unmeasured else []
    bound = ["lower bound"] if one.lower_bound else []
    return ", ".join([*([] if one in decision.bounds else [word]), *guess, *bound])


def remarks(decision: Decision) -> list[tuple[str, str]]:
    """What stands behind the words of the table's last column, by offer."""
    said = []
    for one in decision.serving:
        bound = ["the cost of elastic rent is a lower bound, perfect scaling"] if one.lower_bound else []
        rarely = [f"serves in {share(one.chance.serves)} of the draws"] if one.chance.serves < 1 else []
        if about := [*one.unmeasured, *bound, *rarely]:
            said.append((one.offer.id, "; ".join(about)))
    return said + [(one.offer, f"rejected, {in_words(one.reason)}: {one.text}") for one in decision.rejected]


def share(fraction: float) -> str:
    """A probability with two digits that is 1 or 0 only where it is exactly that; ``-`` where it is not known."""
    if math.isnan(fraction):
        return "-"
    return "> 0.99" if 0.995 <= fraction < 1 else "< 0.01" if 0 < fraction < 0.005 else f"{fraction:.2f}"


def with_interval(found: Estimate, factor: float = 1.0) -> str:
    """Value over ``factor`` and its 95 % interval: ``28.5 [27.1, 29.9]``."""
    value, low, high = (number / factor for number in (found.value, found.low, found.high))
    return f"{digits(value)} {'[-]' if math.isnan(low) or math.isnan(high) else interval(low, high)}"


def _drawn(decision: Decision, one: Ranked) -> str:
    """Interval of the cost per million images; empty where the plan ranks by cost per year."""
    if decision.plan.policy.rank_by != "cost_per_million_images" or math.isnan(one.chance.low):
        return ""
    return f"[{amount(one.chance.low)} to {amount(one.chance.high)}]"


def verdict(decision: Decision) -> str:
    """The decision in one to three sentences, with money, count, margin and P(best)."""
    if decision.standing == "none":
        by_reason: dict[str, list[str]] = {}
        for one in decision.rejected:
            by_reason.setdefault(in_words(one.reason), []).append(one.offer)
        reasons = "; ".join(f"{reason}: {listed(offers)}" for reason, offers in by_reason.items())
        return f"No offer meets the constraints ({reasons})."
    first = decision.ranked[0]
    said = {"winner": _winner, "tie": _tie, "open": _open}[decision.standing](decision)
    return " ".join([said, *_caveats(decision, first)])


def _winner(decision: Decision) -> str:
    first = decision.ranked[0]
    return f"{_fleet(decision, first)}{_margin(decision)}; P(best) {share(first.chance.best)}."


def _tie(decision: Decision) -> str:
    leaders = [one for leader in decision.leaders for one in decision.ranked if one.offer.id == leader]
    names = listed([f"{one.offer.id}{' (not measured)' if one.unmeasured else ''}" for one in leaders])
    likely = listed([share(one.chance.best) for one in leaders])
    enough = decision.plan.policy.tie_probability
    return (
        f"Tie between {names}: P(best) {likely}, where a winner needs {enough:g}. "
        f"Cheapest as planned: {_fleet(decision, decision.ranked[0])}{_margin(decision)}."
    )


def _open(decision: Decision) -> str:
    first = decision.ranked[0]
    return (
        f"Not established: {_fleet(decision, first)}{_margin(decision)}, but it serves in only "
        f"{share(first.chance.serves)} of the draws, where {decision.plan.policy.tie_probability:g} are needed."
    )


def _fleet(decision: Decision, one: Ranked) -> str:
    money, bill = decision.plan.currency, one.bill
    return (
        f"{one.offer.id}, {nodes(decision, one)} nodes with {one.capacity.setup.label} at batch {one.capacity.batch}: "
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
        yield "Its cost is a lower bound, perfect scaling, as that of every offer here."
    for one in decision.bounds[:1]:
        if one.cost < first.cost:
            yield f"Elastic rent may cost less: {_priced(decision, one)} is a lower bound, perfect scaling."
    if first.unmeasured:
        yield f"{_first(listed([text.partition(':')[0] for text in first.unmeasured]))}."
        measured = next((one for one in decision.ranked if one.offer.id == decision.best_measured), None)
        if measured is None:
            yield "No offer is measured throughout."
        else:
            yield f"The best measured offer is {_priced(decision, measured)}."


def _priced(decision: Decision, one: Ranked) -> str:
    return f"{one.offer.id} at {amount(float(one.bill.per_million))} {decision.plan.currency} per million images"


def what_changes_it(outcome: PurchaseOutcome) -> list[str]:
    """Switching values in plain words, nearest first; last what does not matter."""
    decision = outcome.decision
    idle = [name(one.path) for one in sorted(outcome.switches, key=lambda one: not one.has_range) if one.at is None]
    said = [_switch(decision, one) for one in outcome.switches if one.at is not None]
    if idle:
        more = [f"{len(idle) - _NAMED} more inputs"] if len(idle) > _NAMED else []
        names = listed([*idle[:_NAMED], *more])
        said.append(f"From half to twice the planned value and in your range these do not matter: {names}.")
    return said


def _switch(decision: Decision, one: Switch) -> str:
    at = one.at if one.at is not None else math.nan
    runner, plan = decision.ranked[1].offer.id, decision.plan
    place = f"{'rises above' if at > one.value else 'falls below'} {with_unit(amount(at), one.unit, plan)}"
    now = f"now {given(one.value)}"
    if one.has_range and not one.in_range:
        own = f"{given(one.low)} to {given(one.high)}"
        return f"{_first(name(one.path))} does not matter in your range of {own}: {runner} would win if it {place}."
    return f"{runner} wins if {name(one.path)} {place} ({now})."


def _first(text: str) -> str:
    return text[0].upper() + text[1:]
