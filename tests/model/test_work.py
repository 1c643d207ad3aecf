"""Operators with the bytes they move: sums that add up, weights that no batch multiplies."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from scalebench.model.build import build
from scalebench.model.complexity import count_model
from scalebench.model.work import Tally
from scalebench.suite.variant import parse_at

Work = dict[tuple[int, int, int], int]
FLOAT = 4


def tally(model: nn.Module, images: torch.Tensor) -> Tally:
    with torch.no_grad(), Tally([*model.parameters(), *model.buffers()]) as found:
        model(images)
    return found


def of(forward: Callable[[torch.Tensor], torch.Tensor], *shape: int, weights: list[torch.Tensor] | None = None) -> Work:
    x = torch.empty(*shape, device="meta")
    with torch.no_grad(), Tally(weights or []) as found:
        forward(x)
    return dict(found.work)


@pytest.mark.parametrize(
    "model",
    ["resnet18@64", "efficientnet_b0@64", "vit_tiny_patch16_224@224", "dm_nfnet_f0@64", "cait_xxs24_224@224"],
)
def test_the_groups_add_up(model: str) -> None:
    """Their MACs are the model's, which are torch's own; the list survives JSON."""
    variant, resolution = parse_at(model)
    assert resolution is not None
    built = build(variant, resolution, device="meta").requires_grad_(False)  # torch's counter trips over cait
    found = count_model(built, variant.name, resolution)
    assert sum(macs * number for macs, _, _, number in found.work) == found.macs
    with torch.no_grad(), FlopCounterMode(display=False) as theirs:
        built(torch.empty(1, 3, resolution, resolution, device="meta"))
    assert found.macs == theirs.get_total_flops() // 2
    assert json.loads(json.dumps(asdict(found)))["work"] == [list(group) for group in found.work]
    assert len({group[:3] for group in found.work}) == len(found.work)


def test_a_small_model_by_hand() -> None:
    """Convolution, normalisation, activation in place, twice the same linear layer."""
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Flatten(),
        nn.Linear(128, 128), nn.Linear(128, 128),
    ).to("meta").eval()  # fmt: skip
    found = count_model(model, "by hand", 4).work
    image, hidden = 3 * 16 * FLOAT, 8 * 16 * FLOAT
    assert found == (
        (8 * 16 * 27, image + hidden, (8 * 27 + 8) * FLOAT, 1),
        (0, 2 * hidden, 4 * 8 * FLOAT, 1),
        (0, 2 * hidden, 0, 1),
        (128 * 128, 2 * hidden, (128 * 128 + 128) * FLOAT, 2),
    )


@pytest.mark.parametrize("model", ["resnet18@64", "dm_nfnet_f0@64"])
def test_a_batch_multiplies_activations_and_no_weights(model: str) -> None:
    """A network that standardises its weights in every pass does so once per batch, not once per image."""
    variant, resolution = parse_at(model)
    assert resolution is not None
    built = build(variant, resolution, device="meta")
    one, three = (tally(built, torch.empty(n, 3, resolution, resolution, device="meta")) for n in (1, 3))
    tripled = {(3 * macs, 3 * activations, weights): n for (macs, activations, weights), n in one.work.items()}
    assert tripled == dict(three.work)
    assert three.macs == 3 * one.macs


def test_views_move_nothing() -> None:
    """Slices, transposes and torch's "unsafe view", which matmul uses, only rename memory."""
    assert of(lambda x: x.transpose(0, 1)[1:].reshape(-1), 4, 4) == {(0, 3 * 4 * 2 * FLOAT, 0): 1}
    assert of(lambda x: torch.ops.aten._unsafe_view(x, [16]), 4, 4) == {}
    assert of(torch.empty_like, 4, 4) == {}


def test_an_expanded_tensor_moves_what_it_holds() -> None:
    """One row seen four times is read once."""
    assert of(lambda x: functional.relu(x.expand(4, 8)), 1, 8) == {(0, (8 + 32) * FLOAT, 0): 1}


def test_what_comes_from_weights_alone_is_a_weight() -> None:
    """The sum of two weights is written and read whatever the batch; what it is added to, is not."""
    a, b = torch.empty(8, device="meta"), torch.empty(8, device="meta")
    assert of(lambda x: x + (a + b), 2, 8, weights=[a, b]) == {
        (0, 0, 3 * 8 * FLOAT): 1,
        (0, 2 * 2 * 8 * FLOAT, 8 * FLOAT): 1,
    }


def test_a_call_met_before_counts_by_what_its_inputs_are_now() -> None:
    """Calls are remembered among models: the same sum is of weights, of a weight and an activation, of activations."""
    a, b = torch.empty(7, device="meta"), torch.empty(7, device="meta")
    assert of(lambda _: a + b, 1, weights=[a, b]) == {(0, 0, 3 * 7 * FLOAT): 1}
    assert of(lambda _: a + b, 1, weights=[a]) == {(0, 2 * 7 * FLOAT, 7 * FLOAT): 1}
    assert of(lambda _: a + b, 1) == {(0, 3 * 7 * FLOAT, 0): 1}


def test_a_list_of_inputs_is_read_in_full() -> None:
    assert of(lambda x: torch.cat([x, x, x]), 2, 2) == {(0, (3 + 3) * 4 * FLOAT, 0): 1}


def test_a_composite_met_before_is_not_decomposed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batch normalisation of 2 x 3 x 7 x 5: its decomposition has 210 output elements and two statistics of 3."""
    norm = torch.nn.BatchNorm2d(3, device="meta").eval()
    x = torch.empty(2, 3, 7, 5, device="meta")
    once, decomposed = Tally(), []
    with torch.no_grad(), once:
        norm(x)
    monkeypatch.setattr(Tally, "_decompose", lambda _self, func, *_: decomposed.append(func) or NotImplemented)
    again = Tally()
    with torch.no_grad(), again:
        norm(x)
        norm(x)
    assert not decomposed
    assert again.other == 2 * once.other == 2 * (210 + 3 + 3)
    assert list(again.operators) == list(once.operators)
