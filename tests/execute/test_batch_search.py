"""The search for a batch, on devices with given rates and memories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from scalebench.execute.batch_search import MOST, best_batch, largest_batch
from scalebench.record import Environment, Record
from scalebench.suite.case import Case

HERE = Environment("here", "hw", "sw")
LIGHT = Case("resnet18", 128, 64, device="cuda:0", batch_search="best")
HEAVY = Case("efficientnet_b7", 600, 64, device="cuda:0", batch_search="best")


class Device:
    """Counts what it is asked; a batch above the model's limit runs out of memory."""

    def __init__(self, rate: Callable[[int], float] = float, **limits: int) -> None:
        self.rounds: list[tuple[str, int]] = []
        self._rate, self._limits = rate, limits

    def measure(self, case: Case) -> Record:
        assert not case.batch_search
        assert not case.by_turns
        self.rounds.append((case.model, case.batch))
        if case.batch > self._limits.get(case.model, MOST):
            return Record("t", case, 0, "oom", "", HERE, ending="oom_device")
        return Record("t", case, 0, "ok", "", HERE, facts={"throughput_ips": self._rate(case.batch)}, ending="ok")


def saturating(at: int) -> Callable[[int], float]:
    """Rate of a device whose launches take as long as its arithmetic at so many images: b / (b + at)."""
    return lambda batch: 1000 * batch / (batch + at)


@pytest.mark.parametrize(
    ("limit", "expected"), [(0, 1), (1, 1), (2, 2), (3, 3), (5, 5), (31, 31), (100, 100), (383, 368)]
)
def test_the_largest_batch_is_bisected(limit: int, expected: int) -> None:
    """Exact below 32, and to a sixteenth above: 383 lies between 368, which runs, and 384."""
    device = Device(efficientnet_b7=limit)
    answer = largest_batch(HEAVY, device.measure)
    assert answer.batch == expected
    assert expected <= max(limit, 1) <= expected * 17 / 16 + 1
    assert ("not at" in answer.reason) == ("oom_device" in answer.reason) == True  # noqa: E712
    assert len(device.rounds) <= 16


def test_a_device_without_an_end_ends_the_search() -> None:
    device = Device()
    assert largest_batch(HEAVY, device.measure).batch == MOST
    assert len(device.rounds) == 13


@pytest.mark.parametrize(("at", "expected"), [(0, 16), (1, 32), (4, 128), (16, 512)])
def test_the_best_batch_is_the_smallest_near_the_highest_throughput(at: int, expected: int) -> None:
    """32 a / (32 a + a) is 97 % of the limit; half of that batch gives 94 %."""
    assert best_batch(LIGHT, LIGHT, Device(saturating(at)).measure).batch == expected


def test_a_processor_may_be_busy_with_one_image() -> None:
    """A card is not: its search begins at 16."""
    on_cpu = replace(LIGHT, device="cpu")
    assert best_batch(on_cpu, on_cpu, Device(saturating(0)).measure).batch == 1
    assert best_batch(on_cpu, on_cpu, Device(saturating(1)).measure).batch == 32
    assert best_batch(LIGHT, LIGHT, Device(saturating(1), resnet18=5).measure).batch == 4


def test_a_throughput_that_falls_does_not_keep_the_search_going() -> None:
    device = Device(lambda batch: 100.0 / batch)
    assert best_batch(LIGHT, LIGHT, device.measure).batch == 16
    assert {size for _, size in device.rounds} == {16, 32, 64}


def test_the_model_that_needs_the_most_memory_has_to_fit() -> None:
    device = Device(saturating(4), efficientnet_b7=20)
    answer = best_batch(LIGHT, HEAVY, device.measure)
    assert answer.batch == 16
    assert "efficientnet_b7@600 does not run at 32; resnet18@128 would need 128" in answer.reason
    assert device.rounds[-4:] == [("efficientnet_b7", size) for size in (128, 64, 32, 16)]


def test_memory_may_end_before_the_throughput_does() -> None:
    assert best_batch(LIGHT, LIGHT, Device(resnet18=20).measure).batch == 16


def test_what_never_runs_gets_one_image() -> None:
    answer = best_batch(LIGHT, HEAVY, Device(resnet18=0).measure)
    assert (answer.batch, answer.reason) == (1, "resnet18@128 does not run at all")
