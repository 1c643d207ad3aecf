"""scalebench hardware as a user types it; nothing is measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scalebench.cli import app
from scalebench.cli import hardware as command
from scalebench.errors import CatalogueError, UnknownNameError
from scalebench.machine.ability import Ability, Peak
from scalebench.record import Environment

ABILITY = Ability(
    "epyc-1", "hw1", "sw1", "cpu", 16, "2026-11-24T01:02:03+00:00",
    {"fp32": Peak(1e12, 9e11, "FLOP/s", "1024x1024x1024", 40)}, {"copy": Peak(4e10, 3e10, "B/s", "2 x 256 MiB", 12)},
)  # fmt: skip


def peaks_of(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    environment = Environment("epyc-1", "hw1", "sw1", {"device": "cpu", "cpu": {"name": name}})
    monkeypatch.setattr(command, "measure_peaks", lambda announce: [(environment, ABILITY)])


def test_rows_as_a_table_and_as_json() -> None:
    shown = CliRunner().invoke(app, ["hardware", "nvidia-gh200*", "nvidia-a10g"]).stdout
    assert "not published" in shown
    assert "sources conflict" in shown
    document = json.loads(CliRunner().invoke(app, ["hardware", "nvidia-a10g", "--json"]).stdout)
    (chip,) = document["chips"]
    assert chip["fp16_bf16_tflops"] is None
    assert chip["marks"]["fp16_bf16_tflops"] == "X"
    assert chip["marks"]["watts"] == "U"
    assert "here" not in document


def test_the_machine_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its row, and without one."""
    peaks_of(monkeypatch, "AMD EPYC 7763 64-Core Processor")
    shown = CliRunner().invoke(app, ["hardware", "--here"]).stdout
    assert "16 of 64 cores of amd-epyc-7763" in shown
    assert "80%" in shown, "1 of 5 TFLOP/s with a quarter of the cores"
    document = json.loads(CliRunner().invoke(app, ["hardware", "--here", "--json"]).stdout)
    assert document["here"][0]["chip"] == "amd-epyc-7763"
    peaks_of(monkeypatch, "AMD EPYC")
    shown = CliRunner().invoke(app, ["hardware", "--here"]).stdout
    assert "'AMD EPYC' is not in the catalogue" in shown


def test_bad_input_is_refused(tmp_path: Path) -> None:
    unknown = CliRunner().invoke(app, ["hardware", "nvidia-l5"])
    assert isinstance(unknown.exception, UnknownNameError)
    missing = CliRunner().invoke(app, ["hardware", "--catalogue", str(tmp_path / "none.yaml")])
    assert isinstance(missing.exception, CatalogueError)
