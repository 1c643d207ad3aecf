"""Which training runs a study needs. Finished runs decide which ones follow: the learning rate is chosen on the base,
and once more between two for each variant.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Group, Member
from scalebench.suite.training_study import AXES, BASE, COMPOUND, TrainingRun, TrainingStudy
from scalebench.suite.variant import parse_variant

SECONDS_PER_MAC = 6e-10
"""Of one training step, per image and counted MAC of the forward pass: 3e-10 to 9e-10 on one core."""

Validated = Mapping[TrainingRun, float]
"""Share of the validation images that a finished run gets right; NaN where it ended without a network."""


def study_group(groups: tuple[Group, ...]) -> Group:
    """The group that is trained: the first that has compound scaling and a single axis.

    Raises:
        ValueError: there is none.
    """
    for group in groups:
        methods = {member.method for member in group.members}
        if COMPOUND in methods and methods & set(AXES):
            return group
    raise ValueError("a training study needs a scale entry with a target, by compound and at least one single axis")


def members(group: Group) -> dict[str, Member]:
    """Members by method, the base first, then compound and the single axes."""
    base = parse_variant(group.base)
    first = Member(BASE, base.depth, base.width, group.base_resolution, group.base_macs, 0.0, base.trim)
    by_method = {member.method: member for member in group.members}
    return {BASE: first} | {method: by_method[method] for method in (COMPOUND, *AXES) if method in by_method}


def case_of(study: TrainingStudy, group: Group, run: TrainingRun, device: str) -> Case:
    """The case whose round a run is."""
    member = members(group)[run.method]
    return study.case(Case(group.model(member), member.resolution, device=device), run)


def rates_by_success(study: TrainingStudy, validated: Validated, method: str = BASE) -> list[float]:
    """Learning rates that a method was trained with at the first seed, best on the validation images first."""
    scores = {
        rate: validated.get(TrainingRun(method, rate, 0, study.epochs), math.nan) for rate in study.learning_rates
    }
    return sorted((rate for rate in scores if math.isfinite(scores[rate])), key=lambda rate: (-scores[rate], rate))


def own_rate(study: TrainingStudy, validated: Validated, method: str) -> float | None:
    """The better of two learning rates for a method; None while that is open."""
    shared = rates_by_success(study, validated)
    candidates = shared[:2]
    if not candidates or (
        method != BASE and any(TrainingRun(method, r, 0, study.epochs) not in validated for r in candidates)
    ):
        return None
    own = [rate for rate in rates_by_success(study, validated, method) if rate in candidates]
    return own[0] if own else candidates[0]


def needed_runs(study: TrainingStudy, methods: tuple[str, ...], validated: Validated) -> list[TrainingRun]:
    """All runs that the study needs, as far as the finished ones decide that, in the order to make them.

    Args:
        study: sizes and candidates.
        methods: of the variants, with ``BASE``.
        validated: finished runs.
    """
    search = [TrainingRun(BASE, rate, 0, study.epochs) for rate in study.learning_rates]
    if any(run not in validated for run in search):
        return search
    best = rates_by_success(study, validated)
    if not best:
        return search
    seeds = range(study.seeds)
    shared = [TrainingRun(method, best[0], seed, study.epochs) for seed in seeds for method in methods]
    second = [TrainingRun(method, rate, 0, study.epochs) for method in methods for rate in best[1:2]]
    own = [
        TrainingRun(method, rate, seed, study.epochs)
        for method in methods
        if (rate := own_rate(study, validated, method)) is not None
        for seed in seeds
    ]
    longer = study.epochs * study.depth_epochs
    long = [TrainingRun("depth", best[0], seed, longer) for seed in seeds] if longer and "depth" in methods else []
    return list(dict.fromkeys([*search, *shared, *second, *own, *long]))


def expected_s(study: TrainingStudy, group: Group, run: TrainingRun, per_mac: float = SECONDS_PER_MAC) -> float:
    """Seconds that a run takes on one core."""
    return members(group)[run.method].macs * study.images * run.epochs * per_mac


def foreseen_runs(study: TrainingStudy, methods: tuple[str, ...], switching: bool) -> list[TrainingRun]:
    """All runs of a study if the first learning rate is best for the base, and for the variants too unless
    ``switching``: then the second is, and they are trained with both.
    """
    scores: dict[TrainingRun, float] = {}
    while runs := [run for run in needed_runs(study, methods, scores) if run not in scores]:
        for run in runs:
            rank = study.learning_rates.index(run.rate)
            scores[run] = rank if switching and run.method != BASE else -rank
    return list(scores)
