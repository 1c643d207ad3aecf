"""Dense models in suites: names, globs, sizes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from scalebench.errors import UnknownNameError
from scalebench.suite.dense import EFFICIENTDETS, KINDS, package_version
from scalebench.suite.model_facts import Known, Spec
from scalebench.suite.select_models import check_size, matching_variants, native, select
from scalebench.suite.suite_schema import ScaledModels, TimmModels
from scalebench.suite.variant import Variant, parse_variant

Catalogue = Mapping[str, Known]


def test_a_glob_after_the_kind_stands_for_all_that_fit(catalogue: Catalogue) -> None:
    """The kind holds for each; EfficientDets are a list of their own."""
    found = [v.name for v in matching_variants("unet:resnet1*", catalogue)]
    assert found == ["unet:resnet18", "unet:resnet101", "unet:resnet152"]
    assert [v.base for v in matching_variants("effdet:*", catalogue)] == list(EFFICIENTDETS)
    assert matching_variants("features:resnet50[d=2]", catalogue) == [Variant("resnet50", 2.0, task="features")]


@pytest.mark.parametrize(
    ("pattern", "message", "hint"),
    [
        ("unet:resnet5", "unknown model 'resnet5'", "resnet50"),
        ("effdet:resnet50", "unknown model 'resnet50'", ""),
        ("effdet:tf_efficientdet_d9", "unknown model", "tf_efficientdet_d"),
        ("unnet:resnet50", "unknown kind 'unnet'", "'unet'"),
        ("unnet:resnet*", "unknown kind 'unnet'", "'unet'"),
        ("unet:vgg*", "no model fits", ""),
    ],
)
def test_an_unknown_name_gets_the_nearest(catalogue: Catalogue, pattern: str, message: str, hint: str) -> None:
    with pytest.raises(UnknownNameError, match=message) as caught:
        matching_variants(pattern, catalogue)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("name", "pixels"), [("unet:efficientnet_b3", 512), ("features:resnet50", 512), ("effdet:tf_efficientdet_d1", 640)]
)
def test_a_size_of_its_own_where_none_is_given(catalogue: Catalogue, name: str, pixels: int) -> None:
    """B3's 300 pixels would suit no decoder."""
    spec = Spec(parse_variant(name), native(parse_variant(name), catalogue))
    assert spec.resolution == pixels
    check_size(spec, catalogue)


@pytest.mark.parametrize(
    ("name", "pixels", "hint"),
    [
        ("unet:resnet50", 500, "a multiple of 32"),
        ("deeplabv3plus:resnet50", 16, "a multiple of 32"),
        ("effdet:tf_efficientdet_d0", 544, "a multiple of 128"),
        ("features:resnet50", 31, "at least 32"),
    ],
)
def test_a_size_that_no_decoder_fits_is_refused(catalogue: Catalogue, name: str, pixels: int, hint: str) -> None:
    with pytest.raises(UnknownNameError, match=name) as caught:
        select(TimmModels(timm=[name], resolution=[pixels]), catalogue)
    assert hint in caught.value.hint
    assert caught.value.location == ("resolution",)


def test_features_take_any_size_the_model_takes(catalogue: Catalogue) -> None:
    check_size(Spec(parse_variant("features:resnet50"), 500), catalogue)


def test_a_dense_model_is_no_base_to_scale(catalogue: Catalogue) -> None:
    """Its multipliers are the encoder's; matching searches whole models."""
    with pytest.raises(UnknownNameError, match="one model of timm's"):
        select(ScaledModels(scale="unet:resnet50", by=["width"], target=[2]), catalogue)


def test_versions_are_known_of_packages_that_are_there() -> None:
    assert package_version("features") == package_version("nothing") == ""
    assert {package_version(kind) for kind, dense in KINDS.items() if not dense.package} == {""}
