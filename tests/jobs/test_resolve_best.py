"""``runtime: best`` of a case that classifies: searched by the time of its artefact."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scalebench.execute.client import Worker
from scalebench.execute.events import silent
from scalebench.execute.planner import Prepared
from scalebench.jobs import tune
from scalebench.jobs.measure_rounds import MeasureOptions
from scalebench.suite.case import CLASSIFIED, Case
from scalebench.suite.suite_plan import Plan


def test_what_is_found_by_time_classifies(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search runs inference on no images of the user's; mode, images and protocol are then those of the case."""
    searched: list[Case] = []

    def find_best(_prepared: Prepared, base: Case, *_: Any) -> Any:
        searched.append(base)
        return SimpleNamespace(best=replace(base, runtime="onnxruntime", precision="int8"))

    monkeypatch.setattr(tune, "find_best", find_best)
    case = Case("resnet18", 224, mode="accuracy", runtime="best", data="photos-1a2b3c4d")
    prepared = Prepared(Plan("a", "", "", (case,), (), (), (), 3), {}, {})
    (found,) = tune.resolve_best(prepared, Worker(), Path(), MeasureOptions(), silent).plan.cases
    assert [(base.mode, base.runtime, base.data) for base in searched] == [("inference", "eager", "")]
    assert found == Case(
        "resnet18", 224, mode="accuracy", runtime="onnxruntime", precision="int8", data="photos-1a2b3c4d"
    )
    assert found.protocol == CLASSIFIED
