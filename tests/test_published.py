"""Published figures are facts: each has a source, a place in the schema, and is refused where it is malformed."""

from __future__ import annotations

import copy
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench import published
from scalebench.published import Discrepancy, PrintedFigure, PublishedModel, PublishedVariant, Source, read_rows
from scalebench.suite.variant import parse_variant

HEADER = "table,name,model,family,params_m,flops_g,flops_per_mac,activations_m,resolution,top1,top5,recipe,confidence"
ROW = "resnet-rs-t3,ResNet-RS-350,resnetrs350,ResNet-RS,164,69,2,,256,84.0,,,secondary text"


def models(*rows: str) -> tuple[PublishedModel, ...]:
    return read_rows(PublishedModel, "models.csv", [HEADER, *rows], {"resnet-rs-t3"})


def test_a_row_is_read_as_printed_and_converted() -> None:
    (row,) = models(ROW)
    assert row == PublishedModel(
        "resnet-rs-t3", "ResNet-RS-350", "resnetrs350", "ResNet-RS", PrintedFigure("164"), PrintedFigure("69"), 2, None,
        256, 84.0, None, "", "secondary text",
    )  # fmt: skip
    assert row.macs == 34.5e9
    assert [(f.quantity, f.value, f.half_unit) for f in row.figures] == [
        ("params", 164e6, 0.5e6),
        ("macs", 34.5e9, 0.25e9),
    ]


def test_nothing_printed_is_none_and_gives_no_figure() -> None:
    (row,) = models("resnet-rs-t3,GPipe,,GPipe,,,1,,480,84.3,,,verified text")
    assert (row.params_m, row.macs, row.figures) == (None, None, ())


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (ROW.replace("resnet-rs-t3", "nowhere"), "unknown source 'nowhere'"),
        (ROW.replace("69", "0"), "'0' is not a positive number"),
        (ROW.replace("69", "nan"), "'nan' has no last digit"),
        (ROW.replace("84.0", "inf"), "'inf' is not a positive number"),
        (ROW.replace("84.0", "-84.0"), "'-84.0' is not a positive number"),
        (ROW.replace("256", "256.5"), "256.5"),
        (ROW.replace(",2,", ",,"), "''"),
        (ROW.replace("69", "about 69"), "about 69"),
        (ROW.removesuffix(",secondary text"), "not as many cells as columns"),
        (ROW + ",more", "not as many cells as columns"),
    ],
)
def test_a_malformed_row_is_refused_by_file_and_line(line: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=r"^models\.csv:3: ") as refused:
        models(ROW, line)
    assert complaint in str(refused.value)


def test_a_missing_column_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^models\.csv:1: the columns are"):
        read_rows(PublishedModel, "models.csv", [HEADER.replace("params_m,", "")], {"resnet-rs-t3"})


def test_variants_and_reasons_are_read_by_their_own_columns() -> None:
    columns = "table,base,method,depth,width,resolution_multiplier,resolution,model,flops_g,top1,confidence"
    line = "t,resnet50,depth,4,1,1,224,resnet50[d=4],16.2,78.1,verified text"
    (row,) = read_rows(PublishedVariant, "scaling.csv", [columns, line], {"t"})
    assert row.name == "resnet50[d=4]@224, depth"
    assert [(f.quantity, f.value) for f in row.figures] == [("macs", 16.2e9)]
    reasons = read_rows(Discrepancy, "d.csv", ["table,name,quantity,reason", 't,B0,macs,"One, two."'], {"t"})
    assert reasons == (Discrepancy("t", "B0", "macs", "One, two."),)
    assert read_rows(Source, "s.csv", ["key,citation,place,version", "k,c,p,v1"]) == (Source("k", "c", "p", "v1"),)


@pytest.mark.parametrize(("text", "half"), [("4.20", 0.005), ("4.2", 0.05), ("1.0", 0.05), ("37", 0.5)])
def test_a_printed_number_remembers_its_last_digit(text: str, half: float) -> None:
    number = PrintedFigure(text)
    assert number == float(text)
    assert number.half_unit == pytest.approx(half)
    assert copy.deepcopy(number).half_unit == number.half_unit


@given(st.floats(0.001, 1e6), st.integers(0, 4))
def test_a_number_lies_within_half_a_unit_of_its_print(value: float, places: int) -> None:
    printed = PrintedFigure(f"{value:.{places}f}")
    assert abs(value - printed) <= printed.half_unit * (1 + 1e-6)


def test_every_row_has_a_source_and_every_source_a_row() -> None:
    """An unused source is a leftover."""
    rows = (*published.models(), *published.variants(), *published.latencies())
    assert {row.table for row in rows} == set(published.sources())


def test_sources_are_named_once_and_in_full() -> None:
    text = (files("scalebench.data") / "published_sources.csv").read_text(encoding="utf-8")
    assert len(text.splitlines()) == len(published.sources()) + 1
    for source in published.sources().values():
        assert all((source.key, source.citation, source.place, source.version))
        assert "://" not in f"{source.citation} {source.place}"


def test_a_name_means_one_row_of_a_table() -> None:
    """Reasons are found by table and name."""
    rows = (*published.models(), *published.variants())
    names = [(row.table, row.name) for row in rows if published.recountable(row)]
    assert len(names) == len(set(names))


def test_figures_are_in_the_range_that_is_possible() -> None:
    for row in published.models():
        assert all((row.name, row.family, row.confidence))
        assert row.flops_per_mac in (1, 2)
        assert all(0 < share < 100 for share in (row.top1, row.top5) if share is not None)
        assert row.top1 is None or row.top5 is None or row.top1 < row.top5
    assert all(row.value > 0 for row in published.latencies())


def test_models_are_written_as_suites_write_them() -> None:
    named = [row.model for row in (*published.models(), *published.variants(), *published.latencies()) if row.model]
    assert len(named) > 500
    assert [parse_variant(name).name for name in named] == named


def test_the_first_version_of_efficientnet_stands_beside_the_last() -> None:
    """B0 to B7 by table: later versions print more, for a recipe with AutoAugment."""
    first, last = (
        [(row.model, row.resolution, row.top1) for row in published.models() if row.table == key][:8]
        for key in ("efficientnet-v1", "efficientnet-t2")
    )
    assert [top1 for _, _, top1 in first] == [76.3, 78.8, 79.8, 81.1, 82.6, 83.3, 84.0, 84.4]
    assert [row[:2] for row in first] == [row[:2] for row in last]
    assert last[0] == ("efficientnet_b0", 224, 77.1)


def test_recountable_needs_a_model_a_size_and_a_cost() -> None:
    (row,) = models(ROW)
    assert published.recountable(row)
    without_model, without_size, without_cost = (
        ROW.replace("resnetrs350", ""), ROW.replace("256", ""), ROW.replace("164,69", ",")
    )  # fmt: skip
    assert not any(published.recountable(row) for row in models(without_model, without_size, without_cost))


def test_what_counts_two_operations_per_mac_says_so() -> None:
    doubled = {(row.table, row.name): row.macs for row in published.models() if row.flops_per_mac == 2 and row.macs}
    assert doubled["resnet-rs-t3", "EfficientNet-B7"] == 37e9
    assert doubled["coatnet-t13", "ResNet-RS-420"] == 64e9
    assert {table for table, _ in doubled} == {"resnet-rs-t3", "coatnet-t13"}
