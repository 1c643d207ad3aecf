"""Every printed figure that can be counted again agrees with our count, or a written reason says why it does not."""

from __future__ import annotations

import pandas as pd
import pytest
import timm

from scalebench import published
from scalebench.analysis.printed_counts import recount
from scalebench.execute.client import Worker
from scalebench.execute.counting import Paper, unwrap
from scalebench.suite.variant import parse_variant

SIZES = {
    (row.model, row.resolution)
    for row in (*published.models(), *published.variants())
    if published.recountable(row) and row.resolution
}


@pytest.fixture(scope="module")
def found(worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """All figures held against the count, as ``scalebench run suites/paper_tables.yaml`` makes it."""
    sizes = sorted(SIZES)
    questions = [{"ask": "count", "model": name, "resolution": size, "peaks": []} for name, size in sizes]
    answers = [unwrap(answer) for answer in Paper(worker, tmp_path_factory.mktemp("paper")).ask(questions)]
    assert all(not answer["uncounted"] for answer in answers)
    rows = [{"model": name, "resolution": size, **answer} for (name, size), answer in zip(sizes, answers, strict=True)]
    return recount(pd.DataFrame(rows))


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
