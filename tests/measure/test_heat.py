"""Real processes that take turns: what each delivers, and what a failing one leaves to the others."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import psutil
import pytest

from scalebench.execute.client import Worker
from scalebench.execute.one_heat import HeatMember, run_heat
from scalebench.machine.telemetry import Reading
from scalebench.measure import heat as module
from scalebench.record import Environment, Record
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol

HERE = Environment("here", "hw", "sw")
SHORT = Protocol(turns=4, turn_s=0.001, timeout_s=60.0)


def case(model: str = "resnet18", side: int = 32, **settings: Any) -> Case:
    return Case(model, side, threads=1, **{"protocol": SHORT, **settings})


def heat_of(worker: Worker, *cases: Case) -> list[Record]:
    return run_heat(worker, "s", [HeatMember(one, 2) for one in cases], HERE)


def test_every_member_has_its_laps_by_turn(worker: Worker) -> None:
    a, b, c = heat_of(worker, case(), case(batch=2), case(mode="training", batch=2, optimizer="sgd"))
    assert [record.outcome for record in (a, b, c)] == ["ok"] * 3
    assert a.heat == b.heat == c.heat != ""
    for record in (a, b, c):
        laps = record.samples["latency_s"]
        assert len(laps) == len(record.turns)
        assert sorted(record.turns) == list(record.turns)
        assert set(record.turns) == {0, 1, 2, 3}
        assert record.facts["throughput_ips"] == pytest.approx(record.case.batch * len(laps) / sum(laps))
        assert min(laps) <= record.facts["latency_s"] <= max(laps)
        assert record.facts["memory_bytes"] > 0
        assert set(record.telemetry["canary"]) == {"before", "after"}
        assert record.round == 2
        assert record.wall_s > sum(laps)


def test_telemetry_covers_a_members_own_turns_only(worker: Worker) -> None:
    """The readings span little more than the laps of the member: not the turns of the others."""
    short, long = heat_of(worker, case(), case("resnet50", 160))
    spans = [r.telemetry["after"]["monotonic_s"] - r.telemetry["before"]["monotonic_s"] for r in (short, long)]
    laps = [sum(r.samples["latency_s"]) for r in (short, long)]
    assert spans[0] < laps[1]
    assert all(span >= own for span, own in zip(spans, laps, strict=True))


def test_a_member_that_cannot_be_built_fails_alone(worker: Worker) -> None:
    good, bad, other = heat_of(worker, case(), case("no_such_model"), case(batch=2))
    assert (good.outcome, bad.outcome, other.outcome) == ("ok", "failed", "ok")
    assert bad.error is not None
    assert "no_such_model" in bad.error["message"]
    assert bad.heat == ""


def test_a_member_that_takes_too_long_is_killed_alone(worker: Worker) -> None:
    slow = case("resnet152", 224, batch=64, protocol=Protocol(turns=4, timeout_s=1.0))
    stuck, good = heat_of(worker, slow, case())
    assert (stuck.outcome, good.outcome) == ("timeout", "ok")


def test_a_configuration_is_verified_in_a_heat(worker: Worker) -> None:
    record = heat_of(worker, case(), case(precision="bf16"))[1]
    assert record.facts["verified"] == "ok"


def test_long_passes_take_fewer_turns(worker: Worker) -> None:
    """A heat that may cost next to nothing leaves every eighth turn."""
    hurried = Protocol(turns=16, turn_s=0.001, heat_s=1e-6, timeout_s=60.0)
    record = heat_of(worker, case(protocol=hurried))[0]
    assert set(record.turns) == {0, 8}


def test_nothing_is_left_running(worker: Worker) -> None:
    """The processes of a heat end with it."""
    heat_of(worker, case(), case(batch=2))
    assert worker._process is not None
    assert psutil.Process(worker._process.pid).children(recursive=True) == []


def test_a_turn_that_waited_for_a_core_is_made_again(worker: Worker) -> None:
    """Two processes per core compute all the time: every turn has to wait."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        record = heat_of(worker, case(protocol=Protocol(turns=4, turn_s=0.05, timeout_s=60.0)))[0]
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert record.telemetry["retaken"] > 0
    assert set(record.turns) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("waits", "taken", "retaken"),
    [((0.04,), 0, 0), ((0.5, 0.01), 1, 1), ((0.5, 0.2, 0.3), 1, 2), ((0.5, 0.06, 0.0), 2, 2)],
)
def test_the_attempt_that_waited_least_counts(
    monkeypatch: pytest.MonkeyPatch, waits: tuple[float, ...], taken: int, retaken: int
) -> None:
    """5 % is allowed; the laps of 1, 2 or 3 s tell which attempt stands."""
    nothing = Reading(0.0, 0.0, 0)
    attempts = iter([module._Turn((1.0 + at,), nothing, nothing, wait) for at, wait in enumerate(waits)])
    monkeypatch.setattr(module, "_attempt", lambda session, pass_s: next(attempts))
    monkeypatch.setattr(module, "await_idle", lambda step_s: True)
    session: Any = None  # no pass is made: this one is too long for an untimed one
    turn = module._turn(session, 1.0)
    assert (turn.laps, turn.retaken) == ((1.0 + taken,), retaken)
    assert next(attempts, None) is None
