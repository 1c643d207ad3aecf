"""Endings in words, doubts from telemetry, and the canary's usual time."""

from __future__ import annotations

import signal
from dataclasses import asdict, replace
from typing import Any

import pytest

from scalebench.execute.client import Ending
from scalebench.execute.one_round import outcome_of, skipped_round, validity_flags
from scalebench.machine.telemetry import Reading
from scalebench.record import Environment
from scalebench.suite.case import Case

CASE = Case("resnet18", 64, threads=2)
HERE = Environment("here", "hw", "sw")
START = Reading(monotonic_s=10.0, cpu_s=1.0, involuntary_switches=0, waited_s=0.0)
END = Reading(monotonic_s=12.0, cpu_s=4.9, involuntary_switches=20, waited_s=0.02)


def error(kind: str, type_: str) -> dict[str, str]:
    return {"type": type_, "message": "m", "hint": "", "kind": kind}


@pytest.mark.parametrize(
    ("ending", "device", "killed", "words"),
    [
        (Ending({0: {}}), "cpu", False, ("ok", "ok")),
        (Ending(timed_out=True, exit=-9), "cpu", True, ("timeout", "timeout")),
        (Ending(error=error("oom", "RuntimeError")), "cpu", False, ("oom", "oom_host")),
        (Ending(error=error("oom", "MemoryError")), "cuda:0", False, ("oom", "oom_host")),
        (Ending(error=error("oom", "OutOfMemoryError")), "cuda:0", False, ("oom", "oom_device")),
        (Ending(error=error("failed", "BuildError")), "cpu", False, ("failed", "error(BuildError)")),
        (Ending(exit=-signal.SIGKILL), "cpu", True, ("oom", "oom_killed")),
        (Ending(exit=-signal.SIGKILL), "cpu", False, ("crashed", "killed_signal(SIGKILL)")),
        (Ending(exit=-signal.SIGSEGV), "cpu", True, ("crashed", "killed_signal(SIGSEGV)")),
        (Ending(exit=-63), "cpu", False, ("crashed", "killed_signal(63)")),
        (Ending(exit=3), "cpu", False, ("crashed", "exit")),
        (Ending(exit=0), "cpu", False, ("crashed", "exit")),
    ],
)
def test_every_ending_has_its_words(ending: Ending, device: str, killed: bool, words: tuple[str, str]) -> None:
    """SIGKILL is out of memory only where the kernel's counter rose."""
    assert outcome_of(ending, device, killed) == words


USUAL = {"matmul_s": 0.01, "copy_s": 0.01}


def telemetry(canary_s: float = 0.01, idle: bool = True, **end: Any) -> dict[str, Any]:
    both = {"idle": idle, "matmul_s": canary_s, "copy_s": 0.01}
    return {
        "before": asdict(START), "after": asdict(replace(END, **end)), "canary": {"before": both, "after": both},
        "gpu": None, "load_before": 0.0, "surroundings": {},
    }  # fmt: skip


def words(found: tuple[str, ...]) -> list[str]:
    return [note.partition(":")[0] for note in found]


def test_a_quiet_round_has_no_doubts() -> None:
    assert validity_flags(CASE, {"latency_s": [0.1] * 12}, telemetry(), USUAL) == ()


def test_a_neighbour_and_a_slow_host_are_seen() -> None:
    assert words(validity_flags(CASE, {"latency_s": [0.1] * 12}, telemetry(waited_s=2.0), USUAL)) == ["cpu_contended"]
    assert words(validity_flags(CASE, {"latency_s": [0.1] * 12}, telemetry(0.02), USUAL)) == ["host_disturbed"]


def test_a_round_that_did_not_end_well_has_nothing_to_doubt() -> None:
    assert validity_flags(CASE, {}, {}, USUAL) == ()


def test_a_canary_beside_a_spinning_worker_is_not_held_against_the_host() -> None:
    assert validity_flags(CASE, {"latency_s": [0.1] * 12}, telemetry(0.02, idle=False), USUAL) == ()


def test_without_a_usual_canary_there_is_nothing_to_compare_with() -> None:
    assert validity_flags(CASE, {"latency_s": [0.1] * 12}, telemetry(0.02), None) == ()


def test_a_skipped_round_is_a_record() -> None:
    found = skipped_round("s", CASE, 3, HERE, "skipped_predicted_oom", "too large", {"free_bytes": 1})
    assert (found.outcome, found.ending, found.round, found.facts) == (
        "skipped",
        "skipped_predicted_oom",
        3,
        {"free_bytes": 1},
    )
    assert found.error == {"type": "Skipped", "message": "too large"}
