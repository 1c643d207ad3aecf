"""Effects, verdicts and Holm, against hand-worked numbers and simulated runs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scalebench.analysis.compare.gate import GATE, SD_OF_FLOOR, Better, Effect, judge, paired, welch
from scalebench.analysis.decisions import level_of_look
from scalebench.analysis.holm import holm
from scalebench.analysis.stats import ratio

TIMES = st.floats(1e-4, 1e3)
ROUNDS = st.lists(TIMES, min_size=2, max_size=8)


# --- effects -------------------------------------------------------------------------------------------------------


@given(a=ROUNDS, b=ROUNDS)
def test_without_noise_between_runs_it_is_welchs_interval(a: list[float], b: list[float]) -> None:
    """With no floor the effect is the ratio that the rest of scalebench works with."""
    found, known = welch(a, b).estimate, ratio(b, a)
    assert found.value == pytest.approx(known.value)
    assert found.n == known.n
    if known.low > 0 and known.high < math.inf:
        assert (found.low, found.high) == pytest.approx((known.low, known.high), rel=1e-6)


def test_the_floor_alone_is_the_half_width() -> None:
    """Rounds without any spread: two runs may still differ by the floor, so the interval is as wide as that."""
    found = welch([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], floor=0.05)
    assert found.half_width == pytest.approx(0.05)
    assert found.freedom == math.inf


def test_a_floor_from_few_runs_has_their_degrees_of_freedom() -> None:
    """t(4) = 2.7764 in place of the normal 1.95996."""
    found = welch([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], floor=0.05, freedom=4)
    assert found.freedom == pytest.approx(4)
    assert found.half_width == pytest.approx(0.05 * 2.7764 / 1.95996, rel=1e-4)


def test_a_floor_is_what_two_runs_differ_by() -> None:
    """Runs with the standard deviation floor / SD_OF_FLOOR differ by more than the floor in 5 % of pairs."""
    runs = np.random.default_rng(3).normal(0, 0.04 / SD_OF_FLOOR, (100_000, 2))
    assert float(np.mean(np.abs(runs[:, 0] - runs[:, 1]) > 0.04)) == pytest.approx(0.05, abs=0.005)


@given(a=ROUNDS, b=ROUNDS, floor=st.floats(0, 0.5))
def test_a_floor_never_narrows(a: list[float], b: list[float], floor: float) -> None:
    """The standard error grows with the floor, and the effect itself stays."""
    one, other = welch(a, b), welch(a, b, floor)
    assert other.log == one.log
    assert other.error >= one.error


@pytest.mark.parametrize(("a", "b"), [([1.0], [1.1, 1.2]), ([1.0, 1.1], [1.2]), ([1.0], [2.0])])
def test_one_round_has_no_verdict(a: list[float], b: list[float]) -> None:
    """A single round on either side gives an effect without an interval, and that decides nothing."""
    found = welch(a, b, 0.05)
    assert math.isnan(found.estimate.low)
    assert math.isnan(found.p_worse("lower"))
    assert judge(found, 0.03, "lower") == "inconclusive"


def test_pairs_know_their_neighbours() -> None:
    """Rounds that drift together by a factor of three show a difference of 2 % that runs apart would drown."""
    a = [1.0, 1.5, 2.0, 2.5, 3.0]
    b = [value * factor for value, factor in zip(a, (1.02, 1.021, 1.019, 1.02, 1.02), strict=True)]
    together, apart = paired([math.log(y / x) for x, y in zip(a, b, strict=True)]), welch(a, b)
    assert together.estimate.value == pytest.approx(1.02, abs=1e-4)
    assert together.half_width < 0.002 < 0.5 < apart.half_width


def test_the_paired_interval_is_students() -> None:
    """Logs 0, 1 and 2: mean 1, standard error 1 / sqrt 3, t(0.975, 2) = 4.302653."""
    found = paired([0.0, 1.0, 2.0])
    assert found.log == pytest.approx(1)
    assert found.half_width == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)


def test_looking_at_every_heat_costs_nothing() -> None:
    """Of duels of twenty heats without any difference 1 in 20 is called different; of plain intervals 1 in 5."""
    logs = np.random.default_rng(1).normal(0, 0.04, (4000, 20))
    crossed, plainly = np.zeros((2, 4000), dtype=bool)
    for n in range(3, 21):
        errors = logs[:, :n].std(axis=1, ddof=1) / math.sqrt(n)
        looked, plain = (paired(list(logs[0, :n]), level).half_width for level in (level_of_look(n, 20, 3), 0.95))
        distance = np.abs(logs[:, :n].mean(axis=1)) / errors * errors[0]
        crossed |= distance > looked
        plainly |= distance > plain
    assert crossed.mean() == pytest.approx(0.05, abs=0.01)
    assert plainly.mean() > 0.15


@given(b=ROUNDS, a=ROUNDS)
def test_worse_one_way_is_better_the_other(a: list[float], b: list[float]) -> None:
    """Exchanging the sides, or what counts as better, mirrors p and verdict."""
    found = welch(a, b, 0.02)
    mirror: dict[str, str] = {"worse": "better", "better": "worse"}
    verdict = judge(found, 0.03, "lower")
    assert judge(found, 0.03, "higher") == mirror.get(verdict, verdict)
    assert judge(welch(b, a, 0.02), 0.03, "lower") == mirror.get(verdict, verdict)
    assert found.p_worse("lower") + found.p_worse("higher") == pytest.approx(1)


# --- verdicts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "verdict"),
    [
        (0.10, 0.01, "worse"),
        (-0.10, 0.01, "better"),
        (0.02, 0.001, "same"),  # surely slower, and by less than matters
        (0.0, 0.001, "same"),
        (0.0, 0.05, "inconclusive"),
        (0.10, 0.08, "inconclusive"),
        (0.028, 0.012, "inconclusive"),  # above 1, below the margin, and reaching beyond it
        (0.10, math.nan, "inconclusive"),
    ],
)
@pytest.mark.parametrize("better", ["lower", "higher"])
def test_verdicts(change: float, error: float, verdict: str, better: Better) -> None:
    """Interval and margin of 3 % decide; for a throughput the log is turned round."""
    log = math.log1p(change) if better == "lower" else -math.log1p(change)
    assert judge(Effect(log, error, 1e6, 10), 0.03, better) == verdict


@pytest.mark.parametrize(("log", "p"), [(0.1, 0.0), (-0.1, 1.0), (0.0, 0.5)])
def test_rounds_that_agree_to_the_last_digit(log: float, p: float) -> None:
    """Bytes do not vary: any growth is certain, and equal ones are no evidence."""
    assert Effect(log, 0.0, math.inf, 3).p_worse("lower") == p


# --- many cases ----------------------------------------------------------------------------------------------------


def _failing(rng: np.random.Generator, floor: float, slowdown: float = 0.0, n: int = 5, cases: int = 10) -> list[bool]:
    """Which cases of one simulated comparison fail: 5 % noise between rounds, runs that differ as the floor says."""
    run = rng.normal(0, floor / SD_OF_FLOOR, (2, cases))
    logs = rng.normal(0, 0.05, (2, cases, n)) + run[:, :, None]
    logs[1, 0] += math.log1p(slowdown)
    effects = [welch(np.exp(a).tolist(), np.exp(b).tolist(), floor) for a, b in zip(*logs, strict=True)]
    adjusted = holm([effect.p_worse("lower") for effect in effects])
    margin = max(0.03, 2 * floor)
    return [p <= GATE and judge(e, margin, "lower") == "worse" for p, e in zip(adjusted, effects, strict=True)]


@pytest.mark.parametrize("floor", [0.0, 0.02, 0.05])
def test_equal_runs_seldom_fail(floor: float) -> None:
    """Of 200 comparisons of ten cases with themselves at most 5 % name any case."""
    rng = np.random.default_rng(20261124)
    assert sum(any(_failing(rng, floor)) for _ in range(200)) <= 10


@pytest.mark.parametrize(("floor", "found"), [(0.0, 0.85), (0.02, 0.6)])
def test_a_real_slowdown_is_found(floor: float, found: float) -> None:
    """A case that became 10 % slower, ten rounds a side: named alone among ten, nearly always."""
    rng = np.random.default_rng(7)
    hits = [_failing(rng, floor, slowdown=0.10, n=10) for _ in range(200)]
    assert np.mean([hit[0] for hit in hits]) >= found
    assert np.mean([any(hit[1:]) for hit in hits]) <= 0.05


def test_a_slowdown_of_a_single_case_is_found() -> None:
    """With one case and the floor of a GPU: 10 % at 5 % noise and ten rounds."""
    rng = np.random.default_rng(11)
    hits = [_failing(rng, 0.02, slowdown=0.10, n=10, cases=1)[0] for _ in range(200)]
    assert np.mean(hits) >= 0.9
    assert stats.binomtest(sum(hits), 200).proportion_ci().low > 0.8
