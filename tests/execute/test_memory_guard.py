"""What is predicted not to fit: on a GPU only what cannot, in the case's own precision and the memory that is free."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from scalebench.execute.memory_guard import MemoryGuard
from scalebench.execute.offering import refusal
from scalebench.execute.planner import Card
from scalebench.jobs.measure_rounds import MeasureOptions, _free_bytes, _refuser
from scalebench.record import Environment
from scalebench.suite.case import Case

MIB = 2**20
CASE = Case("resnet18", 224, device="cuda:0")


def guard(free: int) -> MemoryGuard:
    """Of models with 100 MiB of weights and 400 MiB of activations in fp32."""
    return MemoryGuard(lambda _: (100 * MIB, 400 * MIB), lambda _: free, lambda *skipped: skipped[2])  # type: ignore


@pytest.mark.parametrize(
    ("change", "mib"),
    [
        ({}, 500), ({"precision": "tf32"}, 500), ({"precision": "fp16"}, 250), ({"precision": "bf16"}, 250),
        ({"precision": "amp_fp16"}, 300), ({"device": "cpu"}, 335 + 100 + 2 * 400),
    ],
)  # fmt: skip
def test_a_gpu_needs_the_bytes_of_the_precision_once(change: dict[str, str], mib: int) -> None:
    """Autocast keeps weights in fp32 and activations in half. On the host measured peaks were up to 1.9 times that."""
    case = replace(CASE, **change)  # type: ignore[arg-type]
    assert guard(0).need(case) == mib * MIB
    assert guard(mib * MIB).refuse(case, 0) is None
    assert guard(mib * MIB - 1).refuse(case, 0) == "skipped_predicted_oom"


def test_what_others_hold_on_the_card_is_not_free() -> None:
    """A board of 80 GiB of which 10 are free: 10."""
    machines = {"cuda:0": SimpleNamespace(hardware={"gpu_memory_gib": 80})}
    prepared: Any = SimpleNamespace(machines=machines, cards={"cuda:0": Card(10 * 2**30)})
    assert _free_bytes(prepared, "cuda:0", MeasureOptions()) == 10 * 2**30
    assert _free_bytes(prepared, "cuda:0", MeasureOptions(limit_bytes=7)) == 7


def test_a_precision_that_the_card_only_emulates_is_not_measured() -> None:
    """A T4 has no bf16; torch computes it all the same, slowly."""
    assert refusal(CASE, {"bf16", "amp_bf16", "tf32"}) is None
    reason = refusal(replace(CASE, precision="bf16"), {"bf16", "amp_bf16", "tf32"})
    assert reason == ("skipped_not_offered", "not started: this NVIDIA GPU has no bf16, only an emulation")


def test_a_precision_that_the_card_lacks_is_reported_before_its_memory() -> None:
    """Neither would fit. What a case needs in bf16 is of no interest where the card has no bf16."""
    card, machine = Card(0, frozenset({"bf16"})), Environment("test", "hw", "sw")
    prepared: Any = SimpleNamespace(
        plan=SimpleNamespace(suite="s"), machines={"cuda:0": machine}, cards={"cuda:0": card}
    )
    refuse = _refuser(prepared, guard(0))
    lacking = refuse(replace(CASE, precision="bf16"), 0)
    assert lacking is not None
    assert lacking.ending == "skipped_not_offered"
    assert refuse(replace(CASE, precision="fp16"), 0) == "skipped_predicted_oom"
