"""A decision as a table: its rows, its remarks, and how many sessions it rests on."""

from __future__ import annotations

import math

from scalebench.analysis.sessions import DEFAULT
from scalebench.analysis.stats import Estimate
from scalebench.procure.chances import CostRange
from scalebench.procure.decide import Decision, Ranked
from scalebench.procure.eligible import reason_text
from scalebench.report.labels import listed
from scalebench.report.naming import amount, given, range_words
from scalebench.units import digits, interval

_NUMBERS = frozenset({"batch", "nodes", "J/img", "P(best)"})


def sessions(decision: Decision) -> tuple[str, ...]:
    """A sentence where machines were measured in one session only."""
    single = sorted({c.machine for c in decision.capacities if c.sessions == 1 and c.machine})
    if not single:
        return ()
    return (
        f"Measured in one session: {listed(single)}. Other sessions may differ: the varied cases assume a standard "
        f"deviation of {100 * DEFAULT.deviation(1):.0f} %.",
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
        f"{amount(float(bill.per_year))}{'' if _per_million(decision) else _drawn_cost(offer.chance.per_year)}",
        f"{amount(float(bill.per_million))}{_drawn_cost(offer.chance.per_million) if _per_million(decision) else ''}",
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
    words = {"winner": "winner", "tie": "may be cheapest", "open": "leads, not established", "none": ""}
    word = words[decision.standing] if offer.offer.id in decision.leaders else "ranked"
    if decision.standing == "tie" and offer is decision.ranked[0]:
        word = "cheapest as planned"
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


def _drawn_cost(drawn: CostRange) -> str:
    """Median of the cost in the draws with the central 95 %: ``; 0.84 [0.48 to 1.20]``."""
    return "" if math.isnan(drawn.median) else f"; {amount(drawn.median)} [{range_words(drawn.low, drawn.high)}]"
