"""What is not installed is skipped with the command that installs it."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from scalebench.execute.offering import refusal
from scalebench.suite.case import Case
from scalebench.suite.own_files import own_model
from tests.suite.literal_onnx import write_tiny


def test_a_missing_package_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "openvino" else object())
    ending, why = refusal(Case("resnet18", 64, runtime="openvino")) or ("", "")
    assert ending == "skipped_not_installed"
    assert why == "not installed: pip install 'scalebench[openvino]' (missing: openvino)"
    assert refusal(Case("resnet18", 64, runtime="onnxruntime")) is None


def test_what_nobody_offers_is_not_looked_for() -> None:
    ending, why = refusal(Case("resnet18", 64, precision="int8")) or ("", "")
    assert ending == "skipped_not_offered"
    assert why.startswith("not started: eager offers no int8")


def test_the_plain_way_is_always_there() -> None:
    assert refusal(Case("resnet18", 64)) is None


def test_a_file_fixed_to_one_image_runs_at_batch_one(tmp_path: Path) -> None:
    """Another batch, and another runtime, is skipped before it starts."""
    write_tiny(tmp_path / "net.onnx", (1, 3, 32, 32))
    case = Case(own_model("onnx", "net.onnx", tmp_path).name, 32, runtime="onnxruntime")
    assert refusal(case) is None
    assert refusal(replace(case, batch=8)) == (
        "skipped_not_offered",
        "not started: the file takes 1 image per pass, not 8",
    )
    assert (refusal(replace(case, runtime="eager")) or ("", ""))[1].startswith("not started: eager does not run onnx")
