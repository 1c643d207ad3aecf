"""Two result sets: rows, floors, the gate and what surrounds them."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from scalebench.analysis.compare.comparison import mean_of_cases
from scalebench.analysis.compare.result_sets import CompareOptions, compare, default_floor
from scalebench.record import Environment, Record
from scalebench.store.floors import Floor

Make = Callable[..., Record]


@pytest.fixture
def rounds(measured: Make) -> Callable[..., list[Record]]:
    """Ten rounds of a case with 1 % noise around a latency; the seed tells runs apart."""

    def make(model: str, latency: float, seed: int, n: int = 10, **way: object) -> list[Record]:
        factors = np.exp(np.random.default_rng(seed).normal(0, 0.01, n))
        return [measured(model, 224, latency * float(x), number, **way) for number, x in enumerate(factors)]

    return make


Rounds = Callable[..., list[Record]]
QUIET = CompareOptions(floor=0.01)


def test_a_slower_case_fails_the_gate_alone(rounds: Rounds) -> None:
    """One of three cases became 20 % slower."""
    a = [r for i, m in enumerate("abc") for r in rounds(m, 0.1, i)]
    b = [r for i, m in enumerate("abc") for r in rounds(m, 0.12 if m == "b" else 0.1, 10 + i)]
    found = compare(a, b, QUIET)
    assert [row.a.model for row in found.worse] == ["b"]
    assert [row.verdict for row in found.rows] == ["same", "worse", "same"]
    slow = found.rows[1]
    assert slow.ratio.value == pytest.approx(1.2, rel=0.02)
    assert slow.check.ratio == pytest.approx(1.2, rel=0.02)
    assert slow.check.p == pytest.approx(2 / math.comb(20, 10))  # the smallest there is: no overlap at all
    assert slow.p <= slow.p_holm <= 3 * slow.p + 1e-12
    assert not found.undecided


def test_faster_is_no_failure(rounds: Rounds) -> None:
    found = compare(rounds("a", 0.1, 1), rounds("a", 0.05, 2), QUIET)
    assert found.rows[0].verdict == "better"
    assert not found.worse


def test_each_metric_knows_which_way_is_better(rounds: Rounds) -> None:
    """Half the latency is twice the throughput: both better; equal bytes are the same without any noise allowed."""
    terms = CompareOptions(("latency_s", "throughput_ips", "memory_bytes"), floor=0.01)
    rows = {row.metric: row for row in compare(rounds("a", 0.1, 1), rounds("a", 0.05, 2), terms).rows}
    assert {name: row.verdict for name, row in rows.items()} == {
        "latency_s": "better",
        "throughput_ips": "better",
        "memory_bytes": "same",
    }
    assert rows["throughput_ips"].ratio.value == pytest.approx(1 / rows["latency_s"].ratio.value)
    assert (rows["memory_bytes"].noise, rows["memory_bytes"].margin) == (0, 0.03)


def test_more_bytes_fail(rounds: Rounds) -> None:
    grown = [replace(r, facts={**r.facts, "memory_bytes": 1.1e6}) for r in rounds("a", 0.1, 2)]
    found = compare(rounds("a", 0.1, 1), grown, CompareOptions(("memory_bytes",)))
    assert found.worse[0].ratio.value == pytest.approx(1.1)


def test_the_margin_follows_the_floor(rounds: Rounds) -> None:
    """On a machine whose runs differ by 10 %, 15 % slower is inconclusive."""
    a, b = rounds("a", 0.1, 1), rounds("a", 0.115, 2)
    loud, quiet = compare(a, b, CompareOptions(floor=0.10)).rows[0], compare(a, b, QUIET).rows[0]
    assert (loud.margin, loud.verdict) == (0.20, "inconclusive")
    assert (quiet.margin, quiet.verdict) == (0.03, "worse")
    assert loud.ratio.high - loud.ratio.low > quiet.ratio.high - quiet.ratio.low


def test_a_measured_floor_takes_the_place_of_the_assumed_one(rounds: Rounds) -> None:
    a, b = rounds("a", 0.1, 1), rounds("a", 0.1, 2)
    floors = {"hw-xeon": Floor(0.004, 4, "", "", (), 0.003, 0.0066, 12), "hw-arm": Floor(0.3, 4, "", "", ())}
    known = compare(a, b, CompareOptions(floors=floors)).rows[0]
    assumed = compare(a, b).rows[0]
    assert (known.noise, known.noise_from) == (
        0.004, "measured by scalebench aa, 95 % interval 0.3 to 0.7 %, 12 degrees of freedom"
    )  # fmt: skip
    assert (assumed.noise, assumed.noise_from) == (0.05, "assumed; scalebench aa measures it")


@pytest.mark.parametrize(
    ("hardware", "floor"),
    [
        ({"device": "cuda", "cpu": {"virtual": True}}, 0.02),
        ({"device": "cpu", "cpu": {"virtual": False}}, 0.05),
        ({"device": "cpu", "cpu": {"virtual": True}}, 0.10),
        ({}, 0.05),
    ],
)
def test_assumed_floors(hardware: dict[str, object], floor: float) -> None:
    assert default_floor(Environment("m", "h", "s", hardware)) == floor


def _with_canary(records: list[Record], seconds: float) -> list[Record]:
    reading = {"matmul_s": seconds, "copy_s": 0.01}
    return [replace(r, telemetry={"canary": {"before": reading, "after": reading}}) for r in records]


def test_what_the_canary_moved_widens_the_interval(rounds: Rounds) -> None:
    """The machine itself became 8 % slower between the runs: a case that did the same is no regression."""
    a, b = rounds("a", 0.1, 1), rounds("a", 0.108, 2)
    blamed = compare(a, b, QUIET).rows[0]
    excused = compare(_with_canary(a, 0.010), _with_canary(b, 0.0108), QUIET).rows[0]
    assert blamed.verdict == "worse"
    assert excused.verdict == "inconclusive"
    assert excused.noise == pytest.approx(math.log(1.08))
    assert "canary" in excused.noise_from
    assert excused.margin == blamed.margin


def test_between_machines_the_canary_says_nothing(rounds: Rounds) -> None:
    """Another machine's canary is faster because the machine is: that is the effect, not noise."""
    a, b = _with_canary(rounds("a", 0.1, 1), 0.01), _with_canary(rounds("a", 0.05, 2, machine="fast"), 0.005)
    found = compare(a, b)
    assert found.rows[0].noise == 0.05
    assert found.rows[0].verdict == "better"
    assert found.rows[0].machine == "xeon -> fast"


