"""Which papers' statements hold here?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from scalebench import units
from scalebench.claims.judge import Verdict, by_claim
from scalebench.claims.judged_parts import DECISIVE_ALONE, Judged, Word, decisive
from scalebench.claims.registry import Claim
from scalebench.claims.why import allowed
from scalebench.report.content import Chart
from scalebench.report.figures.statement_dots import StatementDot, statement_dots
from scalebench.report.labels import listed
from scalebench.report.questions.question import Answer, AnswerBasis, Question
from scalebench.report.rounds_to_decide import rounds_to_decide

Outcome = Literal["holds", "does not hold", "not reproduced", "depends", "undecided"]
_OUTCOMES: dict[Word, Outcome] = {
    "supported": "holds", "refuted": "does not hold", "not reproduced here": "not reproduced",
    "inconclusive": "undecided",
}  # fmt: skip
_VERBS: dict[Outcome, tuple[str, str]] = {
    "holds": ("holds", "hold"), "does not hold": ("does not", "do not"),
    "not reproduced": ("is not reproduced", "are not reproduced"),
    "depends": ("depends on the configuration", "depend on the configuration"),
    "undecided": ("is undecided", "are undecided"),
}  # fmt: skip
"""For one and for several statements, in the order in which they are listed."""
_READ: dict[Outcome, str] = {
    "holds": "Holds here", "does not hold": "Does not hold here", "not reproduced": "Not reproduced here",
    "depends": "Depends on the configuration", "undecided": "Undecided",
}  # fmt: skip
_THEMES = ("Scaling", "Speed", "Batch", "Memory", "Training", "FLOPs and time")
_STUDIED = ("predictor_advantage", "rank_agreement", "family_residual", "fit_comparison", "front_overlap")
FEASIBLE = 200
"""More rounds than this are not feasible."""


@dataclass(frozen=True)
class TestedStatement:
    """A statement of a paper that was measured, under the conditions nearest to its source's.

    Attributes:
        claim: the statement.
        outcome: over the configurations with these conditions.
        shown: the verdict of one of them, whose numbers stand for all.
        part: of it, whose number decides.
        agreeing, configurations: how many of them have the outcome's verdict, and how many there are.
    """

    claim: Claim
    outcome: Outcome
    shown: Verdict
    part: Judged
    agreeing: int
    configurations: int

    @property
    def theme(self) -> str:
        """What it is about."""
        measured = [part for part in self.claim.parts if part.measured] or self.claim.parts
        part = measured[0]
        if self.claim.under.mode == "training":
            return "Training"
        if part.kind in _STUDIED or getattr(part, "per", None):
            return "FLOPs and time"
        if part.kind in ("group_ratio", "batch_growth"):
            return "Scaling" if part.kind == "group_ratio" else "Batch"
        return "Memory" if getattr(part, "metric", "") == "memory_bytes" else "Speed"


class Statements(Question):
    """Papers' statements that the suite's records test; those of our own, and untested ones, are never counted."""

    name = "statements"
    text = "Which papers' statements hold here?"
    details = "claims"
    needs = "a suite with `claims`, and a statement of a paper that its records test"

    def answer(self, evidence: AnswerBasis) -> Answer | None:
        """Counts of what was measured, a line per statement; needs one statement that measurements or counts test."""
        tested, counted = measured_statements(evidence.verdicts), _counted(evidence.verdicts)
        if not tested and not any(counted.values()):
            return None
        untested = _untested(evidence.verdicts)
        outcomes = Counter(statement.outcome for statement in tested)
        counting = _counting(counted, more=bool(tested))
        return Answer(
            (_sentence(outcomes),) if tested else (counting,),
            {
                "tested": len(tested), **{word: outcomes[word] for word in _VERBS}, "counted": counted, **untested,
                "statements": {statement.claim.id: _numbers(statement) for statement in tested},
            },
            tuple(filter(None, (*map(_line, tested), counting if tested else "", _untested_line(untested)))),
            _closes([statement.shown for statement in tested if statement.outcome == "undecided"]),
        )  # fmt: skip

    def chart(self, evidence: AnswerBasis, answer: Answer) -> Chart | None:
        """Dot and interval of each statement against the range that it allows."""
        return statement_dots([
            StatementDot(t.claim.id, t.claim.claim, t.part, t.outcome, _READ[t.outcome], t.claim.source)
            for t in measured_statements(evidence.verdicts)
        ])  # fmt: skip


def measured_statements(verdicts: Sequence[Verdict]) -> list[TestedStatement]:
    """Statements of papers with a measured verdict, by theme and outcome."""
    tested = [_tested(own) for own in by_claim(filter(_of_paper_by_measuring, verdicts)).values()]
    order = list(_VERBS)
    return sorted(tested, key=lambda t: (_THEMES.index(t.theme), order.index(t.outcome)))


def _of_paper_by_measuring(verdict: Verdict) -> bool:
    """Whether measurements decide, or leave open, a statement of a paper; not where a count alone decides it."""
    deciding = [part.estimate.exact for part in verdict.parts if part.word == verdict.verdict]
    by_counts = verdict.verdict in DECISIVE_ALONE[verdict.claim.rule] and all(deciding)
    return bool(verdict.way) and verdict.verdict != "not measured" and not (verdict.claim.ours or by_counts)


def _tested(verdicts: Sequence[Verdict]) -> TestedStatement:
    """Of the configurations nearest to the source's conditions: the verdict of all that are decided.

    Undecided where most of them are.
    """
    nearest = min(len(verdict.differences) for verdict in verdicts)
    near = [verdict for verdict in verdicts if len(verdict.differences) == nearest]
    counts = Counter(verdict.verdict for verdict in near)
    words: list[Word] = [word for word in _OUTCOMES if counts[word] and word != "inconclusive"]
    if 2 * counts["inconclusive"] > len(near) or not words:
        words = ["inconclusive"]
    outcome: Outcome = "depends" if "supported" in words and len(words) > 1 else _OUTCOMES[words[0]]
    shown = next(verdict for verdict in near if verdict.verdict == words[0])
    deciding = [part for part in shown.parts if part.word == words[0]]
    sampled = [part for part in deciding if part.sampled]
    part = decisive(sampled or deciding, words[0], shown.claim.rule)
    return TestedStatement(shown.claim, outcome, shown, part, counts[words[0]], len(near))


def _counted(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Statements of papers that counting models or arithmetic decides, the same on every machine."""
    papers = [own for own in by_claim(verdicts).values() if not own[0].claim.ours]
    words = [own[0].verdict for own in papers if not any(map(_of_paper_by_measuring, own))]
    names: dict[str, Word] = {"holds": "supported", "does not hold": "refuted", "undecided": "inconclusive"}
    return {name: words.count(word) for name, word in names.items()}


