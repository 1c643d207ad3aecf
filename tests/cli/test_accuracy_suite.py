"""Mode accuracy in a suite: the same records as of ``scalebench accuracy``, planned, resumed, and on the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scalebench.errors import ScalebenchError
from scalebench.execute.client import Worker
from scalebench.jobs.accuracy import AccuracyOptions, measure_accuracy
from scalebench.jobs.measure_rounds import MeasureOptions
from scalebench.jobs.page_options import PageOptions
from scalebench.jobs.plan import plan_suite
from scalebench.jobs.prepare import prepare_suite
from scalebench.jobs.run_suite import RunOptions, RunResult, run_suite
from scalebench.record import Record
from tests.cli.conftest import Finished
from tests.cli.test_accuracy import FISH, UNIFORM, no_classifying, panels

SUITE = """\
schema: 1
name: mine
models:
  - timm: [test_resnet]
    resolution: [32]
data:
  folder: photos
grid: {mode: [accuracy], runtime: [eager, cuda_graph], precision: [bf16], threads: [1]}
"""


def write(folder: Path, text: str = SUITE, classes: tuple[str, ...] = (FISH, UNIFORM), each: int = 4) -> Path:
    panels(folder / "photos", classes, each)
    (folder / "mine.yaml").write_text(text)
    return folder / "mine.yaml"


def run(suite: Path, **options: Any) -> RunResult:
    how = RunOptions(suite.parent / "results", MeasureOptions(**options))
    return run_suite(suite, how, PageOptions(suite.parent / "reports"))


def classified(result: RunResult) -> dict[tuple[str, str], Record]:
    return {(r.case.runtime, r.case.precision): r for r in result.stored.records if r.case.mode == "accuracy"}


@pytest.mark.usefixtures("warm")
def test_a_suite_classifies_as_the_command_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = write(tmp_path)
    (tmp_path / "photos" / FISH / "broken.png").write_bytes(b"x")
    result = run(suite)
    records = classified(result)
    assert {key: record.ending for key, record in records.items()} == {
        ("eager", "fp32"): "ok", ("eager", "bf16"): "ok", ("cuda_graph", "bf16"): "skipped_not_offered",
    }  # fmt: skip
    assert {record.facts["images"] for record in records.values() if record.outcome == "ok"} == {8}
    assert result.page is not None
    page, document = result.page.read_text(), json.loads(result.page.with_suffix(".json").read_text())
    assert "Accuracy on these images" in page
    assert "cuda_graph does not run on cpu" in page
    assert document["closing"]["facts"][0] == "2 classified, 1 failed"
    options = AccuracyOptions(
        ["test_resnet@32"], tmp_path / "photos", ["eager", "cuda_graph"], ["bf16"], threads=1, protocol=None,
        results=tmp_path / "command",
    )  # fmt: skip
    command = measure_accuracy(options).records
    samples = {(case.runtime, case.precision): (case.key, record.samples) for case, record in command.items()}
    assert samples == {key: (record.case.key, record.samples) for key, record in records.items()}
    monkeypatch.setattr(Worker, "run", no_classifying(Worker.run))
    assert run(suite).open_cases == 0


@pytest.mark.usefixtures("warm")
def test_a_probe_that_loses_its_images_is_a_failure_on_the_page(tmp_path: Path) -> None:
    """The run goes on; --retry-failed tries again."""
    pytest.importorskip("sklearn", reason="scikit-learn is an extra")
    text = SUITE.replace("[accuracy]", "[probe]").replace(", cuda_graph", "").replace("bf16", "fp32")
    suite = write(tmp_path, text, ("dark", "light"), 30)
    for file in (tmp_path / "photos" / "dark").iterdir():
        file.write_bytes(b"x" * file.stat().st_size)
    result = run(suite)
    (record,) = [record for record in result.stored.records if record.case.mode == "probe"]
    assert (record.outcome, record.ending) == ("failed", "error(StoreError)")
    assert result.page is not None
    assert "too few for a probe" in result.page.read_text()
    assert result.open_cases == 0
    assert len([r for r in run(suite, retry_failed=True).stored.records if r.case.mode == "probe"]) == 2


def test_the_plan_counts_every_image_once(scalebench: Callable[..., Finished], tmp_path: Path) -> None:
    """Three rounds of the protocol do not make three passes over the images."""
    few, many = (write(tmp_path / f"{each}", each=each) for each in (5, 500))
    assert "estimate: 3 cases that classify the images once, about " in scalebench("plan", few).stdout
    seconds = [plan_suite(suite, records=[]).estimates()[0].seconds for suite in (few, many)]
    assert 3 * 990 * 0.012 <= seconds[1] - seconds[0] < 4 * 990 * 0.012


@pytest.mark.parametrize(
    ("text", "line", "key", "message"),
    [
        (SUITE.replace("folder: photos", "folder: pictures"), 7, "data.folder", "pictures is not a folder"),
        (SUITE.replace("  folder: photos", "  {folder: photos, group: 'van(\\d+)'}"), 7, "data.group", "finds nothing"),
        (SUITE, 4, "models[0]", "1000 outputs, and the folder has 2 classes"),
        (SUITE.replace("[accuracy]", "[probe]"), 6, "data", "too few for a probe"),
    ],
)
def test_bad_input_is_refused_with_its_line(
    text: str, line: int, key: str, message: str, worker: Worker, tmp_path: Path
) -> None:
    """Before anything is measured."""
    suite = write(tmp_path, text, ("dark", "light"), 4)
    with pytest.raises(ScalebenchError) as refusal:
        prepare_suite(suite, worker)
    assert refusal.value.message.startswith(f"{suite}:{line}: {key}: ")
    assert message in refusal.value.message
