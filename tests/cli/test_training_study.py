"""A training study from its suite to its page, as small as one can be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scalebench.cli import app
from scalebench.errors import SuiteError
from scalebench.jobs import train_study
from scalebench.store.jsonl import read_results

SUITE = """\
schema: 1
name: tiny_study
models:
  - {scale: "efficientnet_b0[d=0.5,w=0.35]", resolution: 32, by: [resolution, compound], target: 4,
     tolerance: 0.1}
grid: {mode: [training_study], device: [cpu]}
study: {budget: smoke, images: 8, epochs: 1, seeds: 1, batch: 8, learning_rates: [0.001, 0.003], scratch_widths: [2]}
"""


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train_study, "usable_cores", lambda: 1)  # the session has one worker
    (tmp_path / "tiny.yaml").write_text(SUITE)
    return tmp_path / "tiny.yaml"


def command(*words: str) -> str:
    return CliRunner().invoke(app, words, catch_exceptions=False).stdout


@pytest.mark.usefixtures("warm")
def test_from_the_suite_to_the_page(suite: Path) -> None:
    """A second call trains nothing: what is stored is all that is needed."""
    out = command("run", str(suite), "--no-peaks")
    assert out.startswith(
        "Which way of scaling gives more accuracy here? Not measured: some training runs are missing."
    )
    records = read_results(sorted(Path("results/tiny_study").glob("*.jsonl"))).records
    trained = [record for record in records if record.case.mode == "training_study"]
    assert len(trained) == 2 + 2 + 2  # two rates of the base, both variants with each
    assert all(len(record.facts["weights"]) == 12 and len(record.samples["loss"]) == 1 for record in trained)
    assert trained[0].facts["data"]["scratch_widths"] == [2.0]
    document = json.loads(Path("reports/tiny_study.json").read_text())
    assert [verdict["verdict"] for verdict in document["training_study"]["verdicts"]] == ["not measured"] * 2
    command("run", str(suite), "--no-peaks")
    assert len(read_results(sorted(Path("results/tiny_study").glob("*.jsonl"))).records) == len(records)


@pytest.mark.usefixtures("warm")
def test_plan_says_how_many_runs_there_are(suite: Path) -> None:
    line = "training study smoke: 1 seeds, 1 epochs of 8 images; 6 to 6 training runs"
    assert line in command("plan", str(suite))
    assert json.loads(command("plan", str(suite), "--json"))["training_study"]["runs"] == [6, 6]


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("by: [resolution, compound]", "by: [resolution]", "a training study needs a scale entry with a target"),
        ("mode: [training_study]", "mode: [inference]", "study: grid.mode does not have training_study"),
        ("scratch_widths: [2]", "folder: photos", "study.folder: "),
    ],
)
def test_a_study_that_cannot_be_made_is_refused_with_its_line(suite: Path, old: str, new: str, message: str) -> None:
    suite.write_text(SUITE.replace(old, new))
    with pytest.raises(SuiteError, match=message):
        command("plan", str(suite))
