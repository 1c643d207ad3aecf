import pytest

from scalebench import published
from scalebench.suite.families import FAMILIES, family_of, native_resolution


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("resnet50", "resnet"), ("resnet50[d=2]", "resnet"), ("resnext50_32x4d", "resnext"),
        ("resnetrs350", "resnetrs"),
        ("wide_resnet50_2", "wide_resnet"), ("efficientnet_b0", "efficientnet"), ("tf_efficientnet_b3", "efficientnet"),
        ("tf_efficientnetv2_s", "efficientnetv2"), ("regnetx_004", "regnetx"), ("regnety_320", "regnety"),
        ("mobilenetv3_small_100", "mobilenetv3"), ("vgg11", "vgg"), ("densenet121", "densenet"), ("dpn68", "dpn"),
        ("convnext_tiny", "convnext"), ("res2net50_26w_4s", "res2net"),
        ("mobilenetv4_conv_small", "mobilenetv4"), ("inception_next_tiny", "inception_next"),
        ("inception_resnet_v2", "inception_resnet"), ("legacy_xception", "xception"),
        ("unet:resnet50", "unet:resnet"), ("features:tf_efficientnet_b3[d=2]", "features:efficientnet"),
        ("inception_v3", "inception"), ("xception41", "xception"), ("123", ""),
    ],
)  # fmt: skip
def test_families_by_name(model: str, family: str) -> None:
    """Ports and variants belong to their family; a longer name is not its beginning's."""
    assert family_of(model) == family


def test_ports_have_the_papers_size() -> None:
    """timm's own default is something else."""
    assert native_resolution("tf_efficientnet_b3", 288) == native_resolution("efficientnet_b3", 288) == 300
    assert native_resolution("nobody", 288) == 288


@pytest.mark.parametrize(
    ("model", "pixels"),
    [
        ("tf_efficientnetv2_b0", 224), ("tf_efficientnetv2_b1", 240), ("tf_efficientnetv2_b2", 260),
        ("tf_efficientnetv2_b3", 300), ("efficientnetv2_s", 384), ("tf_efficientnetv2_m", 480),
        ("efficientnetv2_l", 480), ("convnext_large", 224), ("regnety_032", 224), ("mobilenetv3_small_075", 224),
        ("resnetrs50", 160), ("resnetrs101", 192), ("resnetrs152", 256), ("resnetrs350", 320), ("resnetrs420", 320),
    ],
)  # fmt: skip
def test_native_is_the_papers_size_for_inference(model: str, pixels: int) -> None:
    """EfficientNetV2 and ResNet-RS train at smaller images than they infer at."""
    assert native_resolution(model, 1) == pixels


def test_every_member_belongs_to_its_family_by_name() -> None:
    """The name written in a suite and the name that studies group by are the same."""
    assert {family_of(model): family for family, members in FAMILIES.items() for model in members} == {
        family: family for family in FAMILIES
    }


def test_native_sizes_are_printed_with_the_models() -> None:
    """No size is made up: published tables have each EfficientNetV2, ConvNeXt, RegNet and ResNet-RS at its own."""
    printed = {(row.model, row.resolution) for row in published.models()}
    missing = {pair for members in FAMILIES.values() for pair in members.items()} - printed
    assert missing == set()
