"""scalebench doctor as a user types it, without measuring."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from scalebench.cli import doctor as command
from scalebench.execute.lock import machine_lock
from scalebench.jobs import examine as job
from scalebench.jobs.examine import MachineExamination
from scalebench.machine.ability import Ability, Peak
from scalebench.machine.accelerators import Accelerators
from scalebench.machine.checks import Check
from scalebench.machine.environment import collect
from scalebench.record import Environment

app = typer.Typer()
app.command()(command.doctor)
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
    monkeypatch.setattr(job, "find_accelerators", Accelerators)


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
    with machine_lock():
        done = CliRunner().invoke(app, [])
    assert done.exit_code == 1
    assert "another scalebench run is active" in done.stdout
    assert "Do not trust measurements from this machine now: other runs." in done.stdout
    assert "peaks: not measured yet" in done.stdout


def test_the_table_shows_peaks_and_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    check = Check("noise now, cpu", "warn", "varied", "be quiet", decides=False)
    examination = MachineExamination({"cpu": HERE}, [ABILITY], [check])
    monkeypatch.setattr(command, "examine", lambda quick, announce: examination)
    done = CliRunner().invoke(app, [])
    assert done.exit_code == 0
    for text in ("epyc-1, hardware hw1, software sw1", "200 GFLOP/s", "40.0 GB/s", "be quiet", "2026-11-24 01:02 UTC"):
        assert text in done.stdout
    assert "No check rules out trusting measurements from this machine." in done.stdout
