"""Parts timed within real passes of small models, and the arithmetic of nested parts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import count

import pytest
import torch
from torch import nn

from scalebench.measure.clock import HostClock
from scalebench.measure.latency import warm
from scalebench.measure.part_timing import (
    PartTiming,
    Stamps,
    _exclusive,
    _stamped,
    hook_overhead,
    middle_half,
    parts,
    rows,
    stamps_of,
)
from scalebench.measure.probes import measure
from scalebench.measure.session import Session, open_session
from scalebench.model.build import build
from scalebench.model.complexity import count_model
from scalebench.model.part_counts import Part
from scalebench.suite.case import BLOCKS, Case
from scalebench.suite.kinds import BETWEEN
from scalebench.suite.protocol import Protocol

QUICK = Protocol(warmup_s=0.01, warmup_max_s=0.1, chunk_s=0.02, chunk_max_s=20.0, min_iterations=5, timeout_s=60)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    before = torch.get_num_threads()
    yield open_session(Case("mobilenetv3_small_050", 64, batch=2, protocol=QUICK))
    torch.set_num_threads(before)


def test_rows_of_a_real_model_sum_up_to_the_pass(session: Session) -> None:
    warm(session)
    facts = parts(session).facts
    found = facts["parts"]
    whole = count_model(build(session.case.variant, 64, "meta"), "small", 64)
    assert sum(row["macs"] for row in found) == whole.macs
    assert sum(row["params"] for row in found) == whole.params
    assert sum(row["bytes"] for row in found) == sum((2 * a + w) * n for _, a, w, n in whole.work)
    assert sum(row["seconds"] for row in found) == pytest.approx(facts["whole_s"])
    assert facts["whole_s"] > 0
    assert facts["passes"] >= 5
    assert all(row["seconds"] > 0 for row in found if row["kind"] != BETWEEN)
    assert len({(row["kind"], row["stage"]) for row in found}) == len(found)
    assert {"se", "depthwise_3x3", "norm", "activation", "head", BETWEEN} <= {row["kind"] for row in found}
    assert session.model is not None
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in session.model.modules())


def test_hooks_cost_something_and_are_taken_off() -> None:
    assert 0 < hook_overhead(torch.device("cpu"), HostClock()) < 1e-3


def test_stamps_pair_entries_with_exits() -> None:
    """Also of a module that is called twice; asked again, only what is new is told."""
    ticks = count()
    inner = nn.Identity()
    outer = nn.Sequential(inner, inner)
    with _stamped({"outer": outer, "inner": inner}, Stamps(lambda: next(ticks), lambda a, b: b - a)) as take_pairs:
        outer(torch.zeros(1))
        assert take_pairs() == {"outer": [(0, 5)], "inner": [(1, 2), (3, 4)]}
        assert take_pairs() == {"outer": [], "inner": []}
    outer(torch.zeros(1))
    assert next(ticks) == 6


def test_a_part_is_worth_what_is_not_its_childrens() -> None:
    """Means over the passes kept of the differences, so that parts add up to what encloses them."""
    inclusive = {"bn1": [5.0, 9.0, 7.0], "bn1.act": [1.0, 2.0, 6.0], "conv": [1.0, 1.0, 4.0]}
    assert _exclusive(inclusive, [0, 1, 2]) == {"bn1": 4.0, "bn1.act": 3.0, "conv": 2.0}
    assert _exclusive(inclusive, [0, 1]) == {"bn1": 5.5, "bn1.act": 1.5, "conv": 1.0}


def test_the_middle_half_leaves_out_both_ends() -> None:
    """A quarter goes on each side; of fewer than four nothing does."""
    assert sorted(middle_half([9.0, 1.0, 5.0, 4.0])) == [2, 3]
    assert sorted(middle_half([9.0, 1.0, 5.0])) == [0, 1, 2]


def test_the_rest_of_the_pass_is_between_modules() -> None:
    """Even where hooks make the parts longer than the whole: nothing is hidden."""
    counted = [
        Part("a", "norm", "stage 1", 1, 0, 0, 10, 3),
        Part("b", "norm", "stage 1", 1, 0, 0, 10, 3),
        Part("c", "head", "head", 5, 7, 2, 4, 5),
        Part("", BETWEEN, BETWEEN, 0, 0, 0, 8, 0),
    ]
    found = rows(counted, PartTiming(6.0, 8.0, {"a": 1.0, "b": 2.0, "c": 4.0}), batch=4)
    assert [(row["kind"], row["seconds"], row["bytes"]) for row in found] == [
        ("norm", 3.0, 86),
        ("head", 4.0, 21),
        (BETWEEN, -1.0, 32),
    ]


def test_the_host_stamps_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([7_000_000_000, 7_250_000_000])
    monkeypatch.setattr(time, "perf_counter_ns", lambda: next(times))
    stamps = stamps_of(torch.device("cpu"))
    assert stamps.between(stamps.now(), stamps.now()) == pytest.approx(0.25)


def test_a_case_of_mode_blocks_is_a_round_like_any_other() -> None:
    """Its latency stands beside its parts, so that flags and progress lines work as ever."""
    before = torch.get_num_threads()
    found = measure(Case("resnet18", 32, mode=BLOCKS, protocol=QUICK))
    torch.set_num_threads(before)
    assert found.samples["latency_s"]
    assert found.facts["latency_s"] > 0
    assert found.facts["parts"][0]["kind"] == "stem"
    assert {"before", "after", "canary"} <= set(found.telemetry)
    json.dumps(dict(found.facts))
