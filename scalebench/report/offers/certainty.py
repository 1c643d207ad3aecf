"""How sure is that?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from scalebench.procure.decide import Decision
from scalebench.procure.outcome import PurchaseOutcome
from scalebench.report.labels import listed
from scalebench.report.naming import amount, given, name, percentage
from scalebench.report.questions.question import Answer
from scalebench.report.ranking import sessions
from scalebench.units import digits

NAME, TEXT = "certainty", "How sure is that?"
MOST = 3
"""Offers whose share of the cases is named."""
_OPEN = {
    "winner": "A clear winner needs {}, so this is one.",
    "tie": "A clear winner needs {}, so none of them is one.",
    "open": "An answer needs {}, so this is open.",
}


def certainty(outcome: PurchaseOutcome) -> Answer | None:
    """How often the offer is the cheapest, and what the choice loses on average; None without an offer."""
    decision = outcome.decision
    if not decision.ranked:
        return None
    regret = math.nan if outcome.information is None else outcome.information.regret
    shares = {offer.offer.id: offer.chance.best for offer in decision.ranked}
    numbers = {
        "draws": decision.draws, "best": shares, "enough": decision.plan.policy.tie_probability,
        "serves": decision.ranked[0].chance.serves, "regret_per_year": regret,
    }  # fmt: skip
    accuracy = decision.ranked[0].capacity.accuracy
    if accuracy is not None:
        numbers["accuracy"] = {
            "value": accuracy.value, "low": accuracy.low, "high": accuracy.high, "n": accuracy.n,
            "chance": decision.ranked[0].capacity.accurate,
        }  # fmt: skip
    sentences = (_shares(decision), *_standing(decision), *_accuracy(decision), *_regret(decision, regret))
    return Answer(sentences, numbers, sessions(decision), _closes(outcome))


def _shares(decision: Decision) -> str:
    first, *others = decision.ranked
    rivals = sorted((offer for offer in others if offer.chance.best > 0), key=lambda offer: -offer.chance.best)
    texts = [f"{offer.offer.id} in {percentage(offer.chance.best)}" for offer in rivals[: MOST - 1]]
    return (
        f"{first.offer.id} is the cheapest in {percentage(first.chance.best)} of {decision.draws:,} varied cases"
        f"{f', {listed(texts)}' if texts else ''}."
    )


def _standing(decision: Decision) -> Iterator[str]:
    yield _OPEN[decision.standing].format(percentage(decision.plan.policy.tie_probability))
    serves = decision.ranked[0].chance.serves
    if serves < 1:
        accurate = " and the accuracy" if decision.ranked[0].capacity.accuracy else ""
        yield f"It meets the service level{accurate} in {percentage(serves)} of the cases."


def _accuracy(decision: Decision) -> Iterator[str]:
    """How likely it is that the model of the first offer is accurate enough, where that was measured."""
    capacity, asked = decision.ranked[0].capacity, decision.plan.workload.accuracy
    if capacity.accuracy is None or asked is None:
        return
    share = capacity.accuracy
    yield (
        f"{capacity.setup.model}@{capacity.setup.resolution} has a {asked.metric} of {digits(share.value)} on "
        f"{share.n:,} images."
    )
    yield f"That it really is at least {given(asked.min.value)} has a probability of {percentage(capacity.accurate)}."


def _regret(decision: Decision, regret: float) -> Iterator[str]:
    if regret > 0:
        first = decision.ranked[0].offer.id
        more = f"{amount(regret)} {decision.plan.currency} per year"
        yield f"Averaged over the cases, {first} costs {more} more than the cheapest offer of each case."


def _closes(outcome: PurchaseOutcome) -> str:
    """The input whose knowledge would help the choice most, where it is open."""
    if outcome.decision.standing == "winner" or outcome.information is None:
        return ""
    helpful = [value for value in outcome.information.inputs if value.choice > 0]
    best = max(helpful, key=lambda value: value.choice, default=None)
    return "" if best is None else f"Knowing {name(best.path)} would help the choice most."
