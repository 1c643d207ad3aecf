"""A suite that needs a package which is not there is refused before anything is measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scalebench.errors import SuiteError
from scalebench.execute.client import Worker
from scalebench.execute.counting import Paper
from scalebench.execute.planner import prepare
from scalebench.suite.load import load_suite

SUITE = """schema: 1
name: a_suite
models:
  - timm: [resnet18]
    resolution: [64]
  - timm: ["unet:resnet18"]
    resolution: [64]
"""


def test_the_line_and_the_command_are_named(worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's answer is replaced by the one it gives without the package; the rest is real."""
    asked = Paper.ask

    def without(paper: Paper, questions: Any, *rest: Any) -> Any:
        missing = {"type": "BuildError", "message": "unet needs a package", "hint": "pip install it"}
        answers = asked(paper, [{**q, "model": "resnet18"} if "model" in q else q for q in questions], *rest)
        return [
            {"error": missing} if str(question.get("model")).startswith("unet") else answer
            for question, answer in zip(questions, answers, strict=True)
        ]

    monkeypatch.setattr(Paper, "ask", without)
    path = tmp_path / "suite.yaml"
    path.write_text(SUITE, encoding="utf-8")
    with pytest.raises(SuiteError, match=r"suite.yaml:6: models\[1\].*unet needs a package") as caught:
        prepare(load_suite(path), worker)
    assert caught.value.hint == "pip install it"
