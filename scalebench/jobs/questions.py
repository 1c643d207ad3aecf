"""The questions of a suite: which cases are compared, and which comparisons are open."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from scalebench.analysis.decisions import FIRST_LOOK, Decision, PairQuestion, decision, level_of_look
from scalebench.analysis.matched import REFERENCE
from scalebench.analysis.pooling import pooled, sample
from scalebench.analysis.rounds import name_machines, with_standing
from scalebench.analysis.stats import Estimate, ratio
from scalebench.claims.measured import MeasuredOrder, MeasuredRatio
from scalebench.claims.registry import Claim
from scalebench.record import Record
from scalebench.store.frame import rounds_frame
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Plan
from scalebench.suite.variant import parse_at

MARGIN = 0.05
"""Relative difference of two latencies that does not matter."""
METRIC = "latency_s"

Found = dict[PairQuestion, tuple[Decision, Estimate]]


def questions_of(plan: Plan, claims: Iterable[Claim] = ()) -> tuple[PairQuestion, ...]:
    """Comparisons of cases that take turns.

    Members of matched groups with the compound one, and pairs of claims, each in every configuration that has both
    cases; and every runtime, precision and layout of a model with plain eager fp32.
    """
    configurations: dict[Case, dict[tuple[str, int], Case]] = {}
    for case in plan.cases:
        if case.by_turns:
            rest = replace(case, model="", resolution=0)
            configurations.setdefault(rest, {})[case.variant.name, case.resolution] = case
    pairs = [*_group_pairs(plan), *(pair for claim in claims for part in claim.parts for pair in _claim_pairs(part))]
    questions: dict[tuple[Case, Case, tuple[float, ...]], PairQuestion] = {}
    for by_model in configurations.values():
        for over, under, thresholds in pairs:
            a, b = by_model.get(over), by_model.get(under)
            if a is not None and b is not None and a != b:
                questions.setdefault((a, b, thresholds), PairQuestion(a, b, MARGIN, thresholds))
    cases = frozenset(plan.cases)
    for case in plan.cases:
        plain = replace(case, runtime="eager", precision="fp32", layout="contiguous")
        if case.by_turns and case != plain and plain in cases:
            questions.setdefault((case, plain, (1.0,)), PairQuestion(case, plain, MARGIN))
    return tuple(questions.values())


_Pair = tuple[tuple[str, int], tuple[str, int], tuple[float, ...]]


def _group_pairs(plan: Plan) -> Iterator[_Pair]:
    for group in plan.groups:
        compound = next((member for member in group.members if member.method == REFERENCE), None)
        for member in group.members if compound else ():
            if compound is not None and member != compound:
                ends = ((group.model(m), m.resolution) for m in (member, compound))
                yield (*ends, (1.0,))  # type: ignore[misc]  # two ends


def _claim_pairs(part: object) -> Iterator[_Pair]:
    """Pairs whose latency a part of a claim compares, with the bounds that its ratio has to keep to."""
    if isinstance(part, MeasuredRatio) and part.metric == METRIC and not part.per:
        pairs = [(part.over, part.under)]
    elif isinstance(part, MeasuredOrder) and part.metric == METRIC:
        pairs = [(after, before) for before, after in pairwise(part.models)]
    else:
        return
    thresholds = tuple(bound for bound in part.bounds if math.isfinite(bound) and bound > 0)
    for over, under in pairs:
        yield _at(over), _at(under), thresholds


def _at(text: str) -> tuple[str, int]:
    variant, resolution = parse_at(text)
    return variant.name, resolution or 0


def look(questions: Sequence[PairQuestion], records: Mapping[str, Sequence[Record]]) -> Found:
    """How each question stands, after the heats so far; those without rounds of both cases are left out.

    Args:
        questions: of the suite.
        records: of this machine, by key of their case.
    """
    keys = dict.fromkeys(case.key for question in questions for case in (question.over, question.under))
    own = [record for key in keys for record in records.get(key, ())]
    if not own:
        return {}
    rounds = with_standing(name_machines(rounds_frame(own)), own)
    rounds = rounds[rounds["used"]]
    shared = pooled(rounds, [METRIC])
    samples = {key: sample(rows, METRIC, shared) for key, rows in rounds.groupby("case", sort=False)}
    found: Found = {}
    for question in questions:
        over, under = (samples.get(case.key) for case in (question.over, question.under))
        if over and under:
            estimate = ratio(over, under)
            found[question] = (_decision(question, estimate), estimate)
    return found


def _decision(question: PairQuestion, estimate: Estimate) -> Decision:
    most = question.over.protocol.most_rounds
    if estimate.n < min(FIRST_LOOK, most):
        return "open"
    level = level_of_look(min(estimate.n, most), most, min(FIRST_LOOK, most))
    return decision(estimate, question.margin, level, question.thresholds)
