"""A training study in literal records: right answers are given, none is computed by a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from scalebench.record import Environment, Record
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Group, Member, Plan
from scalebench.suite.training_runs import members
from scalebench.suite.training_study import BUDGETS, Damage, TrainingRun, TrainingStudy

STUDY = replace(BUDGETS["smoke"], seeds=3, learning_rates=(0.1, 0.2), damage=Damage(scratch_widths=(1.0,)))
ENVIRONMENT = Environment("epyc-1", "hw", "sw")
RATE = 0.1


def group_of(*methods: str) -> Group:
    sizes = {
        "depth": (2.0, 0.35, 64),
        "width": (0.5, 0.7, 64),
        "resolution": (0.5, 0.35, 128),
        "compound": (0.7, 0.4, 81),
    }
    variants = tuple(Member(m, *sizes[m], 4_000_000, 0.0) for m in methods)
    return Group("efficientnet_b0[d=0.5,w=0.35]", 64, 1_000_000, 4.0, 0.02, variants)


def plan_of(*methods: str, study: TrainingStudy = STUDY) -> Plan:
    return Plan("accuracy_axes", "Axes", "", (), (), (group_of(*methods),), (), 3, study=study)


def record_of(
    plan: Plan, run: TrainingRun, right: Mapping[str, np.ndarray], validation: float = 0.7, **facts: Any
) -> Record:
    """A tested network; ``right`` has a bool per test image, by test."""
    member = members(plan.groups[0])[run.method]
    study = plan.study
    assert study is not None
    case = study.case(Case(plan.groups[0].model(member), member.resolution), run)
    content = {
        "run": asdict(run), "macs": member.macs, "validation": validation, "train_s": 0.02, "inference_s": 0.004,
        "correct": {test: np.packbits(bits).tobytes().hex() for test, bits in right.items()},
        "images": {test: len(bits) for test, bits in right.items()},
        "recall": {test: [float(np.mean(bits))] * 4 for test, bits in right.items()},
        "data": {"classes": ["none", "scratch", "dent", "chip"]}, **facts,
    }  # fmt: skip
    return Record(
        plan.suite,
        case,
        run.seed,
        "ok",
        "2026-11-28T20:00:00+00:00",
        ENVIRONMENT,
        samples={"loss": [1.25, 0.75]},
        facts=content,
        ending="ok",
    )


def records_of(plan: Plan, right: Mapping[str, Sequence[np.ndarray]], test: str = "1 px") -> list[Record]:
    """Runs of every method at ``RATE``, a row of right answers per seed; the base was worse with the other rate."""
    epochs = STUDY.epochs
    records = [
        record_of(plan, TrainingRun("base", 0.2, 0, epochs), {test: np.asarray(right["base"][0])}, validation=0.5)
    ]
    for method, seeds in right.items():
        records += [
            record_of(plan, TrainingRun(method, RATE, s, epochs), {test: np.asarray(b)}) for s, b in enumerate(seeds)
        ]
    return records


class Networks:
    """Simulated networks: an image is right where its ease, the network's luck and chance add up to more than 0."""

    def __init__(self, seed: int, images: int = 1000) -> None:
        self._random = np.random.default_rng(seed)
        self._ease = self._random.normal(0.6, 1.0, images)

    def trained(self, better: float = 0.0) -> np.ndarray:
        """Right answers of a new network; ``better`` adds to its ease."""
        luck, chance = self._random.normal(0, 0.04), self._random.normal(0, 1, len(self._ease))
        right: np.ndarray = self._ease + better + luck + chance > 0
        return right
