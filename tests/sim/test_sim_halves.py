"""Rounds in half precision on a simulated card that holds the model in it, and not in fp32."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from scalebench.execute.client import Worker
from scalebench.suite.case import Case
from tests.sim.test_sim_rounds import FAST, good, measured

CAPACITY = 40 * 2**20
"""41.9 MB. The 11 689 512 weights of ResNet-18 take 46.8 MB in fp32 and 23.4 MB in half precision."""
WEIGHTS = 11_689_512


@pytest.fixture
def case(plugin: None) -> Case:
    """At a size that no other test has settled."""
    return Case("resnet18", 40, device="sim:0", threads=1, protocol=FAST)


@pytest.mark.parametrize(("precision", "layout"), [("fp16", "contiguous"), ("bf16", "channels_last")])
def test_the_card_never_holds_the_weights_in_fp32(
    sim_worker: Worker, simulate: Callable[..., None], case: Case, precision: str, layout: str
) -> None:
    """The reference in fp32 does not fit, so that outputs cannot be compared."""
    simulate(capacity=CAPACITY)
    record = good(measured(sim_worker, replace(case, precision=precision, layout=layout)))
    assert 2 * WEIGHTS < record.facts["allocated_bytes"] < 2 * WEIGHTS + 2 * 2**20
    assert any(note.startswith("unverified") for note in record.notes)


@pytest.mark.parametrize("precision", ["fp32", "amp_fp16"])
def test_weights_in_fp32_do_not_fit(
    sim_worker: Worker, simulate: Callable[..., None], case: Case, precision: str
) -> None:
    simulate(capacity=CAPACITY)
    assert measured(sim_worker, replace(case, precision=precision)).ending == "oom_device"
