"""MACs by shapes alone are those of a full count."""

from __future__ import annotations

import pytest

from scalebench.model.build import build
from scalebench.model.complexity import count
from scalebench.model.product_macs import UnlistedFunctionError, product_macs
from scalebench.model.shared_layers import Memory, shared_layers
from scalebench.suite.variant import parse_variant


@pytest.mark.parametrize(
    ("name", "side", "macs"),
    [("efficientnet_b0", 224, 385_814_752), ("resnet50", 224, 4_089_184_256), ("resnet18", 225, None),
     ("efficientnet_b0[d=1.4,w=1.2]", 225, None), ("tf_efficientnet_b0[w=1.1]", 197, None),
     ("mobilenetv3_large_100", 160, None), ("efficientnetv2_rw_t[d=2]", 130, None)],
)  # fmt: skip
def test_shapes_give_the_full_count_also_with_shared_layers(name: str, side: int, macs: int | None) -> None:
    """The literals are published: 0.39 and 4.1 billion, counted with fvcore in the same convention."""
    variant, memory = parse_variant(name), Memory()
    expected = macs or count(variant, side).macs
    for _ in range(2):
        with shared_layers(memory):
            model = build(variant, side, device="meta")
        assert product_macs(model, side) == expected


def test_sharing_ends_with_its_context() -> None:
    memory = Memory()
    with shared_layers(memory):
        build(parse_variant("resnet18"), 64, device="meta")
    assert count(parse_variant("resnet18"), 64).params == 11_689_512


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "mixnet_s"])
def test_a_function_that_may_multiply_is_refused(name: str) -> None:
    with pytest.raises(UnlistedFunctionError):
        product_macs(build(parse_variant(name), 224, device="meta"), 224)
