"""Input cases on their way through planning: never counted, refused where a decoder is missing, estimated."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from scalebench.execute import planner
from scalebench.execute.client import Ending, Worker
from scalebench.execute.estimate import case_seconds, estimate
from scalebench.execute.events import silent
from scalebench.execute.offering import refusal
from scalebench.execute.planner import Prepared, prepare
from scalebench.jobs.history import read_history
from scalebench.jobs.journal import open_journal
from scalebench.jobs.measure_rounds import MeasureOptions, measure_rounds
from scalebench.machine.accelerators import Accelerators
from scalebench.record import Environment
from scalebench.suite.case import INPUT, Case
from scalebench.suite.device_kinds import CUDA
from scalebench.suite.load import load_suite
from scalebench.suite.protocol import Protocol

P = Protocol(rounds=1, warmup_s=0.01, warmup_max_s=0.1, chunk_s=0.02, chunk_max_s=0.1, min_iterations=3)
CASE = Case("opencv", 64, mode=INPUT, camera="320x240", protocol=P)
TEXT = """\
schema: 1
name: feed
models:
  - input: [pillow, opencv]
    camera: [320x240]
    resolution: [64]
    workers: [1]
protocol: {rounds: 1, warmup_s: 0.01, warmup_max_s: 0.1, chunk_s: 0.02, chunk_max_s: 0.1, min_iterations: 3}
"""


def without(module: str) -> Callable[..., Any]:
    """``find_spec`` on a machine where ``module`` is not installed."""
    real = importlib.util.find_spec
    return lambda name, *rest: None if name == module else real(name, *rest)


@pytest.fixture
def prepared(tmp_path: Path, worker: Worker) -> Prepared:
    path = tmp_path / "feed.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return prepare(load_suite(path), worker)


def test_a_decoder_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", without("cv2"))
    assert refusal(CASE) == ("skipped_not_installed", "not installed: pip install 'scalebench[input]' (missing: cv2)")
    assert refusal(replace(CASE, model="pillow")) is None


def test_an_estimate_grows_with_the_photograph_and_needs_no_count() -> None:
    small, large = CASE, replace(CASE, camera="4000x3000")
    assert case_seconds(small, {}) < case_seconds(large, {})
    assert estimate([small, large], {}).seconds == pytest.approx(case_seconds(small, {}) + case_seconds(large, {}))


def test_no_input_case_reaches_the_counter(prepared: Prepared) -> None:
    assert [case.model for case in prepared.plan.cases] == ["pillow", "opencv"]
    assert prepared.plan.counts == ()
    assert not prepared.facts


def test_a_run_stores_numbers_and_skips_what_is_missing(
    prepared: Prepared, worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing decoder is data: a skipped record that says what to install; the others are measured."""
    monkeypatch.setattr(importlib.util, "find_spec", without("cv2"))
    folder = tmp_path / "results"
    history = read_history(prepared, folder)
    journal = open_journal(prepared, history.stored, folder)
    measure_rounds(prepared, history, journal, worker, MeasureOptions(peaks=False), silent)
    (file,) = (tmp_path / "results").glob("*.jsonl")
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    records = {line["case"]["model"]: line for line in lines if line["kind"] == "record"}
    assert records["opencv"]["outcome"] == "skipped"
    assert records["opencv"]["ending"] == "skipped_not_installed"
    assert "pip install 'scalebench[input]'" in records["opencv"]["error"]["message"]
    assert records["pillow"]["outcome"] == "ok"
    assert records["pillow"]["facts"]["decode_s"] > 0
    assert records["pillow"]["telemetry"]["surroundings"] is not None


class Described:
    """A worker that describes whatever device it is asked for."""

    def run(self, job: dict[str, Any], _timeout_s: float) -> Ending:
        names = {"auto": "cuda:0", "cpu": "cpu"}
        described = [
            {"device": names[word], "reason": "it is there", "environment": asdict(Environment(names[word], "h", "s"))}
            for word in job["devices"]
        ]
        return Ending(dict(enumerate(described)))


@pytest.mark.parametrize(("models", "devices"), [(TEXT, {"cuda:0", "cpu"}), (None, {"cuda:0"})])
def test_beside_a_gpu_the_cpu_is_a_machine_of_its_own(
    models: str | None, devices: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Images are prepared on the CPU whatever the grid runs the models on; without such cases nobody asks for it."""
    monkeypatch.setattr(planner, "find_accelerators", lambda: Accelerators(usable=(CUDA,)))
    path = tmp_path / "feed.yaml"
    path.write_text(models or "schema: 1\nname: feed\nmodels:\n  - timm: [resnet18]\n", encoding="utf-8")
    notes: list[Any] = []
    found = planner.find_machines(load_suite(path), Described(), announce=notes.append)  # type: ignore[arg-type]
    assert set(found.machines) == devices
    assert found.by_word["auto"] == "cuda:0"
    assert [note.text for note in notes] == ["device auto is cuda:0: it is there"]
