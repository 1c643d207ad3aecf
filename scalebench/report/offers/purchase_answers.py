"""The questions of a purchase in the order in which a buyer asks them, and their answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scalebench.procure.outcome import PurchaseOutcome
from scalebench.report.content import ANCHOR, Answered, Chart, Elsewhere, Table
from scalebench.report.offers import certainty, cost, next_step, service, take, turning_points
from scalebench.report.questions.question import Answer

_OFFERS = Elsewhere("offers", "Ranked offers")
_PRICES = Elsewhere("assumptions", "Assumptions and prices")
_SWITCHES = Elsewhere("switching", "Switching values")
_NODES = Elsewhere("capacities", "What the nodes serve")
_GAPS = Elsewhere("gaps", "What was not measured")


@dataclass(frozen=True)
class OfferQuestion:
    """One question of a buyer.

    Attributes:
        name: key in the JSON, and anchor on the page after ``ask-``.
        text: as a buyer asks it.
        answer: None where the decision cannot give one, and the question is not asked.
        details: section with the evidence.
        chart: figure of the answer; None where words are enough.
        tables: small ones that are part of the answer.
    """

    name: str
    text: str
    answer: Callable[[PurchaseOutcome], Answer | None]
    details: Elsewhere
    chart: Callable[[PurchaseOutcome], Chart | None] = lambda _: None
    tables: Callable[[PurchaseOutcome], tuple[Table, ...]] = lambda _: ()


QUESTIONS = (
    OfferQuestion(take.NAME, take.TEXT, take.take, _OFFERS, cost.cost_chart),
    OfferQuestion(cost.NAME, cost.TEXT, cost.cost, _PRICES),
    OfferQuestion(certainty.NAME, certainty.TEXT, certainty.certainty, _OFFERS),
    OfferQuestion(turning_points.NAME, turning_points.TEXT, turning_points.turning_points, _SWITCHES),
    OfferQuestion(service.NAME, service.TEXT, service.service, _NODES, service.service_chart),
    OfferQuestion(next_step.NAME, next_step.TEXT, next_step.next_step, _GAPS, tables=next_step.next_tables),
)


def purchase_answers(outcome: PurchaseOutcome) -> dict[OfferQuestion, Answer]:
    """Answers of those questions that the decision can answer, in order."""
    answers = ((question, question.answer(outcome)) for question in QUESTIONS)
    return {question: answer for question, answer in answers if answer is not None}


def answered(outcome: PurchaseOutcome) -> tuple[Answered, ...]:
    """The same as the page shows them."""
    return tuple(
        Answered(
            f"{ANCHOR}{question.name}", question.text, answer.sentences, answer.points, answer.closes,
            question.chart(outcome), question.tables(outcome), question.details, answer.numbers,
        )
        for question, answer in purchase_answers(outcome).items()
    )  # fmt: skip
