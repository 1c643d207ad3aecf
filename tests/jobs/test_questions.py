"""The questions of a suite, and when they are decided."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from scalebench.claims.registry import registry
from scalebench.jobs.questions import look, questions_of
from scalebench.record import Environment, Record
from scalebench.suite.case import Case
from scalebench.suite.protocol import PROTOCOLS
from scalebench.suite.suite_plan import Group, Member, Plan

HERE = Environment("here", "hw", "sw")
STANDARD = PROTOCOLS["standard"]
MEMBERS = tuple(Member(method, depth, 1.0, 64, 100, 0.0) for method, depth in (("depth", 2.0), ("compound", 1.5)))
GROUP = Group("resnet18", 64, 50, 2.0, 0.02, MEMBERS)


def plan(*cases: Case) -> Plan:
    return Plan("s", "", "", cases, (), (GROUP,), (), 3)


def member(method: str, **settings: object) -> Case:
    own = next(own for own in MEMBERS if own.method == method)
    return Case(GROUP.model(own), own.resolution, protocol=STANDARD, **settings)  # type: ignore[arg-type]


def rounds(case: Case, factor: float, heats: int, spread: float = 0.01) -> list[Record]:
    """Heats whose host differs by tens of percent from turn to turn; the case's own ratio differs by ``spread``."""
    made = []
    for heat in range(heats):
        host = np.random.default_rng(heat).lognormal(0, 0.3, 12)
        own = factor * math.exp(spread * (-1) ** heat)
        laps = [float(0.1 * own * speed) for speed in host]
        record = Record(
            "s", case, heat, "ok", "2026-11-28T08:00:00+00:00", HERE, samples={"latency_s": laps},
            facts={"latency_s": float(np.median(laps)), "throughput_ips": 12 / sum(laps)}, wall_s=2.0,
            heat=f"h{heat}", turns=tuple(range(12)),
        )  # fmt: skip
        made.append(record)
    return made


def test_members_are_compared_with_compound_in_every_configuration() -> None:
    cases = [member(method, batch=batch) for method in ("depth", "compound") for batch in (1, 8)]
    questions = questions_of(plan(*cases))
    assert {(q.over.model, q.over.batch, q.under.batch) for q in questions} == {
        (cases[0].model, 1, 1), (cases[0].model, 8, 8),
    }  # fmt: skip
    assert {q.under.model for q in questions} == {cases[2].model}


def test_what_is_measured_alone_asks_nothing() -> None:
    alone = [replace(member(method), protocol=STANDARD.alone()) for method in ("depth", "compound")]
    assert questions_of(plan(*alone)) == ()


def test_claims_of_ratios_ask_with_their_bounds() -> None:
    """RT and EN claims of measured ratios whose cases are in the plan; others ask nothing."""
    claims = [claim for claim in registry().values() if claim.measured]
    cases = [Case(name, 224, protocol=STANDARD) for name in ("resnet50", "efficientnet_b0", "resnet18", "resnet152")]
    questions = questions_of(Plan("s", "", "", tuple(cases), (), (), (), 3), claims)
    assert questions
    assert all(question.over in cases and question.under in cases for question in questions)
    assert all(0 < bound < math.inf for question in questions for bound in question.thresholds)


@pytest.mark.parametrize(
    ("factor", "heats", "word"), [(1.5, 4, "different"), (1.0, 12, "equal"), (1.5, 2, "open"), (1.03, 4, "open")]
)
def test_a_question_is_decided_by_its_heats(factor: float, heats: int, word: str) -> None:
    """A difference of half is seen after four heats, and equality after twelve; two heats decide nothing."""
    over, under = member("depth"), member("compound")
    (question,) = questions_of(plan(over, under))
    spread = 0.01 if word != "open" else 0.05
    records = {over.key: rounds(over, factor, heats, spread), under.key: rounds(under, 1.0, heats, -spread)}
    ((decided, estimate),) = look([question], records).values()
    assert decided == word
    assert estimate.n == heats


def test_without_rounds_of_both_there_is_no_answer() -> None:
    over, under = member("depth"), member("compound")
    questions = questions_of(plan(over, under))
    assert look(questions, {}) == {}
    assert look(questions, {over.key: rounds(over, 1.0, 3)}) == {}
