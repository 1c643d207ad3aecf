"""Over the committed records: every ratio that pages print is the quotient of the values that they print."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scalebench.analysis.compare.result_sets import compare
from scalebench.analysis.matched import REFERENCE, compare_groups
from scalebench.analysis.pooling import pooled
from scalebench.analysis.rounds import name_machines, with_standing
from scalebench.analysis.speedups import PLAIN, SAME, optimised
from scalebench.analysis.summary import summarise
from scalebench.analysis.used_rounds import by_way
from scalebench.analysis.way import WAY
from scalebench.metrics import MEASURED
from scalebench.store.frame import rounds_frame
from scalebench.store.jsonl import Results, read_results, result_files
from scalebench.suite.case import COUNT

ROOT = Path(__file__).parents[2] / "results" / "reference"


def measured(suite: str) -> tuple[Results, pd.DataFrame, pd.DataFrame]:
    """Results, rounds and cases."""
    results = read_results(result_files([ROOT / suite]))
    records = [record for record in results.records if record.case.mode != COUNT]
    rounds = with_standing(name_machines(rounds_frame(records)), records)
    return results, rounds, summarise(rounds)


def printed(cases: pd.DataFrame, names: list[str]) -> Mapping[tuple[Any, ...], dict[str, Any]]:
    """Rows of the table of cases by these columns."""
    return {tuple(row[name] for name in names): row for row in cases.to_dict("records")}


@pytest.mark.parametrize("suite", ["measured_alone", "matched_groups"])
def test_ratios_to_compound(suite: str) -> None:
    results, rounds, cases = measured(suite)
    by_case = printed(cases, [*WAY, "model", "resolution"])
    groups = compare_groups(by_way(rounds, pooled(rounds, MEASURED)), results.plans[-1].groups)
    groups = groups[groups["ratio"].notna()]
    compound = printed(groups[groups["method"] == REFERENCE], [*WAY, "base", "target", "metric"])
    assert len(groups) > 100
    for row in groups.to_dict("records"):
        way, metric = tuple(row[name] for name in WAY), row["metric"]
        base = compound[(*way, row["base"], row["target"], metric)]
        own, reference = (by_case[(*way, r["model"], r["resolution"])][metric] for r in (row, base))
        assert math.isclose(row["value"], own, rel_tol=1e-9)
        assert math.isclose(row["ratio"], own / reference, rel_tol=1e-9)


def test_speedups() -> None:
    _, rounds, cases = measured("runtimes")
    rows = optimised(rounds, cases, pooled(rounds, MEASURED))
    plain = cases[(cases[list(PLAIN)] == pd.Series(PLAIN)).all(axis=1)].sort_values("threads")
    base = printed(plain, SAME)
    names = [*SAME, "precision", "layout", "runtime", "threads", "setting", "protocol"]
    by_case = printed(cases, names)
    assert len(rows) > 20
    for row in rows.to_dict("records"):
        own, eager = by_case[tuple(row[name] for name in names)], base[tuple(row[name] for name in SAME)]
        assert math.isclose(row["speedup"], own["throughput_ips"] / eager["throughput_ips"], rel_tol=1e-9)
        assert math.isclose(row["memory"], own["memory_bytes"] / eager["memory_bytes"], rel_tol=1e-9)


def test_two_runs() -> None:
    first, second = (read_results([file]).records for file in result_files([ROOT / "aa"]))
    rows = compare(first, second).rows
    assert len(rows) == 4
    assert [row.ratio.value for row in rows] == pytest.approx([row.after.value / row.before.value for row in rows])
