"""Dense models: what is built on an encoder, counted against published figures, and run."""

from __future__ import annotations

import importlib.util
import sys

import pytest
import torch
from torch.utils._pytree import tree_leaves

from scalebench.errors import BuildError, UnknownNameError
from scalebench.model.backward import training_macs
from scalebench.model.build import build
from scalebench.model.complexity import count, cross_check
from scalebench.model.footprint import static_peak
from scalebench.suite.dense import EFFICIENTDETS
from scalebench.suite.variant import Variant, parse_at, parse_variant

EXTRA = "pip install 'scalebench[dense]'"
needs_smp = pytest.mark.skipif(
    importlib.util.find_spec("segmentation_models_pytorch") is None,
    reason=f"segmentation-models-pytorch is not installed: {EXTRA}",
)
needs_effdet = pytest.mark.skipif(
    importlib.util.find_spec("effdet") is None, reason=f"effdet is not installed: {EXTRA}"
)
ONE_OF_EACH = [
    "features:resnet18@64",
    "retina:resnet18@64",
    pytest.param("unet:resnet18@64", marks=needs_smp),
    pytest.param("fpn:efficientnet_b0@64", marks=needs_smp),
    pytest.param("deeplabv3plus:resnet18@64", marks=needs_smp),
    pytest.param("effdet:tf_efficientdet_d0@128", marks=needs_effdet),
]


def _at(text: str) -> tuple[Variant, int]:
    variant, resolution = parse_at(text)
    assert resolution is not None
    return variant, resolution


@needs_effdet
@pytest.mark.parametrize(
    ("base", "params", "macs"),
    [
        ("tf_efficientdet_d0", 3.9e6, 2.54e9),
        ("tf_efficientdet_d2", 8.1e6, 11.0e9),
    ],
)
def test_efficientdets_cost_what_the_paper_prints(base: str, params: float, macs: float) -> None:
    """google/automl, efficientdet/README.md: parameters and multiply-adds of the released models."""
    found = count(Variant(base, task="effdet"), EFFICIENTDETS[base])
    assert found.params == pytest.approx(params, rel=0.02)
    assert found.macs == pytest.approx(macs, rel=0.02)
    assert found.uncounted == ()


def test_retinanet_costs_what_the_paper_prints() -> None:
    """Tan, Pang and Le, arXiv:1911.09070, Table 4, RetinaNet with ResNet-50 at 640 pixels: 34 M and 97 B."""
    found = count(*_at("retina:resnet50@640"))
    assert found.params == pytest.approx(34e6, rel=0.02)
    assert found.macs == pytest.approx(97e9, rel=0.03)


def test_a_detector_is_its_encoder_and_a_head_by_hand() -> None:
    """MACs of pyramid and head from their definition: laterals, 3 x 3 outputs, P6 and P7, towers, predictions."""
    whole, bare = (count(*_at(f"{kind}:resnet18@256")).macs for kind in ("retina", "features"))
    at = [(256 // 2**level) ** 2 for level in range(3, 8)]
    convolution = 9 * 256 * 256
    laterals = sum(pixels * 256 * channels for pixels, channels in zip(at, (128, 256, 512), strict=False))
    head = sum(pixels * (8 * convolution + 9 * 256 * 9 * (80 + 4)) for pixels in at)
    assert whole - bare == laterals + sum(at) * convolution + head


@pytest.mark.parametrize("text", ["features:resnet50@64", "features:efficientnet_b0@64"])
def test_features_are_the_model_without_its_head(text: str) -> None:
    """Five maps, each half the size of the one before."""
    variant, resolution = _at(text)
    maps = build(variant, resolution, device="meta")(torch.empty(1, 3, resolution, resolution, device="meta"))
    assert [m.shape[-1] for m in maps] == [32, 16, 8, 4, 2]
    assert count(variant, resolution).params < count(Variant(variant.base), resolution).params


@pytest.mark.parametrize(
    ("base", "head"), [("efficientnet_b0[d=1.4,w=1.2]", "efficientnet_b3"), ("resnet18[d=1.5,w=2,t=1]", "")]
)
def test_features_may_be_scaled(base: str, head: str) -> None:
    """B0 at B3's coefficients gives B3's features; of a ResNet all but the classifier stays."""
    found = count(parse_variant(f"features:{base}"), 64)
    if head:
        assert found.params == count(parse_variant(f"features:{head}"), 64).params
        return
    plain = parse_variant(base)
    classifier = build(plain, 64, device="meta").get_classifier()
    assert found.params == count(plain, 64).params - sum(p.numel() for p in classifier.parameters())


def test_a_detector_on_a_widened_stem_fits_its_encoder() -> None:
    assert count(parse_variant("retina:resnet18[w=2]"), 64).macs > count(parse_variant("retina:resnet18"), 64).macs


@pytest.mark.parametrize("text", ONE_OF_EACH)
def test_every_kind_is_counted_and_run(text: str) -> None:
    """Lists and dictionaries of outputs: counted, followed through memory and, in earnest, run."""
    variant, resolution = _at(text)
    found = count(variant, resolution)
    model = build(variant, resolution, device="meta")
    assert found.uncounted == ()
    assert static_peak(model, resolution) > found.weight_bytes
    assert 2.5 < training_macs(model, resolution) / found.macs < 3
    with torch.inference_mode():
        outputs = tree_leaves(build(variant, resolution)(torch.zeros(1, 3, resolution, resolution)))
    assert outputs
    assert all(bool(output.isfinite().all()) for output in outputs)


@pytest.mark.parametrize(
    "text", ["features:resnet18@64", "retina:resnet18@64", pytest.param("unet:resnet18@64", marks=needs_smp)]
)
def test_static_memory_of_training_has_gradients_of_every_output(text: str) -> None:
    """Each weight that an output depends on has a gradient beside it."""
    variant, resolution = _at(text)
    model = build(variant, resolution, device="meta")
    assert static_peak(model, resolution, training=True) > 2 * count(variant, resolution).weight_bytes


@pytest.mark.parametrize("text", [ONE_OF_EACH[1], *ONE_OF_EACH[3:5]])
def test_fvcore_counts_the_same(text: str) -> None:
    """Outputs that it cannot trace are flattened first; resampling is no product of the convention."""
    variant, resolution = _at(text)
    assert abs(cross_check(variant, resolution).difference(count(variant, resolution).macs)) < 1e-3


@pytest.mark.parametrize(
    ("text", "module"), [("unet:resnet18", "segmentation_models_pytorch"), ("effdet:tf_efficientdet_d0", "effdet")]
)
def test_a_missing_package_is_named(text: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(BuildError, match="is not installed") as caught:
        build(parse_variant(text), 128)
    assert caught.value.hint == EXTRA


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("unet:resnet18[d=2]", "takes no depth or width multipliers"),
        ("effdet:tf_efficientdet_d0[w=2]", "takes no depth or width multipliers"),
        ("retina:vit_tiny_patch16_224", r"reduced \[16, 16, 16\] times"),
    ],
)
def test_what_does_not_suit_a_kind_is_refused(text: str, said: str) -> None:
    with pytest.raises(BuildError, match=said):
        build(parse_variant(text), 224, device="meta")


@pytest.mark.parametrize("text", ["effdet:resnet50", "unet:tf_efficientdet_d0"])
def test_a_base_of_another_kind_is_unknown(text: str) -> None:
    with pytest.raises(UnknownNameError, match="unknown model"):
        build(parse_variant(text), 512, device="meta")
