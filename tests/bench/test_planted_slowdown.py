"""The planted slowdown is where it should be, and the table says what the tries came to."""

from __future__ import annotations

import itertools
import os
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from scalebench.measure.runtimes.eager import Eager
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol
from tests.bench.planted_slowdown import PLANTED_TIMEOUT_S, Try, line
from tests.bench.slow_python import plant, write

CASE = Case("resnet18", 8)
MARKED = replace(CASE, protocol=Protocol(timeout_s=PLANTED_TIMEOUT_S))
IMAGES = torch.zeros(1, 3, 8, 8)


@pytest.mark.parametrize(("case", "readings"), [(MARKED, 5), (CASE, 0)])
def test_only_marked_cases_are_slower(case: Case, readings: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock that goes by 1 s a reading a pass takes 1 s; 2.5 s more are over at the third reading after it."""
    monkeypatch.setattr(Eager, "prepare", Eager.prepare)  # restored afterwards
    plant(2.5, PLANTED_TIMEOUT_S)
    forward = Eager(case).prepare(nn.Identity(), IMAGES)
    clock = itertools.count()
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(clock)))
    assert forward(IMAGES) is not None
    assert next(clock) == readings


def test_the_mark_does_not_change_the_method() -> None:
    assert MARKED.key == CASE.key
    assert MARKED != CASE


def test_the_interpreter_is_told_what_is_planted(tmp_path: Path) -> None:
    slow = write(tmp_path / "slow", 0.05, 599.0)
    echo = tmp_path / "echo"
    echo.write_text("#!/bin/sh\nenv\n")
    echo.chmod(0o755)
    text = slow.read_text()
    slow.write_text(text[: text.index("exec ")] + f"exec {echo}\n")
    printed = subprocess.run([slow], capture_output=True, text=True, check=True, env=dict(os.environ)).stdout
    assert "SCALEBENCH_PLANTED_SHARE=0.05\n" in printed
    assert "SCALEBENCH_PLANTED_TIMEOUT=599.0\n" in printed


def test_a_slowdown_that_took_too_long_was_not_found() -> None:
    found = Try(1.05, 0.02, outside=True, found=True, heats=8, seconds=100.0)
    late, missed = replace(found, seconds=181.0), replace(found, found=False, outside=False)
    same = [replace(missed, ratio=1.0, seconds=60.0), replace(missed, ratio=1.04, outside=True)]
    assert line("m", same, [found, late, missed]) == (
        "| m | 1 of 2 | 2.0% | 8 | 80 | 1 of 3 | 1.050 | 2.0% | 8 | 100 |"
    )
    assert line("m", [], [found]) == "| m | 0 of 0 | - | - | - | 1 of 1 | 1.050 | 2.0% | 8 | 100 |"
