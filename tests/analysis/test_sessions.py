"""Sessions, and the spread between them, on machines whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from scalebench.analysis.sessions import DEFAULT, SessionRounds, Spread, estimate, numbered, spreads
from scalebench.analysis.stats import Estimate, across_sessions, mean_ratio, of_rounds, ratio

NONE = Spread((0.0, 1.0), (0.0, 1.0))


def machine(
    rng: np.random.Generator, common: float, sessions: int, cases: int = 6, rounds: int = 5
) -> list[SessionRounds]:
    """Cases of 1 s measured in every session; rounds scatter by 5 %, a case of its own by 3 % between sessions."""
    levels = rng.normal(0, common, sessions)
    return [
        SessionRounds({s: np.exp(levels[s] + rng.normal(0, 0.03) + rng.normal(0, 0.05, rounds)).tolist()
                for s in range(sessions)})
        for _ in range(cases)
    ]  # fmt: skip


# --- what a session is ----------------------------------------------------------------------------------------------


def test_a_pause_of_more_than_half_an_hour_begins_a_session() -> None:
    """In whatever order rounds are stored, and with zones; rounds without a time belong to the first session."""
    started = [
        "2026-11-24T10:00:00+00:00", "2026-11-24T10:29:00+00:00", "2026-11-25T08:00:00+00:00",
        "2026-11-24T10:58:59+00:00", "2026-11-24T11:29:00+00:00", "",
    ]  # fmt: skip
    assert numbered(started) == [0, 0, 2, 0, 1, 0]
    assert numbered([]) == []
    assert numbered(["", ""]) == [0, 0]


# --- absolute values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sessions", "least"), [(2, 0.93), (3, 0.93), (6, 0.92)])
def test_values_of_several_sessions_cover_the_machines_mean(sessions: int, least: float) -> None:
    """Sessions 10 % apart. Rounds taken as exchangeable cover the truth in 53 to 63 %."""
    rng, hits, naive = np.random.default_rng(11), 0, 0
    for _ in range(300):
        cases = machine(rng, 0.10, sessions)
        e = of_rounds(SessionRounds(cases[0].by_session, estimate(cases, "latency_s")))
        pooled = of_rounds(cases[0].values)
        hits += e.low <= 1 <= e.high
        naive += pooled.low <= 1 <= pooled.high
    assert hits / 300 >= least
    assert naive / 300 < 0.75


def test_one_session_has_the_interval_of_its_rounds() -> None:
    """ln 2 / sqrt 3 times t(0.975, 2) = 4.302653, as without sessions."""
    e = of_rounds(SessionRounds({3: [1.0, 2.0, 4.0]}))
    assert (e.value, e.n) == pytest.approx((2.0, 3))
    assert e.high == pytest.approx(2 * math.exp(4.302653 * math.log(2) / math.sqrt(3)), rel=1e-6)


def test_the_value_is_the_mean_of_sessions() -> None:
    """Eight rounds of one evening do not outvote two of the other: the mean of 1 and 4 is 2."""
    e = of_rounds(SessionRounds({0: [1.0] * 8, 1: [4.0] * 2}, NONE))
    assert (e.value, e.n) == pytest.approx((2.0, 10))


def test_values_that_can_be_negative_vary_over_sessions_too() -> None:
    """Energy above idle: means 1 and 3 have t(0.975, 1) = 12.706 times 1."""
    e = of_rounds(SessionRounds({0: [0.0, 2.0], 1: [3.0, 3.0]}, DEFAULT))
    assert (e.value, e.high) == pytest.approx((2.0, 14.706), abs=1e-3)


def test_other_intervals_are_widened_in_quadrature() -> None:
    """A variance of 0.02 known exactly over two sessions: 1.96 times 0.1, and nothing of one session."""
    e, known = Estimate(1.0, 0.9, 1.1, 5), Spread((0.01, 1e9), (0.01, 1e9))
    wide = across_sessions(e, known, 2)
    assert math.log(wide.high) == pytest.approx(math.hypot(math.log(1.1), 0.195996), rel=1e-5)
    assert math.log(wide.low) == pytest.approx(-math.hypot(math.log(0.9), 0.195996), rel=1e-5)
    assert across_sessions(e, None, 1) is e


# --- ratios ---------------------------------------------------------------------------------------------------------


def test_a_ratio_within_the_same_sessions_is_not_widened() -> None:
    """Sessions 3 times apart leave the ratio of two cases and its interval alone."""
    steady, shifted = ({0: [1.0, 1.1, 0.9], 1: [1.0, 1.1, 0.9]}, {0: [1.0, 1.1, 0.9], 1: [3.0, 3.3, 2.7]})
    twice = [
        SessionRounds({s: [2 * v for v in own] for s, own in levels.items()}, DEFAULT) for levels in (steady, shifted)
    ]
    plain = [SessionRounds(levels, DEFAULT) for levels in (steady, shifted)]
    calm, rough = (ratio(a, b) for a, b in zip(twice, plain, strict=True))
    assert (rough.value, rough.low, rough.high) == pytest.approx((calm.value, calm.low, calm.high))
    assert rough.value == pytest.approx(2.0)


def test_a_ratio_across_sessions_is_widened() -> None:
    """Two cases of one session each: 5 % of scatter in five rounds hides sessions that differ by 10 %."""
    rng, hits, naive = np.random.default_rng(3), 0, 0
    for _ in range(300):
        a, b = ({s: np.exp(rng.normal(0, 0.10) + rng.normal(0, 0.05, 5)).tolist()} for s in (0, 1))
        wide, narrow = ratio(SessionRounds(a, DEFAULT), SessionRounds(b, DEFAULT)), ratio(a[0], b[1])
        hits += wide.low <= 1 <= wide.high
        naive += narrow.low <= 1 <= narrow.high
    assert hits / 300 >= 0.93
    assert naive / 300 < 0.6


def test_what_sessions_differ_by_does_not_average_out_over_targets() -> None:
    """One method in the evening, the other in the morning: four targets have the same error, not half of it."""
    known = Spread((0.01, 1e9), (0.0, 1.0))
    pair = (SessionRounds({0: [2.0, 2.0]}, known), SessionRounds({1: [1.0, 1.0]}, known))
    one, four = mean_ratio([pair]), mean_ratio([pair] * 4)
    assert math.log(one.high / 2) == pytest.approx(1.959964 * math.sqrt(0.02), rel=1e-4)
    assert four.high == pytest.approx(one.high)


def test_cases_are_compared_in_the_sessions_they_share() -> None:
    """The session that only one of them has does not count."""
    e = ratio(SessionRounds({0: [2.0, 2.0], 1: [9.0, 9.0]}, DEFAULT), SessionRounds({0: [1.0, 1.0]}, DEFAULT))
    assert (e.value, e.n) == pytest.approx((2.0, 2))


# --- the spread -----------------------------------------------------------------------------------------------------


def test_the_spread_is_found() -> None:
    """Of 40 sessions 20 % apart, with 3 % of each case and 5 % of rounds."""
    spread = estimate(machine(np.random.default_rng(1), 0.20, 40), "latency_s")
    assert math.sqrt(spread.common[0]) == pytest.approx(0.20, rel=0.25)
    assert math.sqrt(spread.specific[0]) == pytest.approx(0.03, rel=0.25)
    assert (spread.common[1], spread.specific[1]) == (40, 5 * 39)


def test_cases_of_different_sessions_say_nothing_about_their_spread() -> None:
    """Two sessions without a case in both: the default is used, a smaller one for memory."""
    cases = [SessionRounds({0: [1.0, 1.1]}), SessionRounds({1: [5.0, 5.1]})]
    assert estimate(cases, "latency_s") == DEFAULT
    assert estimate(cases, "memory_bytes").common[0] < DEFAULT.common[0] / 10


def test_a_machine_with_one_session_has_no_spread() -> None:
    """Machines and metrics are separate; rounds that do not count make no session."""
    rows = [("a", s, s < 2, 1.0 + s / 10) for s in (0, 1, 2)] + [("b", 0, True, 1.0), ("b", 5, False, 1.0)]
    frame = pd.DataFrame(rows, columns=["machine", "session", "used", "latency_s"]).assign(case="c", energy_j=math.nan)
    assert set(spreads(frame, ["latency_s", "energy_j"])) == {("a", "latency_s")}
    assert spreads(frame, ["latency_s"])["a", "latency_s"].common[1] == 2
