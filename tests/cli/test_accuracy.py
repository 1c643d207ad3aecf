"""scalebench accuracy as a user types it: from a folder of images to the table, on a real small network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from scalebench.cli.accuracy import accuracy
from scalebench.errors import BuildError, StoreError, UnknownNameError
from scalebench.execute.client import Worker
from scalebench.store.jsonl import read_results, result_files
from scalebench.suite.protocol import PROTOCOLS, Protocol

TINY = Protocol(
    rounds=2, warmup_s=0.01, warmup_max_s=0.1, chunk_s=0.02, chunk_max_s=0.2, min_iterations=3, timeout_s=60
)
FISH, UNIFORM = "n01440764", "n03763968"


def panels(folder: Path, classes: tuple[str, ...], each: int) -> Path:
    """Images whose class is their brightness, which a probe finds even in a random network's outputs."""
    rng = np.random.default_rng(4)
    for label, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for number in range(each):
            pixels = rng.integers(0, 60, (32, 32, 3)) + 180 * label
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"car{number}.png")
    return folder


def run(arguments: list[str], tmp_path: Path) -> Any:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(accuracy)
    arguments = [*arguments, "--threads", "1", "--results", str(tmp_path / "results"), "--json"]
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def no_classifying(run: Callable[..., Any]) -> Callable[..., Any]:
    """A worker that fails the test when it is to classify."""
    return lambda worker, job, *rest: pytest.fail("again") if job["do"] == "classify" else run(worker, job, *rest)


@pytest.mark.usefixtures("warm")
def test_a_probe_of_two_runtimes_timed_and_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is an extra")
    pytest.importorskip("onnxruntime", reason="onnxruntime is an extra")
    monkeypatch.setitem(PROTOCOLS, "quick", TINY)
    folder = panels(tmp_path / "panels", ("dark", "light"), 30)
    (folder / "dark" / "broken.jpg").write_bytes(b"x")
    which = ["--runtime", "eager", "--runtime", "onnxruntime", "--precision", "fp32", "--precision", "int8"]
    arguments = ["test_resnet@32", "--data", str(folder), "--probe", "--test-share", "0.4", "--batch", "4", *which]
    done = run(arguments, tmp_path)
    content = json.loads(done.stdout)
    eager, int8_eager, onnx, int8 = content["configurations"]
    assert done.exit_code == 0
    assert eager["top1"]["value"] == 1.0
    assert 0.5 < eager["top1"]["low"] < 1.0
    assert eager["unreadable"] in (0, 1)  # by which side the hash puts it on
    assert (onnx["against_fp32"]["value"], onnx["against_fp32"]["p"]) == (0, 1)
    assert int8["against_fp32"]["low"] < 0 <= int8["against_fp32"]["high"]
    assert "eager offers no int8" in int8_eager["why"]
    assert all(row["latency_s"]["n"] == 2 for row in (eager, onnx, int8))
    files = result_files([tmp_path / "results"])
    stored = [record for record in read_results(files).records if record.case.mode == "probe"]
    assert len(stored) == 4
    monkeypatch.setattr(Worker, "run", no_classifying(Worker.run))
    again = json.loads(run([*arguments, "--no-time"], tmp_path).stdout)
    assert [row.get("top1") for row in again["configurations"]] == [eager["top1"], None, onnx["top1"], int8["top1"]]


@pytest.mark.usefixtures("warm")
def test_imagenets_classes_by_their_names(tmp_path: Path) -> None:
    """A random network is wrong, and is so by its own thousand classes."""
    folder = panels(tmp_path / "imagenet", (FISH, UNIFORM), 3)
    content = json.loads(run(["test_resnet@32", "--data", str(folder), "--no-time"], tmp_path).stdout)
    (row,) = content["configurations"]
    assert row["per_class"] == {}
    assert row["top1"]["n"] == 6
    stored = read_results(result_files([tmp_path / "results"])).records
    (record,) = [record for record in stored if record.case.mode == "accuracy"]
    assert set(record.samples["true"]) == {0, 652}
    assert record.facts["outputs"] == 1000


@pytest.mark.usefixtures("warm")
def test_other_classes_are_refused_with_what_to_do(tmp_path: Path) -> None:
    folder = panels(tmp_path / "panels", ("dark", "light"), 2)
    with pytest.raises(BuildError, match="1000 outputs, and the folder has 2 classes") as caught:
        run(["test_resnet@32", "--data", str(folder), "--no-time"], tmp_path)
    assert "--probe" in caught.value.hint


def test_bad_input_is_refused_before_anything_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "run", lambda *_: pytest.fail("started"))
    folder = panels(tmp_path / "panels", ("dark", "light"), 2)
    for arguments, error, message in (
        (["resnet18", "--data", str(tmp_path / "nowhere")], StoreError, "not a folder"),
        (["resnet18", "--data", str(folder), "--runtime", "onnx"], UnknownNameError, "no runtime 'onnx'"),
        (["resnet18", "--data", str(folder), "--precision", "int4"], UnknownNameError, "no precision 'int4'"),
        (["resnet18", "--data", str(folder), "--group", "truck"], StoreError, "finds nothing"),
    ):  # fmt: skip
        with pytest.raises(error, match=message):
            run(arguments, tmp_path)
    assert not (tmp_path / "results").exists()
