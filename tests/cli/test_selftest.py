"""scalebench doctor --selftest as a user types it, on a device whose checks are given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from scalebench.cli import doctor, selftest
from scalebench.jobs.selftest import FinishedCheck, SelfTest
from scalebench.machine.selfcheck import SELF_CHECKS, CheckResult, passed, unavailable_check
from scalebench.record import Environment

app = typer.Typer()
app.command()(doctor.doctor)
H200 = Environment("h200-ab", "hw", "sw")
FAILED = passed(False, "events 9.50 ms, host 10.0 ms: ratio 0.950", events_s=0.0095, host_s=float("nan"))


def run(
    monkeypatch: pytest.MonkeyPatch, result: CheckResult, *arguments: str
) -> tuple[int, str, list[tuple[str, bool]]]:
    """Exit code, stdout, and with which device and ``quick`` the job was called."""
    calls: list[tuple[str, bool]] = []
    clocks = next(check for check in SELF_CHECKS if check.name == "clocks")
    finished = [FinishedCheck(clocks, result, 1.0), FinishedCheck(SELF_CHECKS[0], unavailable_check("no forks"), 0.0)]

    def job(word: str, quick: bool, announce: object) -> SelfTest:
        calls.append((word, quick))
        return SelfTest("cuda:1", H200, finished, 95.0)

    monkeypatch.setattr(selftest, "selftest", job)
    done = CliRunner().invoke(app, ["--selftest", *arguments])
    return done.exit_code, done.output, calls


def test_a_failed_check_gives_exit_code_1_and_what_it_expects(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    code, text, calls = run(monkeypatch, FAILED, "cuda:1")
    assert (code, calls) == (1, [("cuda:1", False)])
    assert "cuda:1: h200-ab, 1 min 35 s" in text
    assert "FAIL" in text
    assert "ratio 0.950" in text
    assert "clocks has to hold: events agree with the host's clock within 3 %" in text
    assert "0 passed, 1 failed, 1 not available." in text
    assert "Not available is no fault" in text
    assert "All figures are in selftest-h200-ab-cuda1.json. To report this device, attach it to an issue." in text
    document = json.loads((tmp_path / "selftest-h200-ab-cuda1.json").read_text())
    assert document["passed"] is False
    assert document["checks"][0]["figures"] == {"events_s": 0.0095, "host_s": None}


def test_a_device_that_passes_gives_0_and_json(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "folder" / "card.json"
    code, text, calls = run(monkeypatch, passed(True, "ratio 1.001"), "--json", "--quick", "--out", str(file))
    assert (code, calls) == (0, [("auto", True)])
    assert json.loads(text) == json.loads(file.read_text())
    assert json.loads(text)["passed"] is True


@pytest.mark.parametrize("arguments", [["cuda:1"], ["--out", "x.json"]])
def test_what_belongs_to_the_self_test_is_refused_without_it(arguments: list[str]) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert "go with --selftest" in done.output
