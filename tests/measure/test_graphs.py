"""The runtime of CUDA graphs over a fake recording: what a replay reads, and which output it fills."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from scalebench.measure.accelerator import Accelerator
from scalebench.measure.runtimes.graphs import CudaGraph
from scalebench.suite.case import Case


class Doubling(nn.Module):
    """Twice its input; it remembers the memory of every call, as a recording does."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[torch.Tensor, torch.Tensor]] = []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.calls.append((images, 2 * images))
        return self.calls[-1][1]


def test_every_pass_reads_its_own_images_and_returns_its_own_output(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Doubling()

    def recorded(_: Accelerator, run: Callable[[], None], warm_calls: int) -> Callable[[], None]:
        for _number in range(warm_calls + 1):
            run()
        source, target = model.calls[-1]

        def replay() -> None:
            with torch.inference_mode():
                target.copy_(2 * source)

        return replay

    monkeypatch.setattr(Accelerator, "recorded", recorded)
    runtime = CudaGraph(Case("resnet18", 2, runtime="cuda_graph"))
    forward = runtime.prepare(model, torch.zeros(1, 3, 2, 2))
    for number in (1.0, 5.0):
        assert runtime.tensor(forward(torch.full((1, 3, 2, 2), number))).unique().tolist() == [2 * number]
    assert len(model.calls) == 4, "three warm passes and the recorded one"
