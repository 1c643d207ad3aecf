"""Which rounds count in the frame, and what the summary says about the others."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from scalebench.analysis.memory_views import explain, memory_gap
from scalebench.analysis.rounds import name_machines, with_standing
from scalebench.analysis.summary import outliers, summarise
from scalebench.record import Environment, Record
from scalebench.store.frame import rounds_frame
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol

HERE = Environment("here", "hw", "sw")
CASE = Case("resnet18", 64, batch=4, protocol=Protocol(rounds=3))


def made(number: int, latency: float, *notes: str, canary: float = 0.01) -> Record:
    facts = {"latency_s": latency, "throughput_ips": 1 / latency, "memory_bytes": 3e6, "process_bytes": 9e6}
    both = {"matmul_s": canary, "copy_s": 0.01}
    return Record(
        "s", CASE, number, "ok", "", HERE, samples={"latency_s": [latency] * 40}, facts=facts, notes=notes,
        telemetry={"canary": {"before": both, "after": both}},
    )  # fmt: skip


def framed(records: list[Record]):  # type: ignore[no-untyped-def]  # a frame
    return with_standing(name_machines(rounds_frame(records)), records)


def test_a_doubtful_round_is_shown_and_does_not_count() -> None:
    records = [made(0, 0.1), made(1, 0.9, "cgroup_throttled: 3 periods", canary=0.03), made(2, 0.1), made(3, 0.1)]
    rounds = framed(records)
    assert rounds["used"].tolist() == [True, False, True, True]
    (row,) = summarise(rounds).to_dict("records")
    assert row["latency_s"] == pytest.approx(0.1)
    assert (row["n"], row["replaced"], row["status"]) == (3, 1, "fixed")
    assert row["notes"] == "cgroup_throttled in 1 of 4 rounds"
    assert row["noise"] == pytest.approx(0.01 / 0.015)
    assert (row["iterations"], row["latency_p95_s"]) == (120, pytest.approx(0.1))
    assert row["latency_p99_s_why"] == "too_few_samples: 40 of 70 iterations in the shortest round"


def test_doubtful_rounds_count_where_there_are_no_others() -> None:
    rounds = framed([made(0, 0.1, "steal_heavy: 8 %")])
    assert rounds["used"].tolist() == [True]
    assert rounds["status"].tolist() == ["open"]


def test_failed_rounds_never_count() -> None:
    failed = replace(made(0, 0.1), outcome="oom", facts={}, samples={}, telemetry={})
    rounds = framed([failed])
    assert rounds["used"].tolist() == [False]
    assert len(summarise(rounds)) == 0


def test_an_outlying_round_is_kept_and_said() -> None:
    """The headline holds all rounds; the interval without the far one is in the notes."""
    assert outliers([0.100, 0.101, 0.102, 0.103]) == []
    (note,) = outliers([0.100, 0.101, 0.102, 0.103, 0.2])
    assert note.startswith("outlier_round in 1 of 5 rounds, latency without: 101 ms [")
    assert outliers([0.1, 0.1, 9.0]) == []


def test_memory_is_shown_with_its_static_estimate() -> None:
    cases = summarise(framed([made(0, 0.1), made(1, 0.1)]))
    cases = cases.assign(weight_bytes=1e6, peak_bytes_inference=1.25e6)
    (row,) = memory_gap(cases).to_dict("records")
    assert row["static_bytes"] == 1e6 + 4 * 0.25e6
    assert row["gap"] == pytest.approx(1.5)
    assert row["process_bytes"] == pytest.approx(9e6)
    assert row["why"] == "library workspace, allocator overhead"


@pytest.mark.parametrize(
    ("gap", "text"), [(2.5, "flagged: more"), (0.3, "flagged: less"), (0.95, "within"), (math.nan, "no static")]
)
def test_every_gap_is_explained_or_flagged(gap: float, text: str) -> None:
    assert explain(gap).startswith(text)
