"""Errors of predictions by cross-validation: group after group left out, all choices made without it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, product

import numpy as np

from scalebench.analysis.predict import other_machine, other_model, same_model
from scalebench.analysis.predict.cases import MeasuredCase, Place, Values
from scalebench.analysis.predict.conformal import half_width, median_error
from scalebench.analysis.predict.process_memory import learn_memory

Scored = tuple[float, float, str]
"""Error of the log of a left-out prediction, its predicted half-width, and the group that was left out."""


@dataclass(frozen=True)
class ErrorRow:
    """Errors of one tier at one place; the last three are NaN where there was no interval."""

    tier: str
    method: str  # of tier 3 the other machine
    quantity: str  # ``latency`` or ``memory``
    place: Place
    n: int  # left-out predictions
    median: float  # relative error
    p90: float  # relative error
    within: float  # share of predictions within 10 %
    coverage: float  # share of true values in their 90 % interval
    coverage_of_units: float  # the same with equal weight for every group, which is what intervals are made for
    width: float  # mean of upper over lower end of the interval, minus one


def evaluate(cases: Mapping[Place, Sequence[MeasuredCase]]) -> list[ErrorRow]:
    """Error table of every tier that has enough cases, place by place."""
    rows = []
    for place, own in cases.items():
        for line, ends in product((True, False), (False, True)):
            method = f"{same_model.LINE if line else same_model.SCALED}{same_model.BEYOND if ends else ''}"
            rows += _row("T1", method, "latency", place, _same_model_errors(own, line, ends))
        rows += _row("T2", "new family", "latency", place, _other_model_errors(own))
        rows += _row("T2", "base and static peak", "memory", place, _memory_errors(place, own))
        for other, other_cases in cases.items():
            if other_machine.comparable(place, other):
                rows += _row("T3", f"from {other.machine}", "latency", place, _other_machine_errors(own, other_cases))
    return rows


def _row(tier: str, method: str, quantity: str, place: Place, scored: Sequence[Scored]) -> list[ErrorRow]:
    if not scored:
        return []
    errors, halves = np.abs([error for error, _, _ in scored]), np.array([half for _, half, _ in scored])
    known = ~np.isnan(halves)
    inside: dict[str, list[bool]] = {}
    for error, half, group in scored:
        if not math.isnan(half):
            inside.setdefault(group, []).append(abs(error) <= half)
    return [
        ErrorRow(
            tier, method, quantity, place, len(scored), median_error(errors),
            math.expm1(float(np.quantile(errors, 0.9))), float(np.mean(errors < math.log(1.1))),
            float(np.mean(errors[known] <= halves[known])) if known.any() else math.nan,
            float(np.mean([np.mean(own) for own in inside.values()])) if known.any() else math.nan,
            float(np.mean(np.expm1(2 * halves[known]))) if known.any() else math.nan,
        )
    ]  # fmt: skip


def _same_model_errors(cases: Sequence[MeasuredCase], line: bool, ends: bool) -> list[Scored]:
    labels, scores = same_model.left_out([c.work for c in cases], np.array([c.latency_s for c in cases]), line, ends)
    return _one_by_one(scores, labels)


def _one_by_one(scores: Values, labels: Sequence[str]) -> list[Scored]:
    """Each case as its own group; its interval is from the errors of all others."""
    return [
        (float(score), half_width(np.delete(scores, i), [*labels[:i], *labels[i + 1 :]]), labels[i])
        for i, score in enumerate(scores)
    ]


def _other_model_errors(cases: Sequence[MeasuredCase]) -> list[Scored]:
    """Folds of families left out; method and interval are learned from the others alone."""
    works, times = [case.work for case in cases], np.array([case.latency_s for case in cases])
    scored: list[Scored] = []
    for own in other_model.folds([work.family for work in works]):
        rest = list(compress(works, ~own))
        left = [case for case in compress(cases, own) if not other_model.why_not(rest, case.work)]
        if left:
            learned = other_model.learn_other_model(rest, times[~own])
            errors = np.log(learned.predict([case.work for case in left]) / np.array([c.latency_s for c in left]))
            scored += [(float(e), learned.half_width, c.work.family) for e, c in zip(errors, left, strict=True)]
    return scored


def _memory_errors(place: Place, cases: Sequence[MeasuredCase]) -> list[Scored]:
    scored: list[Scored] = []
    for own in other_model.folds([case.work.family for case in cases]):
        learned = learn_memory(place, list(compress(cases, ~own)))
        if learned is None:
            continue
        for case in compress(cases, own):
            ratio = float(learned.predict([case.work])[0]) / case.memory_bytes
            if ratio > 0:
                scored.append((math.log(ratio), learned.half_width, case.work.family))
    return scored


def _other_machine_errors(own: Sequence[MeasuredCase], other: Sequence[MeasuredCase]) -> list[Scored]:
    keys = {case.work.key for case in other}
    if sum(case.work.key in keys for case in own) <= other_machine.FEWEST:
        return []
    learned = other_machine.learn_other_machine(own, other)
    return _one_by_one(learned.scores, learned.groups)
