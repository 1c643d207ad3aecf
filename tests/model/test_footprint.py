"""Static memory agrees with tensors that can be added up by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from scalebench.errors import BuildError
from scalebench.model import footprint
from scalebench.model.backward import training_macs
from scalebench.model.build import build
from scalebench.model.complexity import count_model
from scalebench.model.footprint import static_peak
from scalebench.model.lifetimes import FusedAttentionError, Lifetimes
from scalebench.suite.variant import Variant


def on_meta(model: type[nn.Module] | nn.Module) -> nn.Module:
    return model.to("meta") if isinstance(model, nn.Module) else model


def test_one_convolution_holds_weights_input_and_output() -> None:
    conv = on_meta(nn.Conv2d(3, 8, 3, padding=1, bias=False))
    weights, image, output = 8 * 3 * 9 * 4, 3 * 32 * 32 * 4, 8 * 32 * 32 * 4
    assert static_peak(conv, 32) == weights + image + output


def test_a_chain_frees_what_it_no_longer_needs() -> None:
    """Two convolutions in inference: never both intermediate outputs and the one before."""
    chain = on_meta(nn.Sequential(*[nn.Conv2d(3, 3, 1, bias=False) for _ in range(5)]))
    one = 3 * 16 * 16 * 4
    assert static_peak(chain, 16) == 5 * 9 * 4 + 3 * one  # the input stays with its caller


def test_training_keeps_activations_and_adds_gradients() -> None:
    model = build(Variant("resnet18"), 64, device="meta")
    weights = 11_689_512 * 4
    assert static_peak(model, 64, batch=2, training=True) > 2 * weights
    assert not model.training


def test_activations_grow_with_the_batch_and_weights_do_not() -> None:
    model = build(Variant("resnet50"), 224, device="meta")
    one, two, four = (static_peak(model, 224, batch=b) for b in (1, 2, 4))
    assert four - two == 2 * (two - one) > 0


def test_resnet50_at_batch_8_equals_the_live_number() -> None:
    """79.6 MiB of live tensors were seen by a dispatch mode on real tensors; weights come on top."""
    model = build(Variant("resnet50"), 224, device="meta")
    assert (static_peak(model, 224, batch=8) - 102_441_032) / 2**20 == pytest.approx(79.6, abs=5)


def test_fused_attention_does_not_count_an_n_squared_matrix() -> None:
    model = build(Variant("vit_base_patch16_224"), 768, device="meta")
    activations = static_peak(model, 768) - 4 * sum(p.numel() for p in model.parameters())
    assert activations / 2**20 < 120  # 533 MiB on the meta device, where attention is decomposed


def test_a_pass_that_fails_is_refused_with_its_reason() -> None:
    with pytest.raises(BuildError, match="static memory"):
        static_peak(on_meta(nn.Linear(5, 5)), 32)
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("name", ["resnet18", "efficientnet_b0", "convnext_atto"])
@pytest.mark.parametrize("training", [False, True])
def test_the_meta_device_gives_what_fake_tensors_of_the_cpu_give(name: str, training: bool) -> None:
    model = build(Variant(name), 64, device="meta")
    assert footprint._peak_on_meta(model, 64, 1, training) == footprint._peak_of_fakes(model, 64, 1, training)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    ("name", "side"),
    [("vit_tiny_patch16_224", 224), ("hiera_tiny_224", 224), ("tiny_vit_5m_224", 224), ("lowformer_b0", 224)],
)
def test_attention_takes_the_kernel_that_fake_tensors_of_the_cpu_take(name: str, side: int, training: bool) -> None:
    """Fused; decomposed for five dimensions, for a mask of three, and for heads of other widths."""
    model = build(Variant(name), side, device="meta")
    assert footprint._peak_on_meta(model, side, 1, training) == footprint._peak_of_fakes(model, side, 1, training)


class _Masked(nn.Module):
    """Attention of 4 x 4 positions with a mask of truth values, which torch first makes a tensor of numbers."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        tokens = x[:, :, ::4, ::4].flatten(2).transpose(1, 2)[:, None]
        return scaled_dot_product_attention(tokens, tokens, tokens, torch.ones(16, 16, dtype=torch.bool))


def test_attention_whose_kernel_is_not_clear_takes_fake_tensors() -> None:
    with pytest.raises(FusedAttentionError), torch.device("meta"):
        footprint._peak_on_meta(_Masked(), 16, 1, False)
    assert static_peak(_Masked(), 16) == footprint._peak_of_fakes(_Masked(), 16, 1, False)


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "lowformer_b0", "resnet18"])
def test_watching_a_counted_pass_changes_nothing_that_is_counted(name: str) -> None:
    """The kernel of attention leaves its output in another layout than its decomposition, and copies differ."""
    model = build(Variant(name), 224, device="meta")
    lifetimes = Lifetimes([*model.parameters(), *model.buffers()])
    assert count_model(model, name, 224, lifetimes) == count_model(model, name, 224)
    assert lifetimes.fused_attention == (name != "resnet18")


@pytest.mark.parametrize(("name", "side"), [("efficientnet_b0", 224), ("resnet18", 64), ("vit_tiny_patch16_224", 224)])
def test_one_pass_of_training_gives_what_two_give(name: str, side: int) -> None:
    model = build(Variant(name), side, device="meta")
    both = footprint.peak_and_macs_of_training(model, side)
    assert both == (static_peak(model, side, training=True), training_macs(model, side))
    assert all(p.grad is None for p in model.parameters())


def test_watching_asks_about_no_function_but_attention() -> None:
    lifetimes = Lifetimes([])
    with lifetimes.watching(torch.empty(1, 3, 8, 8, device="meta")):
        assert not torch.overrides._get_current_function_mode_stack()
    query = torch.empty(1, 2, 4, 8, device="meta")
    assert scaled_dot_product_attention(query, query, query).shape == query.shape
    assert lifetimes.peak == 1 * 3 * 8 * 8 * 4
