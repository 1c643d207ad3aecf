"""The questions in the order in which readers ask them."""

from __future__ import annotations

from scalebench.errors import UnknownNameError, did_you_mean
from scalebench.report.questions.accuracy_cost import AccuracyCost
from scalebench.report.questions.accuracy_scaling import AccuracyScaling
from scalebench.report.questions.compound_scaling import Scaling
from scalebench.report.questions.fitting_models import WithinLimits
from scalebench.report.questions.flops_guide import FlopsGuide
from scalebench.report.questions.question import Answer, AnswerBasis, Question
from scalebench.report.questions.resolution_cost import ResolutionCost
from scalebench.report.questions.running_models import Configurations
from scalebench.report.questions.statements import Statements
from scalebench.report.questions.trustworthiness import Trust

QUESTIONS: tuple[Question, ...] = (
    Scaling(),
    AccuracyScaling(),
    AccuracyCost(),
    FlopsGuide(),
    ResolutionCost(),
    Configurations(),
    WithinLimits(),
    Statements(),
    Trust(),
)


def answers(evidence: AnswerBasis) -> dict[Question, Answer]:
    """Answers of those questions that the records can answer, in order; a suite with limits asks for those first."""
    first = WithinLimits.name if evidence.analysis.plan.limits is not None else ""
    ordered = sorted(QUESTIONS, key=lambda question: question.name != first)
    by_question = ((question, question.answer(evidence)) for question in ordered)
    return {question: answer for question, answer in by_question if answer is not None}


def question_named(name: str) -> Question:
    """The question of that name.

    Raises:
        UnknownNameError: there is none.
    """
    by_name = {question.name: question for question in QUESTIONS}
    if name not in by_name:
        hint = "; ".join(filter(None, (did_you_mean(name, by_name), f"answers: {', '.join(by_name)}")))
        raise UnknownNameError(f"{name!r} is no answer of a report", hint)
    return by_name[name]
