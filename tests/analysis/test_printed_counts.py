"""Printed against counted: the convention first, then the tolerance, then the last printed digit."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.analysis.printed_counts import COLUMNS, HALVED, TOLERANCE, agrees, recount
from scalebench.published import Discrepancy, Figure, PrintedFigure, PublishedModel, PublishedVariant


def model(name: str, params: str = "", flops: str = "", acts: str = "", per_mac: int = 1) -> PublishedModel:
    p, f, a = (PrintedFigure(text) if text else None for text in (params, flops, acts))
    return PublishedModel("t", name, "resnet50", "ResNet", p, f, per_mac, a, 224, 76.0, None, "", "read")


def counts(**columns: float | None) -> pd.DataFrame:
    values = {"params": 25_557_032, "macs": 4_089_184_256, "activations": 11_114_984} | columns
    return pd.DataFrame([{"model": "resnet50", "resolution": 224, **values}])


def test_one_row_per_printed_quantity() -> None:
    why = Discrepancy("t", "ResNet-50", "macs", "Why.")
    found = recount(counts(), [model("ResNet-50", "26", "3.8", "11.1")], [why])
    assert list(found.columns) == COLUMNS
    assert found["quantity"].tolist() == ["params", "macs", "activations"]
    assert found["agrees"].tolist() == [True, False, True]
    assert found["reason"].tolist() == ["", "Why.", ""]
    assert found["ratio"].tolist() == pytest.approx([25.557032 / 26, 4.089184256 / 3.8, 11.114984 / 11.1])


def test_two_operations_per_mac_are_halved_and_said() -> None:
    found = recount(counts(), [model("ResNet-50", "26", "8.2", per_mac=2)], [])
    assert found["printed"].tolist() == pytest.approx([26e6, 4.1e9])
    assert found["agrees"].tolist() == [True, True]
    assert found["reason"].tolist() == ["", HALVED]


def test_the_last_printed_digit_counts_where_it_is_coarser_than_the_tolerance() -> None:
    """1 stands for 0.5 to 1.5; 1.0 only for 0.95 to 1.05."""
    coarse, fine = (recount(counts(macs=1.3e9), [model("a", flops=text)], [])["agrees"] for text in ("1", "1.0"))
    assert coarse.all()
    assert not fine.any()


def test_what_was_not_counted_has_no_row() -> None:
    other = PublishedVariant(
        "t", "resnet50", "depth", 4, 1, 1, 224, "resnet50[d=4]", PrintedFigure("16.2"), 78.1, "read"
    )
    found = recount(counts(macs=None), [model("ResNet-50", "26", "4.1"), other], [])
    assert found["quantity"].tolist() == ["params"]
    assert recount(counts(), [other], []).empty
    assert list(recount(counts().iloc[:0], [other], []).columns) == COLUMNS


def test_a_figure_that_a_table_prints_twice_counts_once() -> None:
    """A table of models that is a table of one scaled base as well is listed as both."""
    again = PublishedVariant("t", "resnet50", "baseline", 1, 1, 1, 224, "resnet50", PrintedFigure("4.1"), 76.0, "read")
    found = recount(counts(), [model("ResNet-50", flops="4.1"), again], [])
    assert found["name"].tolist() == ["ResNet-50"]


def test_the_published_tables_are_the_default() -> None:
    """ResNet-50 at 224 pixels: Table 1 of its own paper misses by the stride of one convolution."""
    found = recount(counts()).set_index(["table", "name", "quantity"])
    assert found.loc[("efficientnet-t2", "ResNet-50", "macs"), "agrees"]
    own = found.loc[("resnet-t1", "ResNet-50", "macs")]
    assert not own["agrees"]
    assert "1x1" in own["reason"]
    assert not found.loc[("regnet-t3", "ResNet-50", "params"), "agrees"]


@given(st.sampled_from(sorted(TOLERANCE)), st.floats(1e3, 1e12), st.floats(0.5, 2))
def test_agreement_is_that_of_the_ratio(quantity: str, value: float, ratio: float) -> None:
    allowed = TOLERANCE[quantity]
    found = agrees(Figure(quantity, value, 0.0), ratio * value)
    if abs(abs(ratio - 1) - allowed) > 1e-9:
        assert found == (abs(ratio - 1) < allowed)


def test_an_unknown_count_confirms_nothing() -> None:
    assert not agrees(Figure("macs", 1e9, 1e9), math.nan)
    assert not agrees(Figure("macs", 1e9, 1e9), math.inf)
