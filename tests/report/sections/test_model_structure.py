"""The section on how models are built stands only where families can be compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from scalebench.report.sections.model_structure import built_section, worth_showing
from tests.report.literal_report import Built, make_counts, make_rounds

BUILT = {
    "stages": [[2, 64, 56], [3, 128, 28]],
    "kinds": {"dense": [5, 75, 10, 6], "other": [0, 25, 30, 0]},
    "kernels": {"3x3": 4, "7x7": 1},
    "norms": {"BatchNorm": 5},
    "functions": {},
    "downsampling": ["dense 7x7, by 2", "dense 3x3, by 2", "dense 3x3, by 2"],
    "head": [],
}


def counts(*models: str, structure: object = BUILT) -> pd.DataFrame:
    row = {"resolution": 224, "macs": 100, "params": 40, "activations": 6, "structure": structure}
    return pd.DataFrame([{"model": model, **row} for model in models])


def test_it_takes_two_families_whose_structure_was_counted() -> None:
    """A variant is no family of its own, and older records know no structure."""
    assert worth_showing(counts("resnet18", "convnext_tiny"))
    assert not worth_showing(counts("resnet18", "resnet50"))
    assert not worth_showing(counts("resnet18", "efficientnet_b0[d=2]"))
    assert not worth_showing(counts("resnet18", "convnext_tiny", structure=float("nan")))
    assert not worth_showing(counts("resnet18", "convnext_tiny").drop(columns=["structure"]))
    assert not worth_showing(pd.DataFrame())


def test_every_model_stands_once_with_its_shares() -> None:
    shapes, kinds = built_section(counts("resnet18", "convnext_tiny", "resnet18")).tables
    assert [row[0] for row in shapes.rows] == ["resnet18@224", "convnext_tiny@224"]
    assert shapes.rows[0][1:] == (
        "2, 3", "64, 128", "4 3x3, 1 7x7", "5 BatchNorm", "-", "dense 7x7, by 2; dense 3x3, by 2 (2 times)", "-",
    )  # fmt: skip
    assert kinds.rows[:2] == (
        ("resnet18@224", "dense", "5", "75.0", "25.0", "100.0"),
        ("resnet18@224", "other", "-", "25.0", "75.0", "0.0"),
    )


def test_the_page_has_the_section_and_the_document_the_facts(build: Callable[..., Built]) -> None:
    """Records with the fact have it on the page; the same records without it are shown as ever."""
    known = [replace(record, facts={**record.facts, "structure": BUILT}) for record in make_counts()]
    with_fact, without = (build([*counted, *make_rounds(1)], counts=False) for counted in (known, make_counts()))
    assert 'id="built"' in with_fact.html
    assert "dense 3x3, by 2 (2 times)" in with_fact.html
    assert all(row["structure"] == BUILT for row in with_fact.json["counts"])
    assert 'id="built"' not in without.html
