"""timm's tables as records: every version of the columns, what is refused and where, and what is never pretended."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.analysis.analyse import analyse
from scalebench.errors import StoreError
from scalebench.record import Environment, Record
from scalebench.store.accuracies import Weights, join
from scalebench.store.frame import counted_here, counts_frame
from scalebench.store.jsonl import read_results
from scalebench.store.published_tables import ACCURACIES, TimmTable, plan_of, read_timm, with_accuracies, write_imported
from scalebench.suite.case import COUNT, Case, configuration_text

INFER, TRAIN = "benchmark-infer-amp-nhwc-pt240-cu124-rtx4090.csv", "benchmark-train-amp-nhwc-pt112-cu113-rtx3090.csv"
CPU = "benchmark-infer-fp32-nchw-pt221-cpu-i9_10940x-dynamo.csv"
VARIANTS = {
    "pt113": (INFER, """\
model,infer_samples_per_sec,infer_step_time,infer_batch_size,infer_img_size,infer_gmacs,infer_macts,param_count
resnet50,3025.4,338.455,1024,224,4.11,11.11,25.56
"""),
    "pt210, batch with a point": (INFER, """\
model,infer_img_size,infer_batch_size,infer_samples_per_sec,infer_step_time,infer_gmacs,infer_macts,param_count
resnet50,224,1024.0,3025.4,338.455,4.11,11.11,25.56
"""),
    "pt240": (INFER, """\
model,infer_img_size,infer_samples_per_sec,infer_step_time,infer_batch_size,param_count,infer_gmacs,infer_macts
resnet50,224,3025.4,338.455,1024,25.56,4.11,11.11
"""),
    "CPU without MACs": (CPU, """\
model,infer_samples_per_sec,infer_step_time,infer_batch_size,infer_img_size,param_count
resnet50,3025.4,338.455,1024,224,25.56
"""),
    "training": (TRAIN, """\
