"""How far off predictions are on what they have not seen: unit after unit left out, all choices made without it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scalebench.analysis.predict import other_machine, other_model, same_model
from scalebench.analysis.predict.cases import MeasuredCase, Place
from scalebench.analysis.predict.conformal import half_width, median_error
from scalebench.analysis.predict.process_memory import learn_memory

Values = npt.NDArray[np.float64]
Scored = tuple[float, float, str]
"""Error of the log of a left-out prediction, the half-width that was claimed for it, and the unit that was left out."""


@dataclass(frozen=True)
class ErrorRow:
    """Errors of one tier at one place.

    Attributes:
        tier, method: in words; of tier 1 the method, of tier 3 the other machine.
        quantity: ``latency`` or ``memory``.
        place: where.
        n: left-out predictions.
        median, p90: relative errors.
        within: share of predictions within 10 %.
        coverage: share of true values in their 90 % interval; NaN where there was none.
        coverage_of_units: the same with every unit left out weighing alike, which is what intervals are made for.
        width: mean of upper over lower end of the interval, minus one.
    """

    tier: str
    method: str
    quantity: str
    place: Place
    n: int
    median: float
    p90: float
    within: float
    coverage: float
    coverage_of_units: float
    width: float


def evaluate(cases: Mapping[Place, Sequence[MeasuredCase]]) -> list[ErrorRow]:
    """Error table of every tier that has enough cases, place by place."""
    rows = []
    for place, seen in cases.items():
        for line in (True, False):
            rows += _row("T1", same_model.LINE if line else same_model.SCALED, "latency", place, _t1(seen, line))
        rows += _row("T2", "new family", "latency", place, _t2(seen))
        rows += _row("T2", "base and static peak", "memory", place, _memory(place, seen))
        for other, there in cases.items():
            if other_machine.comparable(place, other):
                rows += _row("T3", f"from {other.machine}", "latency", place, _t3(seen, there))
    return rows


def _row(tier: str, method: str, quantity: str, place: Place, scored: Sequence[Scored]) -> list[ErrorRow]:
    if not scored:
        return []
    errors, halves = np.abs([error for error, _, _ in scored]), np.array([half for _, half, _ in scored])
    known = ~np.isnan(halves)
    inside: dict[str, list[bool]] = {}
    for error, half, unit in scored:
        if not math.isnan(half):
            inside.setdefault(unit, []).append(abs(error) <= half)
    return [
        ErrorRow(
            tier, method, quantity, place, len(scored), median_error(errors),
            math.expm1(float(np.quantile(errors, 0.9))), float(np.mean(errors < math.log(1.1))),
            float(np.mean(errors[known] <= halves[known])) if known.any() else math.nan,
            float(np.mean([np.mean(own) for own in inside.values()])) if known.any() else math.nan,
            float(np.mean(np.expm1(2 * halves[known]))) if known.any() else math.nan,
        )
    ]  # fmt: skip


def _t1(seen: Sequence[MeasuredCase], line: bool) -> list[Scored]:
    """Resolution after resolution; the interval of each from the errors of all others."""
    keys, scores = same_model.left_out([s.work for s in seen], np.array([s.latency_s for s in seen]), line)
    names = [f"{model}@{resolution}" for model, resolution in keys]
    return [
        (float(score), half_width(np.delete(scores, at), [*names[:at], *names[at + 1 :]]), names[at])
        for at, score in enumerate(scores)
    ]


def _t2(seen: Sequence[MeasuredCase]) -> list[Scored]:
    """Fold of families after fold, with the choice of the method and its interval learned from the others alone."""
    works, times = [s.work for s in seen], np.array([s.latency_s for s in seen])
    found: list[Scored] = []
    for own in other_model.folds([work.family for work in works]):
        rest = [work for work, mask in zip(works, own, strict=True) if not mask]
        mine = [work for work, mask in zip(works, own, strict=True) if mask]
        answered = [work for work in mine if not other_model.why_not(rest, work)]
        if not answered:
            continue
        learned = other_model.learn_other_model(rest, times[~own])
        true = {work.key: time for work, time in zip(works, times, strict=True)}
        errors = np.log(learned.predict(answered) / np.array([true[work.key] for work in answered]))
        found += [(float(e), learned.half_width, work.family) for e, work in zip(errors, answered, strict=True)]
    return found


def _memory(place: Place, seen: Sequence[MeasuredCase]) -> list[Scored]:
    found: list[Scored] = []
    families = [s.work.family for s in seen]
    for own in other_model.folds(families):
        rest = [s for s, mask in zip(seen, own, strict=True) if not mask]
        learned = learn_memory(place, rest)
        if learned is None:
            continue
        for one in (s for s, mask in zip(seen, own, strict=True) if mask):
            ratio = float(learned.predict([one.work])[0]) / one.memory_bytes
            if ratio > 0:
                found.append((math.log(ratio), learned.half_width, one.work.family))
    return found


def _t3(here: Sequence[MeasuredCase], there: Sequence[MeasuredCase]) -> list[Scored]:
    """Case after case; the interval of each from the errors of all others."""
    known = {s.work.key for s in there}
    if sum(s.work.key in known for s in here) <= other_machine.FEWEST:
        return []
    learned = other_machine.learn_other_machine(here, there)
    names = learned.groups
    return [
        (float(score), half_width(np.delete(learned.scores, at), [*names[:at], *names[at + 1 :]]), names[at])
        for at, score in enumerate(learned.scores)
    ]
