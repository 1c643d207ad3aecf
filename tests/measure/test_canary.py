"""The canary times the same work every time and leaves no trace in the process."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest
import torch

from scalebench.measure import canary as module
from scalebench.measure.canary import canary

CPU = torch.device("cpu")


class Scripted:
    """A clock whose laps are written down beforehand."""

    def __init__(self, laps: list[float]) -> None:
        self.laps = iter(laps)

    def lap(self, run: Callable[[], object]) -> float:
        run()
        return next(self.laps)

    def chunk(self, run: Callable[[], object], calls: int) -> float:
        raise AssertionError("calls are timed one by one")


def test_the_usual_time_is_the_median_without_the_first_call() -> None:
    """Even with no time at all there are three calls to take it from."""
    calls: list[int] = []
    found = module._median_lap(lambda: calls.append(1), Scripted([9.0, 1.0, 5.0, 2.0]), seconds=0.0)
    assert found == 2.0
    assert len(calls) == 4


def test_both_figures_are_seconds() -> None:
    found = canary(CPU, seconds=0.0)
    assert found.keys() == {"matmul_s", "copy_s"}
    assert all(0 < value < 60 for value in found.values())


def test_it_copies_what_it_says_and_multiplies_what_it_says() -> None:
    copy, product = module._copy(CPU)(), module._product(CPU)()
    assert isinstance(copy, torch.Tensor)
    assert isinstance(product, torch.Tensor)
    assert copy.numel() * copy.element_size() == 32 * 2**20
    assert product.shape == (768, 768)
    assert copy.std().item() == pytest.approx(1.0, abs=0.01)  # not zeros, which would draw less power
    assert product.std().item() == pytest.approx(768**0.5, rel=0.01)


def test_it_moves_neither_the_random_numbers_nor_the_memory_of_a_round() -> None:
    before = large_tensors()
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    canary(CPU, seconds=0.0)
    assert torch.equal(torch.rand(4), expected)
    assert large_tensors() <= before


def large_tensors() -> set[int]:
    gc.collect()
    return {id(found) for found in gc.get_objects() if type(found) is torch.Tensor and found.numel() > 100_000}
