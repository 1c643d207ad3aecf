"""The simulated device computes what the CPU computes, and fails as its model says."""

from __future__ import annotations

import pytest
import timm
import torch
from torch import nn

from tests.sim.conftest import Simulator
from tests.sim.model import Fault


def model_of(name: str, **arguments: object) -> nn.Module:
    torch.manual_seed(0)
    return timm.create_model(name, **arguments).eval()


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("name", ["resnet18", "efficientnet_b0", "vit_tiny_patch16_224"])
def test_a_model_gives_the_same_numbers_as_on_the_cpu(sim: Simulator, name: str, layout: torch.memory_format) -> None:
    model = model_of(name, **({"img_size": 64} if name.startswith("vit") else {}))
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        expected = model(images)
        model = model.to("sim").to(memory_format=layout)
        outputs = model(images.to("sim", memory_format=layout))
    assert outputs.device == torch.device("sim:0")
    assert sim.kernels > 50
    same = layout == torch.contiguous_format and name != "vit_tiny_patch16_224"  # attention is not fused on sim
    torch.testing.assert_close(outputs.cpu(), expected, rtol=0, atol=0 if same else 1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_autocast_casts_products(sim: Simulator, dtype: torch.dtype) -> None:
    layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 36, 5)).to("sim")
    images = torch.randn(2, 3, 8, 8, device="sim")
    with torch.inference_mode(), torch.autocast("sim", dtype):
        assert layers[0](images).dtype == dtype
        assert layers(images).dtype == dtype


def test_a_seed_gives_the_same_numbers_as_on_the_cpu(sim: Simulator) -> None:
    numbers = [torch.randn(5, device=d, generator=torch.Generator(d).manual_seed(3)).cpu() for d in ("cpu", "sim")]
    assert torch.equal(*numbers)
    torch.manual_seed(4)
    expected = torch.randn(5)
    torch.manual_seed(4)
    assert torch.equal(torch.randn(5, device="sim").cpu(), expected)


def test_without_devices_there_is_no_accelerator(sim: Simulator) -> None:
    assert torch.accelerator.current_accelerator(check_available=True) == torch.device("sim")
    assert torch.accelerator.device_count() == 2
    with pytest.raises(RuntimeError, match="invalid device ordinal"):
        torch.zeros(1, device="sim:2")
    sim.set(devices=0)
    assert not torch.accelerator.is_available()


def test_an_illegal_access_shows_when_the_host_waits_and_stays(sim: Simulator) -> None:
    numbers = torch.ones(3, device="sim")
    sim.set(faults=(Fault("tanh", "error", after=1),))
    torch.tanh(numbers)
    torch.accelerator.synchronize()
    torch.tanh(numbers)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="illegal memory access"):
            torch.accelerator.synchronize()
    with pytest.raises(RuntimeError, match="illegal memory access"):
        numbers.add_(1)


def test_an_unsupported_operator_is_refused_at_once(sim: Simulator) -> None:
    numbers = torch.ones(3, device="sim")
    sim.set(faults=(Fault("tanh", "unsupported"),))
    with pytest.raises(NotImplementedError, match="aten::tanh is not implemented on sim"):
        torch.tanh(numbers)
    assert numbers.add_(1).sum().item() == 6