model,train_samples_per_sec,train_step_time,train_batch_size,train_img_size,param_count
resnet50,3025.4,338.455,1024,224,25.56
"""),
}  # fmt: skip
HEADING = (
    "model,infer_img_size,infer_samples_per_sec,infer_step_time,infer_batch_size,param_count,infer_gmacs,infer_macts"
)
GOOD = "resnet50,224,3025.4,338.455,1024,25.56,4.11,11.11"
PAPER = Environment("on-paper", "", "")
SHARED = Path(__file__).parents[3] / "shared" / "data" / "timm"
TABLES = sorted(SHARED.glob("benchmark-*.csv"))


def read(folder: Path, text: str, name: str = INFER) -> TimmTable:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return read_timm(file)


def table(*rows: str) -> str:
    return "\n".join((HEADING, *rows)) + "\n"


@pytest.mark.parametrize(("name", "text"), VARIANTS.values(), ids=list(VARIANTS))
def test_every_version_of_the_columns(tmp_path: Path, name: str, text: str) -> None:
    """The same row, however its columns are ordered and written."""
    found = read(tmp_path, text, name)
    (timed,) = found.timed
    assert (timed.case.model, timed.case.resolution, timed.case.batch) == ("resnet50", 224, 1024)
    assert timed.facts == {"latency_s": pytest.approx(0.338455), "throughput_ips": 3025.4}
    (counted,) = (record for record in found.records if record.case.mode == COUNT)
    assert counted.facts["params"] == 25_560_000
    paper = {name: counted.facts.get(name) for name in ("macs", "activations")}
    known = name == INFER
    assert paper == (
        {"macs": 4_110_000_000, "activations": 11_110_000} if known else {"macs": None, "activations": None}
    )
    assert timed.case.mode == ("training" if name == TRAIN else "inference")
    assert found.remarks == ()


def test_an_imported_record_pretends_nothing(tmp_path: Path) -> None:
    """No samples, no time of day, a note with file and line, a machine that says imported; another procedure."""
    (timed,) = read(tmp_path, table(GOOD)).timed
    assert timed.environment.machine == "imported-rtx4090"
    assert timed.environment.imported
    assert (timed.samples, timed.started, timed.case.procedure, timed.case.threads) == ({}, "", 0, 0)
    assert timed.notes == (f"imported: {INFER} line 2",)
    ours = Case("resnet50", 224, 1024, precision="amp_fp16", layout="channels_last", device="cuda:0", threads=0)
    assert timed.case.case_key == ours.case_key
    assert timed.case.method_key != ours.method_key, "never pooled with a measured round"


def test_analysis_gives_a_value_and_no_interval(tmp_path: Path) -> None:
    found = read(tmp_path, table(GOOD, "resnet50,288,1939.79,527.881,1024,25.56,6.8,18.37"))
    cases = analyse(plan_of(found), found.records).cases
    assert list(cases["latency_s"]) == [pytest.approx(0.338455), pytest.approx(0.527881)]
    assert list(cases["n"]) == [1, 1]
    for column in ("latency_s_low", "latency_s_high", "throughput_ips_low", "latency_p99_s", "latency_p95_s"):
        assert all(math.isnan(value) for value in cases[column].astype(float)), column
    assert set(cases["notes"]) == {"imported in 1 of 1 rounds"}
    assert list(cases["macs"]) == [4_110_000_000, 6_800_000_000]


def test_threads_that_nobody_tells_are_not_said(tmp_path: Path) -> None:
    found = read(tmp_path, VARIANTS["CPU without MACs"][1], CPU)
    (row,) = analyse(plan_of(found), found.records).cases.to_dict("records")
    assert configuration_text(row) == "batch 1024, fp32 compile, cpu"


def test_what_was_counted_here_goes_before_what_a_table_says(tmp_path: Path) -> None:
    """Whichever comes first; and claims do not see a table's counts at all."""
    imported = read(tmp_path, table(GOOD)).records
    own = Record("a", Case("resnet50", 224).counted(), 0, "ok", "2026-11-24", PAPER, facts={"macs": 4_089_184_256})
    for records in ([*imported, own], [own, *imported]):
        (row,) = counts_frame(records).to_dict("records")
        assert (row["macs"], row["imported"]) == (4_089_184_256, False)
    assert len(counted_here(counts_frame(imported))) == 0
    assert len(counted_here(counts_frame([own]))) == 1


def test_written_and_read_back(tmp_path: Path) -> None:
    """As a results file with a plan; never over another."""
    found = read(tmp_path, table(GOOD))
    (file,) = write_imported([found], tmp_path / "results")
    stored = read_results([file])
    assert stored.records == found.records
    (plan,) = stored.plans
    assert plan.cases == tuple(record.case for record in found.timed)
    assert f"{INFER}, sha256 {hashlib.sha256(table(GOOD).encode()).hexdigest()}" in plan.text
    with pytest.raises(StoreError, match="already exists"):
        write_imported([found], tmp_path / "results")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (table(GOOD.replace("3025.4", "fast")), f"{INFER}:2: infer_samples_per_sec: 'fast' is not a number above 0"),
        (table(GOOD, GOOD.replace("1024", "-1")), f"{INFER}:3: infer_batch_size: '-1' is not a number above 0"),
        (table(GOOD.replace("1024", "10.5")), f"{INFER}:2: infer_batch_size: '10.5' is not a whole number"),
        (table(GOOD.replace("224", "")), f"{INFER}:2: infer_img_size: is empty"),
        (table(GOOD.replace("338.455", "nan")), f"{INFER}:2: infer_step_time: 'nan' is not"),
        (table(GOOD.replace("338.455", "")), f"{INFER}:2: infer_step_time: is empty"),
        (table(GOOD.replace("338.455", "33.8")), "make 102.3 images, not 1024"),
        (table(GOOD.replace("resnet50", "res net")), f"{INFER}:2: model: 'res net' is not a model name"),
        (table(), "the table has no rows"),
        (table("resnet50,224,,,,25.56,4.11,11.11"), "no row of the table has a time"),
        (table(GOOD + ",1,2"), "not a table of comma-separated values"),
        (table(GOOD).replace("infer_step_time", "infer_step_tim"), "infer_step_time: there is no such column"),
        ("", "not a table of comma-separated values"),
    ],
)
def test_bad_tables_are_refused_where_they_are_wrong(tmp_path: Path, text: str, said: str) -> None:
    """File, line and column."""
    with pytest.raises(StoreError) as refusal:
        read(tmp_path, text)
    assert said in refusal.value.message


