"""Benchmarks of the parts a user waits for; run by ``tox -e bench``, skipped in the default run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scalebench.model.complexity import count
from scalebench.report.findings import find
from scalebench.report.write_report import write_report
from scalebench.store.frame import rounds_frame
from scalebench.store.jsonl import Results, read_results, result_files
from scalebench.suite.expand import expand
from scalebench.suite.load import load_suite
from scalebench.suite.model_facts import Known
from scalebench.suite.select_models import select
from scalebench.suite.variant import Variant

Benchmark = Callable[..., Any]
MODELS = {f"resnet{d}": Known(224, 32) for d in (18, 50, 101, 152)} | {
    f"efficientnet_b{i}": Known(224, 32) for i in range(8)
}


@pytest.fixture(scope="module")
def stored() -> Results:
    """The committed records of the main suite, or of the quickstart where those are absent."""
    root = Path(__file__).parents[2] / "results" / "reference"
    folder = next(f for f in (root / "compound_vs_single", root / "quickstart") if f.is_dir())
    return read_results(result_files([folder]))


def test_bench_expand(benchmark: Benchmark, root: Path) -> None:
    file = load_suite(root / "suites" / "resolution_sweep.yaml")
    selections = [select(entry, MODELS) for entry in file.suite.models]
    cases, _ = benchmark(expand, file, selections, {}, {"auto": "cpu"}, 2)
    assert len(cases) == 72


@pytest.mark.parametrize(("model", "resolution"), [("efficientnet_b0", 224), ("efficientnet_b7", 600)])
def test_bench_count(benchmark: Benchmark, model: str, resolution: int) -> None:
    assert benchmark(count, Variant(model), resolution).macs > 0


def test_bench_frame(benchmark: Benchmark, stored: Results) -> None:
    many = [replace(record, round=i) for i in range(10) for record in stored.records]
    assert len(benchmark(rounds_frame, many)) > 100


def test_bench_report(benchmark: Benchmark, stored: Results, tmp_path: Path) -> None:
    findings = find(stored)
    page = benchmark.pedantic(write_report, args=(findings, tmp_path), rounds=3)  # type: ignore[attr-defined]
    assert page.exists()
