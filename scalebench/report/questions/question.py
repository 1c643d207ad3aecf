"""A question of the page, and its answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from scalebench.analysis.analyse import Analysis
from scalebench.claims.judge import Verdict
from scalebench.report.content import Chart, Table


@dataclass(frozen=True)
class AnswerBasis:
    """What questions are answered from.

    Attributes:
        analysis: what the records say.
        verdicts: of the suite's claims.
    """

    analysis: Analysis
    verdicts: Sequence[Verdict] = ()


@dataclass(frozen=True)
class Answer:
    """Words that answer a question.

    Attributes:
        sentences: one or two, of at most 25 words each.
        numbers: the figures in the sentences and points, unrounded, in SI units.
        points: lines below the sentences, where a list is the answer.
        closes: what would close what is open; empty where nothing is.
        tables: small ones, where the answer is a list of many numbers.
    """

    sentences: tuple[str, ...]
    numbers: Mapping[str, Any] = field(default_factory=dict)
    points: tuple[str, ...] = ()
    closes: str = ""
    tables: tuple[Table, ...] = ()


class Question(ABC):
    """One question.

    Attributes:
        name: key in the JSON, and anchor on the page after ``ask-``.
        text: as a reader asks it.
        details: anchor of the section with the evidence.
        needs: what the records must hold to answer it, in words.
    """

    name: ClassVar[str]
    text: ClassVar[str]
    details: ClassVar[str]
    needs: ClassVar[str] = ""

    @abstractmethod
    def answer(self, evidence: AnswerBasis) -> Answer | None:
        """The answer; None where the records cannot give one, and the question is not asked."""

    @abstractmethod
    def chart(self, evidence: AnswerBasis, answer: Answer) -> Chart | None:
        """The figure that shows the answer; None where words are enough."""
