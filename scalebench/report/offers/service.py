"""Does it meet the service level?"""

from __future__ import annotations

from collections.abc import Iterator

from scalebench.procure.decide import Decision, Ranked
from scalebench.procure.outcome import PurchaseOutcome
from scalebench.report.content import Chart
from scalebench.report.figures.servicelevel import service_level
from scalebench.report.labels import capitalised
from scalebench.report.naming import amount, given, percentage, range_words
from scalebench.report.questions.question import Answer
from scalebench.units import digits

NAME, TEXT = "service", "Does it meet the service level?"


def service(outcome: PurchaseOutcome) -> Answer | None:
    """Latency of the first offer's nodes at the planned rate, and the rate at which the limit is reached.

    None without an offer: the first answer has the reasons.
    """
    decision = outcome.decision
    if not decision.ranked:
        return None
    first, slo = decision.ranked[0], decision.plan.workload.slo
    capacity, usable = first.capacity, decision.plan.policy.max_utilisation.value
    rate = capacity.slo_images_per_s
    numbers = {
        "usable": usable, "counted_on_ips": capacity.counted_on,
        "offer": first.offer.id, "percentile": slo.percentile, "limit_s": slo.latency_ms.value / 1e3,
        "latency_s": capacity.latency_s, "planned_ips": capacity.planned_ips(usable),
        "within_ips": rate.value, "within_ips_low": rate.low, "within_ips_high": rate.high,
    }  # fmt: skip
    return Answer(tuple(_sentences(decision, first)), numbers, tuple(_points(decision, first)))


def service_chart(outcome: PurchaseOutcome) -> Chart | None:
    """Latency over rate of the first offer's node, where the records gave a curve."""
    first = outcome.decision.ranked[0]
    return service_level(outcome.decision, first, "ask-service-1") if first.capacity.curves else None


def _sentences(decision: Decision, first: Ranked) -> Iterator[str]:
    slo, capacity = decision.plan.workload.slo, first.capacity
    planned = digits(capacity.planned_ips(decision.plan.policy.max_utilisation.value))
    yield (
        f"Yes{', if the estimate holds' if first.unmeasured else ''}: at the planned {planned} images per second, a "
        f"node answers {slo.percentile} % of requests within {digits(capacity.latency_s * 1e3)} ms."
    )
    yield f"{planned} is {_why_planned(decision, first)}."
    rate, limit = capacity.slo_images_per_s, given(slo.latency_ms.value)
    between = f" ({range_words(rate.low, rate.high)})" if rate.low < rate.high else ""
    yield f"The limit of {limit} ms is reached at {amount(rate.value)}{between} images per second."


def _why_planned(decision: Decision, first: Ranked) -> str:
    """``60 % of the 88.8 that a node serves at the slow end of the measurements``, or where the limit is reached."""
    policy, capacity = decision.plan.policy, first.capacity
    end = "at the slow end of the measurements" if policy.capacity_bound == "lower95" else "as measured"
    usable = policy.max_utilisation.value
    if usable * capacity.counted_on > capacity.slo_counted_on:
        return f"the most that meets the limit {end}"
    return f"{percentage(usable)} of the {digits(capacity.counted_on)} that a node serves in full batches {end}"


def _points(decision: Decision, first: Ranked) -> Iterator[str]:
    if decision.plan.policy.capacity_bound == "lower95":
        yield "Planned rate and latency count on the slow end of the measured service times."
    yield f"What limits a node: {first.capacity.limit}."
    yield from (f"{capitalised(text)}." for text in first.unmeasured)
