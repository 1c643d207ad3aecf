"""Which offer should I take, and how many?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from scalebench.procure.decide import Decision, Ranked
from scalebench.procure.eligible import reason_text
from scalebench.procure.outcome import PurchaseOutcome
from scalebench.procure.purchase_plan import Buy
from scalebench.report.labels import capitalised, listed
from scalebench.report.naming import amount, percentage, range_words
from scalebench.report.questions.question import Answer
from scalebench.suite.axes import number_of
from scalebench.units import digits

NAME, TEXT = "take", "Which offer should I take, and how many?"


def take(outcome: PurchaseOutcome) -> Answer:
    """The cheapest offer as planned with its nodes and cost; the reasons where no offer meets the constraints."""
    decision = outcome.decision
    if not decision.ranked:
        return _none(decision)
    first = decision.ranked[0]
    sentences = (*_choice(decision, first), _cost(decision, first), *_range(decision, first))
    yearly, by_images = first.chance.per_year, first.chance.per_million
    numbers = {
        "offer": first.offer.id, "standing": decision.standing, "leaders": list(decision.leaders),
        "nodes": int(first.bill.nodes), "spare": decision.plan.policy.redundancy,
        "per_year": float(first.bill.per_year), "per_million": float(first.bill.per_million),
        "per_year_low": yearly.low, "per_year_median": yearly.median, "per_year_high": yearly.high,
        "per_million_low": by_images.low, "per_million_median": by_images.median, "per_million_high": by_images.high,
    }  # fmt: skip
    return Answer(sentences, numbers, tuple(_points(decision, first)))


def _none(decision: Decision) -> Answer:
    points = tuple(f"{capitalised(reason)}: {offers}." for reason, offers in _rejected(decision).items())
    return Answer(("None: no offer meets the constraints.",), {"standing": decision.standing}, points)


def _rejected(decision: Decision) -> dict[str, str]:
    """Offers that cannot be taken, by the reason."""
    by_reason: dict[str, list[str]] = {}
    for rejected in decision.rejected:
        by_reason.setdefault(reason_text(rejected.reason), []).append(rejected.offer)
    return {reason: listed(offers) for reason, offers in by_reason.items()}


def _choice(decision: Decision, first: Ranked) -> Iterator[str]:
    fleet = _fleet(decision, first)
    if decision.standing == "open":
        yield f"No offer is established: {_named(first)} serves in only {percentage(first.chance.serves)} of the cases."
        yield f"As planned it is the cheapest: {fleet}."
    else:
        yield f"Take {_named(first)}: {fleet}."
    tied = [offer for offer in decision.ranked[1:] if decision.standing == "tie" and offer.offer.id in decision.leaders]
    if tied:
        share = percentage(sum(offer.chance.best for offer in tied))
        verb = "is" if len(tied) == 1 else "are"
        yield f"It is not certain: {listed([_named(offer) for offer in tied])} {verb} cheaper in {share} of the cases."


def _named(offer: Ranked) -> str:
    return f"{offer.offer.id}{' (not measured)' if offer.unmeasured else ''}"


def _fleet(decision: Decision, offer: Ranked) -> str:
    spare = decision.plan.policy.redundancy
    action = "buy" if isinstance(offer.offer, Buy) else "rent"
    return f"{action} {number_of('node')(int(offer.bill.nodes))}{f', {spare} of them spare' if spare else ''}"


def _cost(decision: Decision, offer: Ranked) -> str:
    money, bill = decision.plan.currency, offer.bill
    least = "at least " if offer.lower_bound else ""
    return (
        f"The cost is {least}{amount(float(bill.per_year))} {money} per year, or "
        f"{amount(float(bill.per_million))} {money} per million images."
    )


def _range(decision: Decision, offer: Ranked) -> Iterator[str]:
    yearly, by_images = offer.chance.per_year, offer.chance.per_million
    if yearly.low < yearly.high:
        yield (
            f"With prices, demand and measurements varied, 95 % of cases cost {range_words(yearly.low, yearly.high)} "
            f"{decision.plan.currency} per year, or {range_words(by_images.low, by_images.high)} per million."
        )


def _points(decision: Decision, first: Ranked) -> Iterator[str]:
    money, bill, median = decision.plan.currency, first.bill, first.chance.per_year.median
    yield (
        f"Each node runs {first.capacity.setup.label}, with up to {number_of('image')(first.capacity.batch)} per batch."
    )
    if bill.nodes_paid < bill.nodes and not first.lower_bound:
        yield (
            f"The demand grows: {digits(float(bill.nodes_paid))} nodes are rented on average, "
            f"{int(bill.nodes)} at the highest peak."
        )
    if decision.plan.policy.capacity_bound == "lower95" and not math.isnan(median) and bill.per_year > 1.01 * median:
        yield (
            "The plan is careful: it counts on the lower end of the measured capacity. "
            f"Half of the cases cost less than {amount(median)} {money} per year."
        )
    yield from _images(decision, first)
    yield from _others(decision, first)
    if decision.rejected:
        yield f"Rejected: {listed([f'{offers} ({reason})' for reason, offers in _rejected(decision).items()])}."


def _images(decision: Decision, first: Ranked) -> Iterator[str]:
    """What the cost per image rests on, where the demand changes over the years."""
    demand = decision.plan.workload.demand
    growth = demand.growth_per_year.value if demand.growth_per_year else 0.0
    if growth:
        images = amount(float(first.bill.per_year) / float(first.bill.per_million))
        yield (
            f"The cost per million images rests on {amount(demand.mean_images_per_s.value)} images per second now, "
            f"{'growing' if growth > 0 else 'falling'} by {percentage(abs(growth))} a year: {images} million a year on "
            "average."
        )


def _others(decision: Decision, first: Ranked) -> Iterator[str]:
    money = decision.plan.currency
    if len(decision.ranked) < 2:
        yield "It is the only offer that meets the constraints."
    else:
        second = decision.ranked[1]
        less = (second.cost - first.cost) / second.cost
        yield f"It costs {f'{digits(100 * less, 2)} % less than' if less > 0 else 'as much as'} {second.offer.id}."
    if first.lower_bound:
        yield "The cost of every offer here is a lower bound: it assumes that nodes follow the demand perfectly."
    for bound in decision.bounds[:1]:
        if bound.cost < first.cost:
            yield (
                f"Elastic rent may cost less: {bound.offer.id} takes at least {amount(float(bound.bill.per_year))} "
                f"{money} per year, if its nodes follow the demand perfectly."
            )
    if first.unmeasured:
        yield from (f"{capitalised(text)}." for text in first.unmeasured)
        measured = next((offer for offer in decision.ranked if offer.offer.id == decision.best_measured), None)
        if measured is None:
            yield "No offer is measured throughout."
        else:
            cost = amount(float(measured.bill.per_year))
            yield f"The best measured offer is {measured.offer.id}, at {cost} {money} per year."
