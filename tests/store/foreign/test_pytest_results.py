"""Files of pytest-benchmark as imported records, and what our own export becomes when it is read again."""

from __future__ import annotations

import json
import tempfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalebench.analysis.stats import Estimate
from scalebench.errors import StoreError
from scalebench.report.exports.entries import Export, ExportEntry
from scalebench.report.exports.pytest_benchmark_file import pytest_benchmark_document
from scalebench.store.foreign.foreign_file import ForeignSetup
from scalebench.store.foreign.pytest_results import read_pytest_benchmark
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol
from tests.report.exports.literal_export import CPU
from tests.store.foreign.literal_files import PYTEST, RESNET50, write


def changed(*place: Any, value: Any) -> dict[str, Any]:
    """The literal file with one value changed."""
    content = deepcopy(PYTEST)
    target: Any = content
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    return content


def test_a_benchmark_becomes_one_round_with_its_samples(tmp_path: Path) -> None:
    (record,) = read_pytest_benchmark(write(tmp_path, PYTEST), ForeignSetup()).records
    case = record.case
    assert (case.model, case.resolution, case.batch, case.precision) == ("resnet50", 224, 8, "bf16")
    assert (case.runtime, case.device, case.threads, case.procedure) == ("eager", "cpu", 0, 0)
    assert record.samples == {"latency_s": [0.2, 0.3, 0.25]}
    assert record.facts == {"latency_s": 0.25}
    assert record.environment.machine == "imported-intel-r-core-tm-i7-9700"
    assert record.environment.software == {"measured by": "pytest-benchmark 5.3.1", "python": "3.12.3"}
    assert record.started == "2026-11-23T22:00:00+00:00"
    assert record.notes == ("imported: report.json tests/test_speed.py::test_forward[8]",)


def test_without_data_the_median_is_kept(tmp_path: Path) -> None:
    """``--benchmark-autosave`` writes no data."""
    path = write(tmp_path, changed("benchmarks", 0, "stats", value={"median": 0.25}))
    (record,) = read_pytest_benchmark(path, ForeignSetup()).records
    assert (record.samples, record.facts) == ({}, {"latency_s": 0.25})


def test_the_command_line_goes_before_the_file(tmp_path: Path) -> None:
    setup = ForeignSetup("resnet18", 96, batch=2, precision="fp16", machine="My box")
    (record,) = read_pytest_benchmark(write(tmp_path, PYTEST), setup).records
    case = record.case
    assert (case.model, case.resolution, case.batch, case.precision) == ("resnet18", 96, 2, "fp16")
    assert record.environment.machine == "imported-my-box"


def test_unknown_machines_are_never_one_machine(tmp_path: Path) -> None:
    first, second = (
        read_pytest_benchmark(write(tmp_path, changed("machine_info", value={"n": n})), ForeignSetup()) for n in (1, 2)
    )
    assert first.records[0].environment.hw_key != second.records[0].environment.hw_key
    assert first.records[0].environment.machine.startswith("imported-unknown-")


def test_benchmarks_of_other_things_are_left_out_and_said(tmp_path: Path) -> None:
    other = {"fullname": "tests/test_sort.py::test_sort", "params": None, "stats": {"median": 1.0}}
    imported = read_pytest_benchmark(
        write(tmp_path, changed("benchmarks", value=[*PYTEST["benchmarks"], other])), ForeignSetup()
    )
    assert len(imported.records) == 1
    assert imported.remarks == (
        "report.json: tests/test_sort.py::test_sort: neither params nor extra_info name model and resolution; left out",
    )
    with pytest.raises(StoreError, match=r"report\.json: nothing in it can be imported"):
        read_pytest_benchmark(write(tmp_path, changed("benchmarks", value=[other])), ForeignSetup())


