"""Every printed figure that can be counted again agrees with our count, or a written reason says why it does not."""

from __future__ import annotations

import pandas as pd
import pytest
import timm

from scalebench import published
from scalebench.analysis.recount import recount
from scalebench.model.build import build, fixed_input
from scalebench.model.complexity import count_model
from scalebench.suite.variant import parse_variant

SIZES = {
    (row.model, row.resolution)
    for row in (*published.models(), *published.variants())
    if published.recountable(row) and row.resolution
}


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    """All figures held against the count; each structure is built once and counted at all its sizes."""
    sizes = pd.DataFrame(sorted(SIZES), columns=["model", "resolution"])
    return recount(pd.concat([_counts(name, list(here["resolution"])) for name, here in sizes.groupby("model")]))


def _counts(name: str, resolutions: list[int]) -> pd.DataFrame:
    variant = parse_variant(name)
    model = build(variant, resolutions[0], device="meta")
    rows = []
    for resolution in resolutions:
        if fixed_input(variant.base):
            model = build(variant, resolution, device="meta")
        cost = count_model(model, name, resolution)
        assert not cost.uncounted, f"{name}: {cost.uncounted}"
        rows.append((name, resolution, cost.params, cost.macs, cost.activations))
    return pd.DataFrame(rows, columns=["model", "resolution", "params", "macs", "activations"])


def test_every_model_is_one_that_timm_builds() -> None:
    rows = (*published.models(), *published.variants(), *published.latencies())
    bases = {parse_variant(row.model).base for row in rows if row.model}
    assert bases <= set(timm.list_models())


def test_every_figure_was_counted(found: pd.DataFrame) -> None:
    assert set(zip(found["model"], found["resolution"], strict=True)) == SIZES
    assert len(found) > 400


def test_every_figure_agrees_or_has_a_reason(found: pd.DataFrame) -> None:
    silent = found[~found["agrees"].astype(bool) & (found["reason"] == "")]
    assert silent.empty, silent.to_string()


def test_no_reason_is_left_for_a_figure_that_agrees(found: pd.DataFrame) -> None:
    """Reasons cannot rot: each explains a figure that is printed, counted and contradicted."""
    wrong = found[~found["agrees"].astype(bool)]
    explained = [(d.table, d.name, d.quantity) for d in published.discrepancies()]
    assert len(explained) == len(set(explained))
    assert set(explained) == set(zip(wrong["table"], wrong["name"], wrong["quantity"], strict=True))