def test_rows_without_a_time_and_rows_that_come_twice_are_said(tmp_path: Path) -> None:
    """A second value of one case would look like a second round, and two make an interval."""
    faster = GOOD.replace("3025.4", "3030.0").replace("338.455", "337.9")
    found = read(tmp_path, table(GOOD, faster, "vit_huge_patch16_gap_448,448,,,,631.67,544.7,636.83"))
    assert [record.facts["throughput_ips"] for record in found.timed] == [3025.4]
    assert len([record for record in found.records if record.case.mode == COUNT]) == 2
    assert [remark.partition(": ")[0] for remark in found.remarks] == [f"{INFER}:3", f"{INFER}:4"]


def test_two_batches_of_one_model_are_two_cases(tmp_path: Path) -> None:
    half = GOOD.replace("338.455,1024", "169.2275,512")
    assert {record.case.batch for record in read(tmp_path, table(GOOD, half)).timed} == {1024, 512}


def test_what_timm_rounds_to_nothing_is_not_known(tmp_path: Path) -> None:
    found = read(tmp_path, table(GOOD.replace("4.11", "0.0")))
    (counted,) = (record for record in found.records if record.case.mode == COUNT)
    assert "macs" not in counted.facts


@given(st.integers(1, 4096), st.floats(0.05, 5000), st.integers(32, 1024))
def test_whatever_the_table_says_is_what_is_stored(
    tmp_path_factory: pytest.TempPathFactory, batch: int, step_ms: float, resolution: int
) -> None:
    """To the last digit that is written."""
    row = f"resnet50,{resolution},{batch / step_ms * 1000!r},{step_ms!r},{batch}.0,25.56,4.11,11.11"
    (timed,) = read(tmp_path_factory.mktemp("any"), table(row)).timed
    assert (timed.case.batch, timed.case.resolution) == (batch, resolution)
    assert timed.facts == {"latency_s": step_ms / 1000, "throughput_ips": batch / step_ms * 1000}


def test_accuracies_become_a_fact_of_the_count(tmp_path: Path) -> None:
    """Also where the table counts nothing at all."""
    heading = "model,infer_samples_per_sec,infer_step_time,infer_batch_size,infer_img_size"
    found = read(tmp_path, f"{heading}\nresnet50,3025.4,338.455,1024,224\n", CPU)
    weights = [Weights("resnet50", tag, 224, top1, 95.0) for tag, top1 in (("tv_in1k", 76.156), ("tv2_in1k", 80.846))]
    told = with_accuracies(found, join([("resnet50", 224)], weights))
    (counted,) = (record for record in told.records if record.case.mode == COUNT)
    assert [one["tag"] for one in counted.facts[ACCURACIES]] == ["tv2_in1k", "tv_in1k"]
    assert told.timed == found.timed


@pytest.mark.skipif(not TABLES, reason="timm's own tables were not found beside the repository, which has none")
def test_timms_own_tables_are_read_whole() -> None:
    """Every row of every version becomes a case, or is said."""
    for file in TABLES:
        found = read_timm(file)
        lines = len(file.read_text(encoding="utf-8").splitlines()) - 1
        untimed = [remark for remark in found.remarks if "has no time" in remark]
        twice = [remark for remark in found.remarks if "already" in remark]
        assert len(found.timed) + len(untimed) + len(twice) == lines, file.name
