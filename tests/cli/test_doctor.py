"""scalebench doctor as a user types it, without measuring; and what its findings come to."""

from __future__ import annotations

import contextlib
import json
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from scalebench.cli import examining
from scalebench.cli.doctor import doctor
from scalebench.cli.examining import Findings
from scalebench.errors import MachineError, WorkerError
from scalebench.execute.client import Worker
from scalebench.execute.lock import machine_lock
from scalebench.machine.ability import Ability, Peak
from scalebench.machine.checks import Check
from scalebench.machine.environment import collect, usable_cores
from scalebench.record import Environment
from scalebench.store.floors import Floor, write_floor

app = typer.Typer()
app.command()(doctor)
HERE = Environment("epyc-1", "hw1", "sw1")
ABILITY = Ability(
    "epyc-1", "hw1", "sw1", "cpu", 2, "2026-11-24T01:02:03+00:00",
    {"fp32": Peak(2e11, 1.9e11, "FLOP/s", "1024x1024x1024", 40)}, {"copy": Peak(4e10, 3e10, "B/s", "2 x 256 MiB", 12)},
)  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No peaks and no noise floor of the machine that runs the tests; and no GPU, which would start torch."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(examining, "may_have_cuda", lambda: False)


def test_quick_measures_nothing_and_says_what_it_read() -> None:
    done = CliRunner().invoke(app, ["--quick", "--json"])
    document = json.loads(done.stdout)
    assert done.exit_code == (0 if document["trusted"] else 1)
    assert document["abilities"] == []
    assert document["machines"]["cpu"]["hw_key"] == collect("cpu").hw_key
    checks = {check["name"]: check for check in document["checks"]}
    assert {"other runs", "load", "memory peak", "energy, cpu", "hardware counters", "limits"} <= checks.keys()
    assert checks["noise now, cpu"]["state"] == checks["noise floor, cpu"]["state"] == "missing"
    assert all(check["state"] == "ok" or check["finding"] for check in document["checks"])


def test_a_run_that_is_going_on_decides() -> None:
    with ExitStack() as stack:
        with contextlib.suppress(MachineError):  # somebody else's is as good
            stack.enter_context(machine_lock())
        done = CliRunner().invoke(app, [])
    assert done.exit_code == 1
    assert "another scalebench run is active" in done.stdout
    assert "not to be trusted now: other runs" in done.stdout
    assert "peaks: not measured yet" in done.stdout


def test_the_table_shows_peaks_and_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Findings({"cpu": HERE}, [ABILITY], [Check("noise now, cpu", "warn", "varied", "be quiet", decides=False)])
    monkeypatch.setattr(examining, "examine", lambda quick: found)
    done = CliRunner().invoke(app, [])
    assert done.exit_code == 0
    for said in ("epyc-1, hardware hw1, software sw1", "200 GFLOP/s", "40.0 GB/s", "be quiet", "2026-11-24 01:02 UTC"):
        assert said in done.stdout
    assert "nothing decisive speaks against numbers from here" in done.stdout


@pytest.mark.parametrize(
    ("check", "deciding"),
    [
        (Check("a", "ok", "", decides=True), []),
        (Check("a", "warn", "", decides=False), []),
        (Check("a", "missing", "", decides=False), []),
        (Check("a", "missing", "", decides=True), ["a"]),
        (Check("a", "warn", "", decides=True), ["a"]),
    ],
)
def test_what_decides(check: Check, deciding: list[str]) -> None:
    assert Findings({}, [], [Check("b", "ok", ""), check]).deciding == deciding


def test_a_stored_noise_floor_is_shown() -> None:
    write_floor(HERE.hw_key, Floor(0.2, 4, "2026-11-24T00:00:00+00:00", "epyc-1", ()))
    ability, found = examining._known(HERE, "cpu")
    assert ability is None
    assert [(check.name, check.decides) for check in found] == [("noise now, cpu", False), ("noise floor, cpu", True)]


class Broken(Worker):
    """A worker that cannot be started."""

    def run(self, *_: object, **__: object) -> None:  # type: ignore[override]
        raise WorkerError("the measuring process did not start", "does 'import timm' work?")


def test_what_cannot_be_measured_is_a_finding() -> None:
    ability, found = examining._measured(Broken(), HERE, "cpu")
    assert ability is None
    states = {check.name: (check.state, check.decides) for check in found}
    assert states["measuring, cpu"] == ("warn", True)
    assert states["noise now, cpu"] == ("missing", False)


def test_known_peaks_are_not_measured_again(tmp_path: Path) -> None:
    """A noise that cannot be measured hides no peaks."""
    fresh = {**asdict(ABILITY), "started": datetime.now(timezone.utc).isoformat(), "threads": usable_cores()}
    file = tmp_path / "cache" / "scalebench" / "peaks" / f"hw1-sw1-cpu-{usable_cores()}.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(fresh))
    ability, found = examining._measured(Broken(), HERE, "cpu")
    assert ability is not None
    assert ability.matmul == ABILITY.matmul
    assert found[0].name == "peaks, cpu"
