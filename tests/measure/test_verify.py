"""A configuration that computes something else fails verification."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from scalebench.errors import BuildError
from scalebench.measure import reference
from scalebench.measure.reference import load_reference, make_reference
from scalebench.measure.runtimes.eager import Eager
from scalebench.measure.scenes import scenes
from scalebench.measure.session import example
from scalebench.measure.verify import verify
from scalebench.suite.case import Case
from scalebench.suite.own_files import own_model
from tests.suite.literal_onnx import write_onnx

CASE = Case("resnet18", 32, batch=4, threads=1, runtime="onnxruntime")
DEVICE = torch.device("cpu")


def session(distort: Callable[[torch.Tensor], torch.Tensor], case: Case = CASE) -> Any:
    """A session whose runtime is eager fp32 with its output distorted."""
    make_reference(case, example)
    runtime = Eager(replace(case, runtime="eager"))
    forward = runtime.prepare(example(replace(case, runtime="eager"))[0], torch.zeros(1))
    return SimpleNamespace(
        case=case, device=DEVICE, forward=forward, runtime=SimpleNamespace(tensor=lambda y: distort(runtime.tensor(y)))
    )


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "ok"), (1.0005, "ok"), (1.01, "off"), (-1.0, "off")])
def test_the_error_is_relative_and_bounded(factor: float, verdict: str) -> None:
    """Scaling all logits by f is an error of |f - 1|, whatever the class."""
    facts = verify(session(lambda y: y * factor)).facts
    assert facts["verified"] == verdict
    assert facts["relative_error"] == pytest.approx(abs(factor - 1), abs=1e-5)
    assert facts["top1_agreement"] == (1.0 if factor > 0 else 0.0)


def test_the_mean_over_the_images_decides() -> None:
    """Two of eight images are off by 0.5: that is the worst error, and the mean is an eighth."""

    def one(y: torch.Tensor) -> torch.Tensor:
        y = y.clone()
        y[-1] *= 1.5  # of each batch of four
        return y

    facts = verify(session(one)).facts
    assert facts["relative_error"] == pytest.approx(0.5)
    assert facts["mean_error"] == pytest.approx(1 / 8, rel=0.01)
    assert facts["verified"] == "off"
    assert verify(session(one, replace(CASE, precision="bf16"))).facts["verified"] == "ok"


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_zeros_are_noticed_in_every_precision(precision: str) -> None:
    assert verify(session(torch.zeros_like, replace(CASE, precision=precision))).facts["verified"] == "off"


def test_what_is_no_number_is_wrong() -> None:
    facts = verify(session(lambda y: y * float("nan"))).facts
    assert facts["verified"] == "not finite"
    assert facts["relative_error"] is facts["mean_error"] is facts["top1_agreement"] is None


def test_the_reference_is_not_compared_with_itself() -> None:
    assert verify(session(lambda y: y, replace(CASE, runtime="eager"))).facts == {}


def _no_room(_: Case) -> Any:
    raise torch.OutOfMemoryError("tried to allocate 3 GiB")


def _no_model(_: Case) -> Any:
    raise BuildError("no such model")


def _killed(_: Case) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("example_of", [_no_room, _killed])
def test_without_room_for_the_reference_a_case_stays_unverified(
    example_of: Callable[[Case], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own numbers are good: only nobody has compared its outputs."""
    prepared = session(lambda y: y)
    monkeypatch.setattr(reference, "cache_folder", lambda _name: tmp_path)
    make_reference(CASE, example_of)
    assert load_reference(CASE) is None
    measured = verify(prepared)
    assert (measured.facts, [note.partition(":")[0] for note in measured.notes]) == ({}, ["unverified"])


def test_another_failure_of_the_reference_is_one_of_the_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "cache_folder", lambda _name: tmp_path)
    with pytest.raises(BuildError):
        make_reference(CASE, _no_model)


def test_a_large_batch_is_compared_with_small_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference of 20 images is computed eight at a time, and is that of all twenty."""
    monkeypatch.setattr(reference, "cache_folder", lambda _name: tmp_path)
    case, sizes = replace(CASE, batch=20), []
    forward = Eager.prepare

    def prepare(self: Eager, model: Any, example: torch.Tensor) -> Any:
        run = forward(self, model, example)
        return lambda images: sizes.append(len(images)) or run(images)

    monkeypatch.setattr(Eager, "prepare", prepare)
    reference._compute(case, example)
    expected = load_reference(case)
    assert expected is not None
    assert (sizes, len(expected)) == ([8, 8, 4], 20)
    monkeypatch.undo()
    monkeypatch.setattr(reference, "cache_folder", lambda _name: tmp_path)
    model, _ = example(replace(case, runtime="eager"))
    with torch.inference_mode():
        whole = model(torch.from_numpy(scenes(20, 32)))
    assert float((expected - whole).norm() / whole.norm()) < 1e-5


def test_scenes_differ_from_one_another_and_repeat() -> None:
    """Images of the same seed are equal, of others not; each has zero mean and unit variance."""
    a, b = scenes(3, 16), scenes(2, 16, first=1)
    assert a.shape == (3, 3, 16, 16)
    assert (a[1:] == b).all()
    assert abs(a[0] - a[1]).max() > 0.5
    assert a.mean(axis=(1, 2, 3)) == pytest.approx([0, 0, 0], abs=1e-5)
    assert a.std(axis=(1, 2, 3)) == pytest.approx([1, 1, 1], rel=1e-4)
    assert scenes(2, 16, channels=1).shape == (2, 1, 16, 16)


def test_the_reference_of_an_onnx_file_is_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 1x1 convolution that adds up three channels, at eight images, computed without ONNX."""
    onnx = pytest.importorskip("onnx")
    kernel = onnx.numpy_helper.from_array(np.ones((1, 3, 1, 1), np.float32), "kernel")
    write_onnx(tmp_path / "sum.onnx", [onnx.helper.make_node("Conv", ["images", "kernel"], ["scores"])], [kernel])
    case = Case(own_model("onnx", "sum.onnx", tmp_path).name, 8, threads=1, runtime="onnxruntime")
    monkeypatch.setattr(reference, "cache_folder", lambda _name: tmp_path)
    make_reference(case, example)
    expected = load_reference(case)
    assert expected is not None
    assert expected.numpy() == pytest.approx(scenes(8, 8).sum(axis=1).reshape(8, 64), abs=1e-5)
