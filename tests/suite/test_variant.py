import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.errors import UnknownNameError
from scalebench.suite.dense import KINDS
from scalebench.suite.variant import Variant, parse_at, parse_variant

MULTIPLIERS = st.integers(1, 1_000_000).map(lambda n: n / 10_000)
BASES = st.from_regex(r"[A-Za-z0-9_.\-/]{1,40}", fullmatch=True)
AXES = (MULTIPLIERS, MULTIPLIERS, st.integers(0, 200), st.integers(0, 20))
VARIANTS = st.builds(Variant, BASES, *AXES, st.sampled_from(["", *KINDS]))


@given(variant=VARIANTS)
def test_a_name_rebuilds_its_variant(variant: Variant) -> None:
    """Writing and reading is the identity for every multiplier with four decimals."""
    assert parse_variant(variant.name) == variant


@given(variant=VARIANTS, resolution=st.integers(1, 8192))
def test_a_name_with_a_resolution_rebuilds_both(variant: Variant, resolution: int) -> None:
    """NAME@PIXELS gives back the variant and the pixels."""
    assert parse_at(f"{variant.name}@{resolution}") == (variant, resolution)


@given(one=VARIANTS, other=VARIANTS)
def test_different_variants_have_different_names(one: Variant, other: Variant) -> None:
    """Names never collide, so they can stand for the variant in a stored case."""
    assert (one.name == other.name) == (one == other)


@pytest.mark.parametrize(
    ("variant", "name"),
    [
        (Variant("resnet50"), "resnet50"),
        (Variant("efficientnet_b0", 1.4, 1.2), "efficientnet_b0[d=1.4,w=1.2]"),
        (Variant("efficientnet_b0", width=2.0), "efficientnet_b0[w=2]"),
        (Variant("resnet50", 2.0, trim=3), "resnet50[d=2,t=3]"),
        (Variant("resnet50", 12.3456), "resnet50[d=12.3456]"),
        (Variant("efficientnet_b4", fused=3), "efficientnet_b4[f=3]"),
        (Variant("efficientnet_b4", 2.0, trim=1, fused=7), "efficientnet_b4[d=2,t=1,f=7]"),
        (Variant("resnet50", task="unet"), "unet:resnet50"),
        (Variant("efficientnet_b0", 1.4, 1.2, task="features"), "features:efficientnet_b0[d=1.4,w=1.2]"),
    ],
)
def test_written_forms(variant: Variant, name: str) -> None:
    """Only what differs from the base is written."""
    assert variant.name == name
    assert variant.is_base == (name == variant.unscaled)


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        ("resnet50[]", Variant("resnet50")),
        ("resnet50[d=1]", Variant("resnet50")),
        ("resnet50[w=2,d=3]", Variant("resnet50", 3.0, 2.0)),
        ("resnet50[ d=2 , t=1 ]", Variant("resnet50", 2.0, trim=1)),
        ("mnasnet_100[f=2,d=3]", Variant("mnasnet_100", 3.0, fused=2)),
        ("mnasnet_100[f=0]", Variant("mnasnet_100")),
        ("resnet50[d=1.23456]", Variant("resnet50", 1.2346)),
        ("timm/resnet50.a1_in1k", Variant("timm/resnet50.a1_in1k")),
    ],
)
def test_other_ways_of_writing_are_understood(text: str, variant: Variant) -> None:
    """Order, spaces and further decimals do not make another variant."""
    assert parse_variant(text) == variant


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "resnet 50", "resnet50[", "resnet50]", "resnet50[d=2", "resnet50[d=2]x", "[d=2]", "resnet50[d=2][w=2]",
        "resnet50[q=2]", "resnet50[2]", "resnet50[d]", "resnet50[d=]", "resnet50[d=two]", "resnet50[d=0]",
        "resnet50[d=-1]", "resnet50[d=0.00001]", "resnet50[d=101]", "resnet50[d=nan]", "resnet50[d=inf]",
        "resnet50[d=2,d=3]", "resnet50[d=2,d=2]", "resnet50[t=1.5]", "resnet50[t=-1]", "resnet50[t=]", "resnet50[t=²]",
        "resnet50[f=]", "resnet50[f=1.5]", "resnet50[f=-1]", "resnet50[f=1,f=1]",
        "resnet50@224",
    ],
)  # fmt: skip
def test_texts_that_are_no_variant_are_refused(text: str) -> None:
    """Every other text is refused with the text itself and a way to write it."""
    with pytest.raises(UnknownNameError) as caught:
        parse_variant(text)
    assert repr(text) in caught.value.message
    assert caught.value.hint.startswith("write ")


@pytest.mark.parametrize(
    "text",
    [
        "resnet50@", "resnet50@0", "resnet50@-224", "resnet50@224.5", "resnet50@224x224", "resnet50@ 224",
        "resnet50@224@224", "resnet50@two", "@224", "resnet50[d=0]@224",
    ],
)  # fmt: skip
def test_texts_that_are_no_model_at_a_resolution_are_refused(text: str) -> None:
    """A resolution is a positive whole number, and the part before it a model."""
    with pytest.raises(UnknownNameError) as caught:
        parse_at(text)
    assert caught.value.hint.startswith("write ")


def test_without_a_resolution_none_is_made_up() -> None:
    """A bare model has no resolution: the caller decides what is native."""
    assert parse_at("resnet50[d=2]") == (Variant("resnet50", 2.0), None)


def test_a_misspelt_kind_gets_the_nearest() -> None:
    """What stands before the colon is a kind of dense model, and nothing else."""
    with pytest.raises(UnknownNameError, match="unknown kind 'unett'") as caught:
        parse_variant("unett:resnet50")
    assert "'unet'" in caught.value.hint