def test_a_doubtful_case_is_listed_and_not_gated(rounds: Rounds) -> None:
    bad = [replace(record, notes=("throttled: HW thermal",)) for record in rounds("a", 0.2, 2)]
    found = compare(rounds("a", 0.1, 1), bad, QUIET)
    assert found.rows[0].verdict == "worse"
    assert found.rows[0].doubts == ("throttled",)
    assert not found.worse
    assert found.undecided
    assert math.isnan(found.rows[0].p_holm)
    assert math.isnan(found.means["latency_s"].value)


def test_what_has_no_number_is_said(rounds: Rounds, measured: Make) -> None:
    """A case that runs out of memory in B has no row, and is not passed over either."""
    failed = [replace(measured("a", 224, None, outcome="oom"), ending="oom_host")]
    found = compare(rounds("a", 0.1, 1), failed)
    assert found.rows == ()
    assert found.failed == (f"{found.failed[0].partition(':')[0]}: oom_host in B",)
    assert found.undecided


def test_a_metric_that_one_side_lacks_is_said(rounds: Rounds) -> None:
    bare = [replace(r, facts={"latency_s": r.facts["latency_s"], "memory_bytes": None}) for r in rounds("a", 0.1, 2)]
    found = compare(rounds("a", 0.1, 1), bare, CompareOptions(("latency_s", "memory_bytes")))
    assert [row.metric for row in found.rows] == ["latency_s"]
    assert found.failed[0].endswith("no memory in B")


def test_ties_do_not_break_the_rank_test(measured: Make) -> None:
    """Clocks tick: equal values on both sides take the test that allows them."""
    a = [measured("a", 224, 0.1, number) for number in range(5)]
    b = [measured("a", 224, 0.1, 5 + number) for number in range(5)]
    row = compare(a, b).rows[0]
    assert (row.check.ratio, row.check.p) == (1.0, 1.0)


def test_the_mean_over_cases() -> None:
    """Ratios 1/2 and 2 cancel; one case has no interval, none has no mean."""
    found = mean_of_cases([0.5, 2.0, 0.5, 2.0])
    assert found.value == pytest.approx(1)
    assert 0.5 <= found.low < 1 < found.high <= 2
    assert found == mean_of_cases([0.5, 2.0, 0.5, 2.0])
    assert math.isnan(mean_of_cases([1.5]).low)
    assert mean_of_cases([]).n == 0