def test_a_second_benchmark_of_the_case_is_left_out(tmp_path: Path) -> None:
    """Two values of one case would look like two rounds."""
    imported = read_pytest_benchmark(
        write(tmp_path, changed("benchmarks", value=PYTEST["benchmarks"] * 2)), ForeignSetup()
    )
    assert len(imported.records) == 1
    assert "is there already" in imported.remarks[0]


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("stats", "median"), None, "stats.median: Input should be a valid number"),
        (("stats", "data", 1), -1, "stats.data[1]: Input should be greater than 0"),
        (("stats", "data", 1), float("nan"), "stats.data[1]: Input should be a finite number"),
        (("stats", "data"), [], "stats.data: Tuple should have at least 1 item"),
        (("params", "batch"), "many", "params.batch: Input should be a valid integer"),
        (("extra_info", "threads"), 0, "extra_info.threads: Input should be greater than or equal to 1"),
        (("extra_info", "model"), "no model@224", "model: 'no model' is not a model name"),
        (("extra_info", "precision"), "fp12", "precision: unknown precision 'fp12'"),
        (("extra_info", "case"), {"model": "a"}, "extra_info.case.resolution: Field required"),
        (("extra_info", "case"), {"model": "a", "resolution": 1, "mode": "count"}, "extra_info.case.mode: cases of"),
        (
            ("extra_info", "case"),
            {"model": "a", "resolution": 1, "batch": 0},
            "extra_info.case.batch: 0 is not above 0",
        ),
    ],
)
def test_what_is_malformed_is_refused_with_file_and_key(
    tmp_path: Path, place: tuple[Any, ...], value: Any, message: str
) -> None:
    path = write(tmp_path, changed("benchmarks", 0, *place, value=value))
    with pytest.raises(StoreError) as refused:
        read_pytest_benchmark(path, ForeignSetup())
    assert refused.value.message.startswith(f"{path}: benchmarks[0].{message}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "Invalid JSON"),
        ({}, "benchmarks: Field required"),
        (changed("datetime", value="yesterday"), "datetime: Input should be a valid datetime"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(StoreError) as refused:
        read_pytest_benchmark(path, ForeignSetup())
    assert refused.value.message.startswith(f"{path}: {message}")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"none\.json cannot be read"):
        read_pytest_benchmark(tmp_path / "none.json", RESNET50)


MEDIANS = st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=9)
CASES = st.builds(
    Case,
    model=st.sampled_from(["resnet50", "efficientnet_b0[d=1.4,w=1.2]", "unet:resnet18", "vit_base_patch16_224"]),
    resolution=st.integers(1, 8192), batch=st.integers(1, 4096), mode=st.sampled_from(["inference", "training"]),
    precision=st.sampled_from(["fp32", "fp16", "int8"]), runtime=st.sampled_from(["eager", "openvino"]),
    device=st.sampled_from(["cpu", "cuda:1"]), threads=st.integers(1, 64), protocol=st.just(Protocol()),
    instances=st.integers(1, 4), checkpointing=st.booleans(), cache=st.sampled_from(["warm", "cold"]),
)  # fmt: skip


@settings(max_examples=50)
@given(st.lists(st.tuples(CASES, MEDIANS), min_size=1, max_size=3, unique_by=lambda pair: pair[0].case_key))
def test_an_export_is_read_back(pairs: list[tuple[Case, list[float]]]) -> None:
    """Case, medians and machine survive; the procedure does not, since it is another tool's file."""
    estimate = Estimate(1.0, 0.9, 1.1, 3)
    entries = tuple(
        ExportEntry(f"case {n}", case, "cpu-a", CPU, tuple(medians), estimate, estimate, estimate, 4_000, ())
        for n, (case, medians) in enumerate(pairs)
    )
    document = pytest_benchmark_document(Export("small", entries, (), "2026-11-23T22:00:00+00:00"))
    with tempfile.TemporaryDirectory() as folder:
        records = read_pytest_benchmark(write(Path(folder), json.dumps(document)), ForeignSetup()).records
    assert [(r.case.case_key, r.samples["latency_s"]) for r in records] == [(c.case_key, m) for c, m in pairs]
    assert {r.environment.machine for r in records} == {"imported-cpu-a"}
    assert {r.case.procedure for r in records} == {0}
