"""One or two members of every family cost what was printed of them, at their native sizes."""

from __future__ import annotations

import pytest
import timm

from scalebench import published
from scalebench.model.complexity import count
from scalebench.suite.families import FAMILIES, native_resolution
from scalebench.suite.variant import Variant

CLOSE = 0.025
"""The papers print two or three digits, and the released code differs from them a little."""


@pytest.mark.parametrize(
    ("model", "table"),
    [
        ("tf_efficientnetv2_b0", "efficientnetv2-readme"), ("efficientnetv2_s", "efficientnetv2-readme"),
        ("convnext_tiny", "convnext-readme"), ("regnetx_032", "regnet-f15"), ("regnety_016", "regnet-f16"),
        ("mobilenetv3_large_100", "mobilenetv3-t3"), ("resnetrs50", "resnet-rs"), ("resnetrs152", "coatnet-t13"),
    ],
)  # fmt: skip
def test_counts_agree_with_print(model: str, table: str) -> None:
    """Parameters, and MACs where they are printed, of the row at the model's native size."""
    rows = published.models()
    row = next(r for r in rows if (r.table, r.model, r.resolution) == (table, model, native_resolution(model, 0)))
    counted = count(Variant(model), row.resolution or 0)
    assert counted.uncounted == ()
    assert {figure.quantity for figure in row.figures} >= {"params"}
    for figure in row.figures:
        if figure.quantity != "activations":
            assert getattr(counted, figure.quantity) == pytest.approx(figure.value, rel=CLOSE)


def test_timm_has_every_member() -> None:
    """A member that a release of timm renames would break every suite of its family."""
    assert {model for members in FAMILIES.values() for model in members} <= set(timm.list_models())
