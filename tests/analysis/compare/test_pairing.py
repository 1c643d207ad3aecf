"""Which rounds are compared with which."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from scalebench.analysis.compare.pairing import pair_up
from scalebench.errors import StoreError
from scalebench.record import Record
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol

Make = Callable[..., Record]


@pytest.fixture
def rounds(measured: Make) -> Callable[..., list[Record]]:
    """Three rounds of a case: model, first latency, and what ``measured`` takes."""

    def make(model: str, latency: float, **way: object) -> list[Record]:
        return [measured(model, 224, latency * (1 + number / 100), number, **way) for number in range(3)]

    return make


def test_cases_are_paired_on_their_own_machine(rounds: Callable[..., list[Record]]) -> None:
    """Two machines in both sets: each is compared with itself."""
    a = rounds("resnet18", 1.0) + rounds("resnet18", 2.0, machine="arm")
    b = rounds("resnet18", 2.1, machine="arm") + rounds("resnet18", 1.1)
    found = pair_up(a, b)
    assert [pair.difference.kind for pair in found.pairs] == ["same", "same"]
    assert [(pair.a.values("latency_s")[0], pair.b.values("latency_s")[0]) for pair in found.pairs] == [
        (1.0, 1.1),
        (2.0, 2.1),
    ]


def test_what_one_side_lacks_is_listed(rounds: Callable[..., list[Record]]) -> None:
    found = pair_up(rounds("a", 1.0) + rounds("b", 1.0), rounds("a", 2.0) + rounds("c", 1.0))
    assert [pair.a.case.model for pair in found.pairs] == ["a"]
    assert [side.case.model for side in found.only_a] == ["b"]
    assert [side.case.model for side in found.only_b] == ["c"]


def test_on_one_machine_threads_are_part_of_the_case(rounds: Callable[..., list[Record]]) -> None:
    found = pair_up(rounds("a", 1.0, threads=1) + rounds("a", 2.0, threads=2), rounds("a", 2.2, threads=2))
    assert [(pair.a.case.threads, pair.b.case.threads) for pair in found.pairs] == [(2, 2)]
    assert [side.case.threads for side in found.only_a] == [1]


def test_between_machines_threads_and_device_are_the_machines(rounds: Callable[..., list[Record]]) -> None:
    """The same case on a CPU with eight threads and on a GPU: that is what is to be compared."""
    found = pair_up(rounds("a", 1.0, threads=8), rounds("a", 0.1, machine="h200", device="cuda:0", threads=4))
    assert [pair.difference.kind for pair in found.pairs] == ["cross-hardware"]


def test_between_machines_several_threads_are_told_apart(rounds: Callable[..., list[Record]]) -> None:
    """Where one side has a case with 1 and 2 threads, equal threads belong together and the rest is listed."""
    a = rounds("a", 1.0, threads=1) + rounds("a", 2.0, threads=2)
    found = pair_up(a, rounds("a", 1.1, machine="arm", threads=2))
    assert [(pair.a.case.threads, pair.b.case.threads) for pair in found.pairs] == [(2, 2)]
    assert [side.case.threads for side in found.only_a] == [1]


def test_machines_are_paired_by_kind(rounds: Callable[..., list[Record]]) -> None:
    a = rounds("a", 1.0, machine="cpu1") + rounds("a", 0.1, machine="gpu1", device="cuda:0")
    b = rounds("a", 0.2, machine="gpu2", device="cuda:0") + rounds("a", 2.0, machine="cpu2")
    assert {pair.difference.machines for pair in pair_up(a, b).pairs} == {("cpu1", "cpu2"), ("gpu1", "gpu2")}


def test_machines_that_cannot_be_told_apart_are_refused(rounds: Callable[..., list[Record]]) -> None:
    a = rounds("a", 1.0, machine="one") + rounds("a", 1.0, machine="two")
    with pytest.raises(StoreError, match="one, two in A, three in B") as refused:
        pair_up(a, rounds("a", 1.0, machine="three"))
    assert "one machine" in refused.value.hint


def test_other_methods_are_refused_with_their_fields(rounds: Callable[..., list[Record]]) -> None:
    """Rounds with other warm-up mean something else; --force compares them all the same."""
    usual, slow = (Case("a", 224, protocol=Protocol(turns=0, warmup_s=seconds)) for seconds in (1.0, 2.0))
    a, b = rounds("a", 1.0, case=usual), rounds("a", 1.1, case=slow)
    with pytest.raises(StoreError, match=r"warmup_s 1.0 -> 2.0") as refused:
        pair_up(a, b)
    assert "--force" in refused.value.hint
    assert len(pair_up(a, b, force=True).pairs) == 1


def test_how_many_rounds_there_are_is_no_method(rounds: Callable[..., list[Record]]) -> None:
    many = Case("a", 224, protocol=Protocol(rounds=10, timeout_s=9))
    assert len(pair_up(rounds("a", 1.0), rounds("a", 1.1, case=many)).pairs) == 1


def test_a_number_is_not_compared_with_itself(rounds: Callable[..., list[Record]]) -> None:
    """A folder that has grown: its older rounds are A, and no evidence about B."""
    a = rounds("a", 1.0)
    fresh = [replace(record, started="2026-11-24T22:00:00+00:00") for record in rounds("a", 1.2)]
    found = pair_up(a, a + fresh)
    assert found.pairs[0].b.rounds == tuple(fresh)
    assert found.notes == ("3 rounds are in both sets; they were left out of B",)
    with pytest.raises(StoreError, match="all rounds of B are also in A"):
        pair_up(a, a)


def test_the_newest_software_is_meant(rounds: Callable[..., list[Record]]) -> None:
    """Rounds under older software on the same machine are left out, with a note."""
    new = [replace(record, started="2027-01-01T00:00:00+00:00") for record in rounds("a", 1.2, software="t")]
    found = pair_up(rounds("a", 1.0), [*new, *rounds("a", 1.1)])
    assert found.pairs[0].b.rounds == tuple(new)
    assert found.pairs[0].difference.kind == "software"
    assert found.notes == ("B: 3 rounds under older software on xeon were left out",)


def test_nothing_to_compare_is_said(rounds: Callable[..., list[Record]], counted: Make) -> None:
    with pytest.raises(StoreError, match="no case is in both"):
        pair_up(rounds("a", 1.0), rounds("b", 1.0))
    with pytest.raises(StoreError, match="A has no measured rounds"):
        pair_up([counted("a", 224, 1e9)], rounds("b", 1.0))
    with pytest.raises(StoreError, match="B has no measured rounds"):
        pair_up(rounds("b", 1.0), [])


def test_doubtful_rounds_stand_aside_while_there_are_others(measured: Make) -> None:
    """A throttled round is replaced by a good one; where there is nothing else it counts, and its case is doubtful."""
    good = [measured("a", 224, 1.0 + number / 10, number) for number in range(2)]
    bad = replace(measured("a", 224, 9.0, 2), notes=("throttled: HW thermal",))
    pair = pair_up([*good, bad], [replace(bad, round=7)]).pairs
    assert pair[0].a.values("latency_s") == (1.0, 1.1)
    assert pair[0].a.doubts == ()
    assert pair[0].b.values("latency_s") == (9.0,)
    assert pair[0].b.doubts == ("throttled",)


def test_a_side_that_failed_says_how(measured: Make) -> None:
    failed = replace(measured("a", 224, None, outcome="oom"), ending="oom_host")
    found = pair_up([measured("a", 224, 1.0)], [failed]).pairs[0]
    assert (found.b.ending, found.b.rounds) == ("oom_host", ())
    assert found.a.ending == "ok"
