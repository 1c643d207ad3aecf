"""The self-test with checks that crash, hang and answer, and peaks against the catalogue; one on this CPU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import pytest

from scalebench.errors import MachineError
from scalebench.execute.client import Ending, Worker
from scalebench.execute.events import Event, Note
from scalebench.jobs import selftest as job
from scalebench.machine.ability import Ability, Peak
from scalebench.machine.accelerators import Accelerators
from scalebench.machine.selfcheck import FORK, MODEL_PASSES, PEAKS, SELF_CHECKS, CheckResult, passed
from scalebench.procure.catalogue import catalogue
from scalebench.procure.rated_peaks import rate_device
from scalebench.record import Environment

MACHINE = Environment("h200", "hw", "sw", {"gpu": "NVIDIA H200"}, {}, "secret-host")
GOOD = passed(True, "as it should be")
FAILED = {"type": "RuntimeError", "message": "illegal memory access", "hint": "", "kind": "failed"}


class Scripted(Worker):
    """Answers checks by name; ``GOOD`` where nothing is scripted."""

    def __init__(self, device: str = "cuda:0", **endings: Ending) -> None:
        super().__init__()
        self.device, self.endings = device, endings
        self.checks: list[str] = []

    def run(self, job: dict[str, Any], timeout_s: float, on_answer: object = None) -> Ending:  # type: ignore[override]
        if job["do"] == "environment":
            return Ending({0: {"device": self.device, "reason": "named", "environment": asdict(MACHINE)}})
        self.checks.append(job["check"])
        return self.endings.get(job["check"], Ending({0: asdict(GOOD)}))


@pytest.fixture(autouse=True)
def good_peaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "abilities", lambda *_, **__: ability())


def ability(fp32: float = 50e12, bf16: float = 700e12, copy: float = 4.1e12, llc: float = 7e12) -> Ability:
    matmul = {"fp32": Peak(fp32, fp32, "FLOP/s", "", 9), "bf16": Peak(bf16, bf16, "FLOP/s", "", 9)}
    bandwidth = {"copy": Peak(copy, copy, "B/s", "", 9), "llc": Peak(llc, llc, "B/s", "", 9)}
    return Ability("h200", "hw", "sw", "cuda:0", 1, "2026-11-28T00:00:00+00:00", matmul, bandwidth)


def results(test: job.SelfTest) -> dict[str, CheckResult]:
    return {finished.check.name: finished.result for finished in test.checks}


def test_a_check_that_dies_or_hangs_has_failed_and_the_others_go_on() -> None:
    worker = Scripted(
        clocks=Ending(exit=-11, stderr="Segmentation fault"),
        memory=Ending(timed_out=True, exit=-9, wall_s=30.2),
        energy=Ending(error=FAILED),
    )
    events: list[Event] = []
    test = job.run_checks("cuda", False, worker, Scripted(), events.append)
    assert test.names("fail") == ["clocks", "memory", "energy"]
    assert len(test.names("pass")) == len(SELF_CHECKS) - 3
    found = results(test)
    assert "Segmentation fault" in found["clocks"].finding
    assert "no answer after 30 s" in found["memory"].finding
    assert "illegal memory access" in found["energy"].finding
    assert worker.checks == [check.name for check in SELF_CHECKS if check.name != PEAKS]
    assert len([event for event in events if isinstance(event, Note)]) == len(SELF_CHECKS)


def test_where_a_fork_fails_the_rest_starts_afresh() -> None:
    warm, fresh = Scripted(**{FORK: Ending(error=FAILED)}), Scripted()
    test = job.run_checks("cuda", False, warm, fresh)
    assert (test.names("fail"), warm.checks) == ([FORK], [FORK])
    assert len(fresh.checks) == len(SELF_CHECKS) - 2


def test_a_device_that_bears_no_fork_says_so() -> None:
    fresh = Scripted("mps:0")
    test = job.run_checks("mps", False, Scripted("mps:0"), fresh)
    assert results(test)[FORK].verdict == "not available"
    assert FORK not in fresh.checks


def test_after_three_minutes_no_check_begins() -> None:
    seconds = iter(range(0, 10_000, 30))
    test = job.run_checks("cuda", False, Scripted(), Scripted(), clock=lambda: float(next(seconds)))
    late = results(test)["watching"]
    assert (late.verdict, late.finding) == ("not available", "the 180 s of the self-test were over")
    assert test.names("pass")


def test_the_document_names_no_host() -> None:
    document = job.run_checks("cuda", False, Scripted(), Scripted()).document()
    assert "secret-host" not in str(document)
    assert document["passed"] is True
    assert {"name", "expects", "verdict", "finding", "figures", "seconds"} == set(document["checks"][0])
    assert document["environment"]["hardware"] == {"gpu": "NVIDIA H200"}


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        ({}, "pass", "fp32 50.0 TFLOP/s (75% of the rated)"),
        ({"bf16": 2000e12}, "fail", "implausible: bf16"),  # above what the chip can: the clock or the count is wrong
        ({"fp32": 8e12}, "fail", "implausible: fp32"),  # another chip, or throttled
        ({"copy": 1e12}, "fail", "implausible: memory"),
        ({"llc": 3e12}, "fail", "the cache is slower than the memory"),
    ],
)
def test_peaks_against_an_h200(change: Mapping[str, float], verdict: str, words: str) -> None:
    """Rated at 67 and 989 TFLOP/s and 4.8 TB/s."""
    measured = ability(**change)
    rated = rate_device(MACHINE.hardware, measured, catalogue().values())
    result = job.judge_peaks(rated, {name: peak.best for name, peak in measured.bandwidth.items()})
    assert result.verdict == verdict
    assert words in result.finding


def test_a_chip_that_is_not_in_the_catalogue_is_only_shown() -> None:
    rated = rate_device({"gpu": "Simulated One"}, ability(), catalogue().values())
    result = job.judge_peaks(rated, {})
    assert result.verdict == "not available"
    assert "Simulated One is not in the catalogue; fp32 50.0 TFLOP/s" in result.finding


def test_peaks_that_are_all_disturbed_are_not_blamed_on_the_catalogue() -> None:
    peaks = {name: replace(peak, note="contended: waited 65% of the time") for name, peak in ability().matmul.items()}
    measured = replace(ability(), matmul=peaks, bandwidth={})
    result = job.judge_peaks(rate_device(MACHINE.hardware, measured, catalogue().values()), {})
    assert result.verdict == "not available"
    assert result.finding.startswith("every peak was disturbed; fp32 50.0 TFLOP/s")


def test_a_card_that_is_not_there_is_refused_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "machine_lock", lambda: pytest.fail("a run has begun"))
    monkeypatch.setattr(job, "find_accelerators", Accelerators)
    with pytest.raises(MachineError, match="no device 'cuda:7': this machine has no NVIDIA GPU"):
        job.selftest("cuda:7")


@pytest.mark.parametrize("word", ["nonsense", "cuda:x", "cuda:", "cpu:1", ""])
def test_a_word_that_names_no_device_is_refused_before_anything_starts(word: str) -> None:
    worker = Scripted()
    with pytest.raises(MachineError, match=f"'{word}' is no device") as refused:
        job.run_checks(word, False, worker, worker)
    assert "cpu, cuda:N" in refused.value.hint
    assert worker.checks == []


def test_emulated_and_disturbed_peaks_do_not_decide() -> None:
    measured = ability()
    slow = replace(measured.matmul["bf16"], best=1e12, note="emulated")
    rated = rate_device(
        MACHINE.hardware, replace(measured, matmul={**measured.matmul, "bf16": slow}), catalogue().values()
    )
    assert job.judge_peaks(rated, {}).verdict == "pass"


def test_on_this_cpu(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the CPU does not have says why. One small model stands for all; no time decides: others use the machine."""
    others = [name for name in MODEL_PASSES if name != "resnet18 batch 1"]
    monkeypatch.setattr(job, "SELF_CHECKS", [check for check in SELF_CHECKS if check.name not in others])
    monkeypatch.setattr(job, "usable_cores", lambda: 1)  # two threads wait for each other on a busy machine
    test = job.run_checks("cpu", True, worker, worker)
    found = results(test)
    assert {name for name, result in found.items() if result.verdict == "pass"} >= {FORK, "out of memory", "precisions"}
    for name in ("clocks", "counters", "energy", "watching"):
        assert (found[name].verdict, bool(found[name].finding)) == ("not available", True)
    assert found["resnet18 batch 1"].figures["lap_s"] > 0
