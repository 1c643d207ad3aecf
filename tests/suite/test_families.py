import pytest

from scalebench.suite.families import family_of, native_resolution


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
