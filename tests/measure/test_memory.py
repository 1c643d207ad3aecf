"""Memory of a training step is that of a run under way: weights, gradients, activations and the optimiser's state."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from scalebench.measure.clock import host_clock
from scalebench.measure.memory import resident_bytes, settle, wake
from scalebench.measure.probes import memory
from scalebench.measure.runtimes.eager import Eager
from scalebench.measure.session import Session
from scalebench.suite.case import Case

MB = 1e6
WEIGHTS = 3072 * 8192 * 4 / MB
IMAGES = 64 * 3 * 256 * 256 * 4 / MB
LAYERS = 4
SCRATCH = 60  # of libraries and the allocator, at most


def measure_in_a_fresh_process(optimizer: str) -> None:
    """Print the memory of a step of one wide layer behind many activations, MB."""
    torch.set_num_threads(1)
    case = Case("wide", 256, batch=64, mode="training", threads=1, optimizer=optimizer)
    device = torch.device("cpu")
    wake(device)
    before = resident_bytes()
    activations = [nn.Sigmoid() for _ in range(LAYERS)]
    model = nn.Sequential(
        nn.Conv2d(3, 3, 1), *activations, nn.AdaptiveAvgPool2d(32), nn.Flatten(), nn.Linear(3072, 8192, bias=False)
    )
    first = torch.randn(64, 3, 256, 256)
    settle()
    session = Session(case, device, host_clock(device), before, model, Eager(case), {}, first)
    print(memory(session).facts["memory_bytes"] / MB)  # noqa: T201 - the parent reads it


@pytest.mark.parametrize(("optimizer", "states"), [("sgd", 1), ("adamw", 2)])
def test_memory_of_training_holds_the_state_of_the_optimiser(optimizer: str, states: int) -> None:
    """Live in backward: input, activations and two of their gradients; weights, their gradient, one or two states.

    In the first step there is no state yet.
    """
    code = f"from {__name__} import measure_in_a_fresh_process as m; m({optimizer!r})"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    live = (1 + LAYERS + 2) * IMAGES + (2 + states) * WEIGHTS
    assert live < float(answer.stdout) < live + SCRATCH