def _untested(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Statements of papers that the records do not test, and those that no suite can."""
    papers = [own for own in by_claim(verdicts).values() if not own[0].claim.ours]
    unmeasured = [own for own in papers if all(verdict.verdict == "not measured" for verdict in own)]
    cannot = sum(bool(own[0].claim.cannot) for own in unmeasured)
    return {"not measured": len(unmeasured) - cannot, "cannot": cannot}


def _sentence(outcomes: Counter[Outcome]) -> str:
    total, words = sum(outcomes.values()), [word for word in _VERBS if outcomes[word]]
    if total == 1:
        verb = "does not hold" if words == ["does not hold"] else _VERBS[words[0]][0]
        return f"The only statement of a paper tested here {verb}."
    if len(words) == 1:
        if words == ["does not hold"]:
            return f"None of the {total} statements of papers tested here holds."
        return f"All {total} statements of papers tested here {_VERBS[words[0]][1]}."
    parts = [f"{outcomes[word]} {_VERBS[word][outcomes[word] > 1]}" for word in words]
    return f"Of {total} statements of papers tested here, {listed(parts)}."


def _counting(counted: dict[str, int], more: bool) -> str:
    """What counting decides, apart from what was measured; ``more``: after measured statements."""
    if not any(counted.values()):
        return ""
    verbs = {"holds": "confirms {}", "does not hold": "contradicts {}", "undecided": "leaves {} open"}
    (first, *rest), further = [name for name, number in counted.items() if number], "further " if more else ""
    noun = f"{counted[first]} {further}statement{'' if counted[first] == 1 else 's'} of papers"
    parts = [verbs[first].format(noun), *(verbs[name].format(counted[name]) for name in rest)]
    return f"Counting models, without measuring, {listed(parts)}."


def _untested_line(untested: dict[str, int]) -> str:
    later, never = untested["not measured"], untested["cannot"]
    numbers = {"about models, settings or hardware that were not measured": later, "that no suite can test": never}
    parts = [f"{n} statement{'' if n == 1 else 's'} {words}" for words, n in numbers.items() if n]
    return f"Not tested: {listed(parts)}." if parts else ""


def _line(statement: TestedStatement) -> str:
    """Theme, statement, verdict and the number that decides it."""
    read, part = _READ[statement.outcome], statement.part
    if statement.outcome == "depends":
        read = f"{read}: holds in {statement.agreeing} of {statement.configurations}. For example,"
    elif statement.configurations > 1:
        read = f"{read} in {statement.agreeing} of {statement.configurations} configurations. For example,"
    differences = (
        f" Conditions differ from the source's: {listed(statement.shown.differences)}."
        if statement.outcome == "not reproduced" else ""
    )  # fmt: skip
    separator = "" if read.endswith(",") else ":"
    return (
        f"{statement.theme}: {statement.claim.claim} {read}{separator} {part.label} is {_effect(part)}, "
        f"expected {allowed(part)}.{differences}"
    )


def _effect(part: Judged) -> str:
    """``4.43 (3.30 to 5.95)``."""
    e = part.estimate
    if e.exact or e.low == e.high:
        return units.digits(e.value)
    if math.isnan(e.low):
        return f"{units.digits(e.value)} (no interval)"
    return f"{units.digits(e.value)} ({units.digits(e.low)} to {units.digits(e.high)})"


def _numbers(statement: TestedStatement) -> dict[str, Any]:
    part, e = statement.part, statement.part.estimate
    return {
        "outcome": statement.outcome, "effect": e.value, "low": e.low, "high": e.high, "n": e.n,
        "allowed_low": part.low, "allowed_high": part.high, "configurations": statement.configurations,
        "agreeing": statement.agreeing, "differences": list(statement.shown.differences),
    }  # fmt: skip


def _closes(undecided: Sequence[Verdict]) -> str:
    """How many of the undecided statements a feasible number of rounds would decide."""
    if not undecided:
        return ""
    needed = [(rounds_to_decide(verdict), verdict.n) for verdict in undecided]
    feasible = [(math.ceil(rounds), n) for rounds, n in needed if rounds <= FEASIBLE]
    every = f"the undecided statement{'' if len(undecided) == 1 else 's'}"
    some = f"{len(feasible)} of the {len(undecided)} undecided statements"
    subject = every if len(feasible) == len(undecided) else some
    if feasible:
        rounds, n = max(feasible)
        return f"About {max(rounds, n + 1)} rounds of each case, instead of {n}, would decide {subject}."
    if all(n == 1 for _, n in needed):
        return "A single round has no interval. At least three rounds of each case would give one."
    return "More rounds alone decide none of the undecided: they lie too near their bounds, or need more models."
