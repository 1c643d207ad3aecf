"""What needs gradients on the simulated device; ``test_gradients.py`` runs these tests in a process of their own."""

from __future__ import annotations

import torch
from torch import nn

from tests.sim.conftest import Simulator
from tests.sim.test_arithmetic import model_of
from tests.sim.test_timeline import drained, exactly, spent


def test_a_training_step_gives_the_same_weights_as_on_the_cpu(sim: Simulator) -> None:
    weights = {}
    for device in ("cpu", "sim:1"):
        model = model_of("resnet10t", num_classes=10).to(device).train()
        optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        torch.manual_seed(1)
        images, labels = torch.randn(4, 3, 32, 32, device=device), torch.arange(4, device=device)
        for _ in range(2):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(images), labels).backward()
            optimiser.step()
        weights[device] = {name: value.cpu() for name, value in model.state_dict().items()}
    assert weights["cpu"].keys() == weights["sim:1"].keys()
    for name, expected in weights["cpu"].items():
        torch.testing.assert_close(weights["sim:1"][name], expected, rtol=1e-4, atol=1e-5)


def test_convolutions_take_their_operations(sim: Simulator) -> None:
    """2 x 8 x 3 x 9 per pixel of 10 x 10 are 43 200 operations: 43.2 us at 1e9 per second, backward twice that."""
    images, kernels = torch.zeros(1, 3, 10, 10, device="sim"), torch.zeros(8, 3, 3, 3, device="sim")
    images.requires_grad_()
    kernels.requires_grad_()
    sim.set(kernel_s=0.0, flops_per_s=1e9)
    output = []
    forward = drained(lambda: output.append(torch.conv2d(images, kernels, padding=1)))
    assert spent(sim, forward) == exactly(43.2e-6)
    assert spent(sim, drained(lambda: output[0].sum().backward())) == exactly(86.4e-6)
    grouped = torch.zeros(3, 1, 3, 3, device="sim")
    with torch.no_grad():  # 2 x 3 x 9 per pixel
        work = drained(lambda: torch.conv2d(images, grouped, padding=1, groups=3))
        assert spent(sim, work) == exactly(5.4e-6)
