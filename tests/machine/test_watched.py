"""A check that did not run is named as one that did not run."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from scalebench.machine.telemetry import Reading
from scalebench.machine.watched import is_watched, watches_of
from scalebench.record import Environment, Record
from scalebench.report.trust import checks_of
from scalebench.store.frame import rounds_frame
from scalebench.suite.case import Case

HERE = Environment("here", "hw", "sw")
CASE = Case("resnet18", 64, threads=2)
READING = asdict(Reading(1.0, 1.0, 0, waited_s=0.0, steal_s=0.0))
CANARY = {"idle": True, "matmul_s": 0.01, "copy_s": 0.01}


def measured(case: Case = CASE, usual: dict[str, float] | None = None, facts: dict[str, float] | None = None) -> Record:
    telemetry = {
        "before": READING, "after": READING, "canary": {"before": CANARY, "after": CANARY}, "gpu": None,
        "load_before": None, "usual_canary": usual,
    }  # fmt: skip
    return Record("s", case, 0, "ok", "", HERE, facts=facts or {}, telemetry=telemetry)


def test_a_round_without_telemetry_is_not_watched() -> None:
    bare = Record("s", CASE, 0, "ok", "", HERE)
    assert watches_of(bare)[0] == ()
    assert {"contention for cores", "stolen time", "canary"} <= set(watches_of(bare)[1])
    assert not is_watched(watches_of(bare)[0])


def test_a_counter_that_the_system_lacks_watches_nothing() -> None:
    assert watches_of(measured())[0] == ("contention for cores", "stolen time")
    assert {"clock of the cores", "swapping", "tasks before the round"} <= set(watches_of(measured())[1])


def test_a_canary_without_its_usual_time_watches_nothing() -> None:
    assert "canary" in watches_of(measured())[1]
    assert "canary" in watches_of(measured(usual={"matmul_s": 0.01, "copy_s": 0.01}))[0]


@pytest.mark.parametrize("device", ["cpu", "cuda:0"])
def test_only_a_gpu_calls_for_its_check(device: str) -> None:
    assert ("GPU" in watches_of(measured(Case("resnet18", 64, device=device)))[1]) == (device != "cpu")


def test_verification_alone_watches_for_no_disturbance() -> None:
    case = Case("resnet18", 64, precision="bf16")
    bare = Record("s", case, 0, "ok", "", HERE, facts={"relative_error": 0.01})
    assert watches_of(bare)[0] == ("verification",)
    assert not is_watched(watches_of(bare)[0])


def test_the_page_counts_who_was_watched_by_what() -> None:
    """Two of three rounds have telemetry; no round has a usual canary, so none can have been flagged by it."""
    rounds = rounds_frame([measured(), measured(), Record("s", CASE, 2, "ok", "", HERE)])
    checks = {row["check"]: row for row in checks_of(rounds)}
    assert checks["stolen time"] == {"check": "stolen time", "watched": 2, "unwatched": 1, "flagged": 0}
    assert checks["canary"] == {"check": "canary", "watched": 0, "unwatched": 3, "flagged": None}
    assert "GPU" not in checks
