"""What is not installed is skipped with the command that installs it."""

import importlib.util

import pytest

from scalebench.execute.offering import refusal
from scalebench.suite.case import Case


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
