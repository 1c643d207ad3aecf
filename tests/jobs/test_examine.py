"""What an examination of the machine comes to, without measuring."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

import pytest

from scalebench.errors import WorkerError
from scalebench.execute.client import Worker
from scalebench.execute.events import silent
from scalebench.jobs import examine as job
from scalebench.jobs.examine import MachineExamination
from scalebench.machine.ability import Ability, Peak
from scalebench.machine.checks import Check
from scalebench.machine.environment import usable_cores
from scalebench.record import Environment
from scalebench.store.floors import Floor, write_floor

HERE = Environment("epyc-1", "hw1", "sw1")
ABILITY = Ability(
    "epyc-1", "hw1", "sw1", "cpu", 2, "2026-11-24T01:02:03+00:00",
    {"fp32": Peak(2e11, 1.9e11, "FLOP/s", "1024x1024x1024", 40)}, {"copy": Peak(4e10, 3e10, "B/s", "2 x 256 MiB", 12)},
)  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No peaks and no noise floor of the machine that runs the tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


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
    assert MachineExamination({}, [], [Check("b", "ok", ""), check]).deciding == deciding


def test_a_stored_noise_floor_is_shown() -> None:
    write_floor(HERE.hw_key, Floor(0.2, 4, "2026-11-24T00:00:00+00:00", "epyc-1", ()))
    ability, checks = job.examine_device(None, HERE, "cpu", silent)
    assert ability is None
    assert [(check.name, check.decides) for check in checks] == [("noise now, cpu", False), ("noise floor, cpu", True)]


class Broken(Worker):
    """A worker that cannot be started."""

    def run(self, *_: object, **__: object) -> None:  # type: ignore[override]
        raise WorkerError("the measuring process did not start", "does 'import timm' work?")


def test_what_cannot_be_measured_is_a_failed_check() -> None:
    ability, checks = job.examine_device(Broken(), HERE, "cpu", silent)
    assert ability is None
    states = {check.name: (check.state, check.decides) for check in checks}
    assert states["measuring, cpu"] == ("warn", True)
    assert states["noise now, cpu"] == ("missing", False)


def test_known_peaks_are_not_measured_again(tmp_path: Path) -> None:
    """A noise that cannot be measured hides no peaks."""
    fresh = {**asdict(ABILITY), "started": datetime.now(timezone.utc).isoformat(), "threads": usable_cores()}
    file = tmp_path / "cache" / "scalebench" / "peaks" / f"hw1-sw1-cpu-{usable_cores()}.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(fresh))
    ability, checks = job.examine_device(Broken(), HERE, "cpu", silent)
    assert ability is not None
    assert ability.matmul == ABILITY.matmul
    assert checks[0].name == "peaks, cpu"
