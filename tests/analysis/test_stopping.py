"""When a case is done, which rounds count, and how long a round should be."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.analysis.stopping import SPARE, counted_rounds, counting, iterations, planned_rounds, standing
from scalebench.record import Environment, Record
from scalebench.suite.case import Case
from scalebench.suite.protocol import PROTOCOLS, Protocol

HERE = Environment("here", "hw", "sw")
STANDARD = PROTOCOLS["standard"].alone()
CASE = Case("resnet18", 64, protocol=STANDARD)


def made(latency: float = 0.1, *notes: str, outcome: Any = "ok", wall_s: float = 1.0, laps: Any = ()) -> Record:
    facts = {"latency_s": latency, "throughput_ips": 1 / latency} if outcome == "ok" else {}
    samples = {"latency_s": list(laps)}
    return Record("s", CASE, 0, outcome, "", HERE, samples=samples, facts=facts, notes=notes, wall_s=wall_s)


def pilot(deviation: float) -> list[Record]:
    """Five rounds with this standard deviation of the logs: scores with a deviation of 1."""
    return [made(0.1 * math.exp(deviation * score)) for score in (-1.26491, -0.63246, 0.0, 0.63246, 1.26491)]


def test_rounds_without_any_spread_get_the_least_number_after_the_pilot() -> None:
    """Five rounds are the pilot, and five the least."""
    states = [standing([made()] * n, STANDARD, "cpu") for n in range(12)]
    assert states == ["open"] * 10 + ["converged"] * 2


def test_the_spread_of_the_pilot_decides_how_many_rounds_follow() -> None:
    """Stein: (t(4) 0.03 / 0.03)^2 = 2.7764^2 = 7.7, so eight more; what those show does not matter."""
    first = pilot(0.03)
    assert planned_rounds(first, STANDARD, "cpu") == 13
    calm, wild = [made(0.1)] * 8, [made(0.1 * 2**at) for at in range(8)]
    for rest in (calm, wild):
        assert standing([*first, *rest[:7]], STANDARD, "cpu") == "open"
        assert standing([*first, *rest], STANDARD, "cpu") == "converged"


def test_the_pilot_is_left_out_of_the_estimates_where_it_ended_the_case() -> None:
    rest = [made(0.1 + at / 1e4) for at in range(8)]
    assert counted_rounds([*pilot(0.03), *rest]) == rest
    assert len(counted_rounds([*pilot(0.03), *rest[:7]])) == 12
    noisy = [*pilot(0.2), *rest, *rest][:20]
    assert standing(noisy, STANDARD, "cpu") == "budget"
    assert counted_rounds(noisy) == noisy


def test_the_target_depends_on_the_device() -> None:
    """One per cent on a GPU: (2.7764 * 0.01 / 0.01)^2 = 7.7 instead of the least five."""
    assert planned_rounds(pilot(0.01), STANDARD, "cpu") == 10
    assert planned_rounds(pilot(0.01), STANDARD, "cuda:0") == 13


def test_throughput_has_to_be_narrow_too() -> None:
    rounds = [replace(made(), facts={"latency_s": 0.1, "throughput_ips": 10.0 * 2**i}) for i in range(12)]
    assert standing(rounds, STANDARD, "cpu") == "open"


def test_without_any_number_there_is_no_plan() -> None:
    rounds = [replace(made(), facts={}) for _ in range(12)]
    assert planned_rounds(rounds[:5], STANDARD, "cpu") == math.inf
    assert standing(rounds, STANDARD, "cpu") == "open"


def test_noise_ends_at_the_most_rounds_or_at_the_wall_budget() -> None:
    noisy = [made(0.1 * (1 + i % 2)) for i in range(20)]
    assert standing(noisy[:19], STANDARD, "cpu") == "open"
    assert standing(noisy, STANDARD, "cpu") == "budget"
    dear = [replace(r, wall_s=25.0) for r in noisy[:5]]
    assert standing(dear, STANDARD, "cpu") == "budget"
    assert standing(dear[:4], STANDARD, "cpu") == "open"


def test_rounds_that_never_settle_are_unstable() -> None:
    noisy = [made(0.1 * (1 + i % 2), "not_steady: 12 %") for i in range(20)]
    assert standing(noisy, STANDARD, "cpu") == "unstable"


def test_a_fixed_number_of_rounds_is_just_that() -> None:
    fixed = Protocol(rounds=3, turns=0)
    assert [standing([made()] * n, fixed, "cpu") for n in range(4)] == ["open", "open", "open", "fixed"]
    assert standing([made(0.1), made(0.2), made(0.1)], fixed, "cpu") == "fixed"


def test_a_case_that_fails_is_not_tried_again() -> None:
    assert standing([made(outcome="oom")], STANDARD, "cpu") == "failed"
    assert standing([made(), made(outcome="crashed")], STANDARD, "cpu") == "failed"


def test_a_failure_after_enough_good_rounds_takes_nothing_away() -> None:
    assert standing([*[made()] * 10, made(outcome="crashed")], STANDARD, "cpu") == "converged"


def test_doubtful_rounds_are_replaced_and_the_sixth_counts() -> None:
    bad = made(0.3, "cgroup_throttled: 4 periods")
    assert standing([bad, *[made()] * 9], STANDARD, "cpu") == "open"
    assert standing([bad, *[made()] * 10], STANDARD, "cpu") == "converged"
    assert len(counted_rounds([bad] * (SPARE + 1))) == 1


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([(), ("cgroup_throttled",), ("steal",)])), max_size=20))
def test_more_rounds_never_change_whether_an_earlier_one_counts(rounds: list[tuple[bool, tuple[str, ...]]]) -> None:
    for n in range(len(rounds)):
        assert counting(rounds[: n + 1])[:n] == counting(rounds[:n])
    marks = counting(rounds)
    assert not any(mark and not ok for mark, (ok, _) in zip(marks, rounds, strict=True))
    assert sum(ok for ok, _ in rounds) - sum(marks) <= SPARE


def rounds_with(within: float, between: float, lap: float = 0.01, wall_s: float = 3.0) -> list[Record]:
    """Five rounds of 40 laps with the given relative spreads."""
    rng = random.Random(7)
    level = [lap * (1 + between * z) for z in (-1.26, -0.63, 0.0, 0.63, 1.26)]
    return [made(m, laps=[m * (1 + rng.gauss(0, within)) for _ in range(40)], wall_s=wall_s) for m in level]


def test_iterations_are_chosen_once_five_rounds_are_known() -> None:
    assert iterations(rounds_with(0.01, 0.05)[:4]) is None
    assert iterations(rounds_with(0.01, 0.05)) is not None


def test_spread_between_rounds_asks_for_short_rounds_and_spread_within_for_long_ones() -> None:
    """sqrt(2.6 s / 0.01 s * within^2 / between^2) for spreads of 5 % within and 5 % between."""
    assert iterations(rounds_with(0.001, 0.2)) == 9
    assert iterations(rounds_with(0.3, 0.001)) == 200
    assert iterations(rounds_with(0.05, 0.05)) == pytest.approx((2.6 / 0.01) ** 0.5, rel=0.15)


def test_by_turns_a_case_is_done_after_the_least_heats() -> None:
    """Open comparisons decide how many follow; no pilot is left out, and no doubt sets a round aside."""
    protocol = PROTOCOLS["standard"]
    turned = [
        replace(made(0.1 * 2**at, "host_disturbed: +80 %"), case=Case("resnet18", 64), heat="h") for at in range(8)
    ]
    assert [standing(turned[:n], protocol, "cpu") for n in range(4)] == ["open"] * 3 + ["fixed"]
    assert counted_rounds(turned) == turned
