"""Checks of counters: those of another board, energy that disagrees, watching that disturbs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch

from scalebench.machine.gpu import Gpu, Unavailable
from scalebench.measure.accelerator import Accelerator
from scalebench.measure.selftest.bench import Bench
from scalebench.measure.selftest.counter_checks import (
    counters,
    energy,
    judge_counters,
    judge_energy,
    judge_watching,
    watching_check,
)
from scalebench.suite.device_kinds import CPU

GIB = 2**30
MIB = 2**20


@dataclass(frozen=True)
class Board(Gpu):
    """Memory in use grows by ``grows`` with every reading."""

    grows: int

    def memory_used_bytes(self) -> int:
        used = getattr(self, "used", 10 * GIB)
        object.__setattr__(self, "used", used + self.grows)
        return used


@dataclass(frozen=True)
class Device(Accelerator):
    """The CPU in a GPU's place, with 1 GiB free."""

    board: Any = None

    def readings(self) -> Any:
        return self.board

    def free_bytes(self) -> float:
        return 1 * GIB

    def synchronize(self) -> None:
        """Nothing runs."""


def bench(board: Any) -> Bench:
    made = Bench("cpu", 1, window_s=0.001)
    made.__dict__["accelerator"] = Device(torch.device("cpu"), replace(CPU, on_host=False), board)
    return made


@pytest.mark.parametrize(("grows", "verdict"), [(128 * MIB, "pass"), (130 * MIB, "pass"), (0, "fail"), (GIB, "fail")])
def test_counters_of_another_board_fail(grows: int, verdict: str) -> None:
    """A buffer of 128 MiB, an eighth of what is free, has to show."""
    result = counters(bench(Board(grows)))
    assert result.verdict == verdict, result.finding


@pytest.mark.parametrize(
    ("of_torch", "total", "verdict"),
    [
        (143_167 * MIB, 143_771 * MIB, "pass"),  # an H200: the driver keeps some
        (79 * GIB, 141 * GIB, "fail"),
        (9 * GIB, 79 * GIB, "fail"),  # a part of a board, and the whole board
        (79 * GIB, None, "pass"),
    ],
)
def test_totals_have_to_agree(of_torch: int, total: int | None, verdict: str) -> None:
    assert judge_counters(GIB, GIB, of_torch, total).verdict == verdict


def test_without_memory_in_use_there_is_nothing_to_compare() -> None:
    assert counters(bench(Gpu())).verdict == "not available"


@pytest.mark.parametrize(
    ("counter_w", "sampled_w", "verdict"),
    [(300.0, 290.0, "pass"), (300.0, 250.0, "fail"), (150.0, 300.0, "fail"), (None, 300.0, "fail"),
     (300.0, None, "not available")],
)  # fmt: skip
def test_energy_has_to_agree_with_power(counter_w: float | None, sampled_w: float | None, verdict: str) -> None:
    assert judge_energy(counter_w, sampled_w).verdict == verdict


@pytest.mark.parametrize(
    ("watched_s", "verdict"), [(0.00200, "pass"), (0.00205, "pass"), (0.00190, "pass"), (0.00210, "fail")]
)
def test_watching_may_not_disturb(watched_s: float, verdict: str) -> None:
    assert judge_watching(0.002, watched_s).verdict == verdict


@pytest.mark.parametrize("check", [counters, energy, watching_check])
def test_without_counters_the_reason_is_given(check: Any) -> None:
    reason = Unavailable("no_nvml", "driver not loaded")
    result = check(bench(reason))
    assert (result.verdict, result.finding) == ("not available", "no_nvml: driver not loaded")
    on_host = check(bench(None))
    assert on_host.verdict == "not available"
    assert "CPU" in on_host.finding
