"""Which way of scaling gives more accuracy here?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from scalebench.analysis.training_results import TrainingResults
from scalebench.analysis.training_verdicts import OWN, SHARED, AxisComparison, StudyVerdict
from scalebench.report.content import Chart
from scalebench.report.figures.study_differences import study_differences
from scalebench.report.labels import listed, verdict_word
from scalebench.report.questions.question import Answer, AnswerBasis, Question
from scalebench.report.training_tables import EVIDENCE, claim_table, points, verdicts_table
from scalebench.suite.training_study import ALL, BUDGETS, COMPOUND

_LIMITS = (
    "It does not show what other data, sizes, recipes or longer training would give, and nothing about pretrained "
    "networks."
)


class AccuracyScaling(Question):
    """Test accuracy of compound scaling against each axis at equal counted MACs, from networks trained here."""

    name = "accuracy_scaling"
    text = "Which way of scaling gives more accuracy here?"
    details = EVIDENCE.anchor
    needs = "a training study (suites/accuracy_axes.yaml)"

    def answer(self, evidence: AnswerBasis) -> Answer | None:
        """By the learning rate that all variants share; needs a tested network of each."""
        results = evidence.analysis.training
        if results is None or not results.of(SHARED):
            return None
        verdicts = results.of(SHARED)
        return Answer(
            tuple(_sentences(verdicts)),
            {"target": results.group.target, "verdicts": [_numbers(verdict) for verdict in results.verdicts]},
            tuple(_points(results)),
            _closes(results),
            (verdicts_table(verdicts), *claim_table(results)),
        )

    def chart(self, evidence: AnswerBasis, answer: Answer) -> Chart | None:
        """Compound less each axis, a panel per test."""
        results = evidence.analysis.training
        return None if results is None else study_differences(results.of(SHARED))


def _numbers(verdict: StudyVerdict) -> dict[str, Any]:
    return {
        "test": verdict.test, "recipe": verdict.recipe, "verdict": verdict.word, "best": verdict.best,
        "base": verdict.base.value,
        "compound_less": {
            one.method: {"value": one.difference.value, "low": one.difference.low, "high": one.difference.high,
                         "p_holm": one.p_holm}
            for one in verdict.comparisons
        },
    }  # fmt: skip


def images_of(tests: Sequence[str]) -> str:
    """``scratches of 1, 2 px``; a folder's images have no widths."""
    return (
        "these images" if list(tests) == [ALL] else f"scratches of {listed([t.removesuffix(' px') for t in tests])} px"
    )


def _sentences(verdicts: Sequence[StudyVerdict]) -> Iterator[str]:
    """The winner by test, and the lead of the clearest; or why there is none."""
    decided = [verdict for verdict in verdicts if verdict.best]
    undecided = [verdict.test for verdict in verdicts if verdict.word == "inconclusive"]
    parts = [
        f"{_name(best)} for {images_of([v.test for v in decided if v.best == best])}"
        for best in dict.fromkeys(verdict.best for verdict in decided)
    ]
    parts += [f"undecided for {images_of(undecided)}"] if undecided else []
    if parts:
        yield f"{'; '.join(parts)}.".capitalize()
    if decided:
        yield _lead(max(decided, key=lambda verdict: abs(_decisive(verdict).difference.value)))
    elif undecided:
        yield "No axis is clearly ahead of compound scaling, and compound scaling is not clearly ahead of all axes."
    missing = [verdict for verdict in verdicts if verdict.word == "not measured"]
    if missing and not parts:
        yield f"Not measured: {missing[0].why}."


def _decisive(verdict: StudyVerdict) -> AxisComparison:
    """The axis that leads most, or the one that is least behind compound scaling."""
    return min(verdict.comparisons, key=lambda one: one.difference.value)


def _lead(verdict: StudyVerdict) -> str:
    one = _decisive(verdict)
    at = "On these images" if verdict.test == ALL else f"At {verdict.test}"
    ahead, behind = (COMPOUND, one.method) if verdict.best == COMPOUND else (one.method, COMPOUND)
    return f"{at}, {_name(ahead)} is {points(one.difference, unsigned=True)} ahead of {_name(behind)}."


def _name(method: str) -> str:
    return "compound scaling" if method == COMPOUND else method


def _points(results: TrainingResults) -> Iterator[str]:
    own = results.of(OWN)
    if own:
        same = all(a.word == b.word and a.best == b.best for a, b in zip(results.of(SHARED), own, strict=True))
        words = "; ".join(f"{verdict.test} {_outcome(verdict)}" for verdict in own)
        yield f"With each variant's better of two learning rates: {'the same' if same else words}."
    for test, (gain, against) in results.longer.items():
        place = "behind" if against.winner == COMPOUND else "not behind"
        yield (
            f"{test}: {results.study.depth_epochs} times the epochs change depth by {points(gain)}; it is then {place} "
            "compound scaling."
        )
    diverged = sum(variant.diverged for variant in results.variants if variant.recipe == SHARED)
    if diverged:
        yield f"{diverged} training runs diverged; they count with the accuracy that they have."
    yield _LIMITS


def _outcome(verdict: StudyVerdict) -> str:
    return verdict.best or verdict_word(verdict.word)


def _closes(results: TrainingResults) -> str:
    verdicts = results.of(SHARED)
    if any("missing" in verdict.why for verdict in verdicts):
        return "The same command makes the training runs that are missing."
    if not any(verdict.word == "inconclusive" for verdict in verdicts):
        return ""
    more = BUDGETS["decide"].seeds
    budget = f" (budget: decide has {more})" if results.study.seeds < more else ""
    widest = max(one.difference.high - one.difference.low for v in verdicts for one in v.comparisons) / 2
    size = f" They are known within {100 * widest:.1f} points." if math.isfinite(widest) else ""
    return f"More seeds would narrow the differences{budget}.{size}"
