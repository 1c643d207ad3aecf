"""scalebench import as a user types it, and the commands that read what it wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scalebench.cli import app
from scalebench.errors import StoreError
from tests.store.foreign.literal_files import OPENVINO, OPTIMUM, PYTEST, TRTEXEC, write

OLD, NEW = (f"benchmark-infer-amp-nhwc-{version}-rtx3090.csv" for version in ("pt210-cu121", "pt240-cu124"))
HEADING = (
    "model,infer_img_size,infer_samples_per_sec,infer_step_time,infer_batch_size,param_count,infer_gmacs,infer_macts"
)
ROWS = (
    "resnet50,224,3687.18,277.708,1024.0,25.56,4.11,11.11",
    "resnet50,288,2185.5,468.532,1024.0,25.56,6.8,18.37",
    "resnet18,224,9000.0,113.777,1024.0,11.69,1.82,2.48",
)
ACCURACY = """\
model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation
resnet50.a1_in1k,288,81.240,18.760,95.112,4.888,25.56,1.000,bicubic
resnet50.tv2_in1k,224,80.846,19.154,95.430,4.570,25.56,0.965,bilinear
resnet50.tv_in1k,224,76.156,23.844,92.866,7.134,25.56,0.875,bilinear
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with two tables of one card, and accuracies."""
    monkeypatch.chdir(tmp_path)
    for name in (OLD, NEW):
        (tmp_path / name).write_text("\n".join((HEADING, *ROWS)) + "\n", encoding="utf-8")
    (tmp_path / "results-imagenet.csv").write_text(ACCURACY, encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_table_is_imported_and_reported(folder: Path) -> None:
    """The report shows values without intervals, on a machine named imported."""
    shown = run("import", "timm", NEW)
    assert "imported-rtx3090" in shown
    assert (folder / "results" / "timm" / NEW.replace(".csv", ".jsonl")).exists()
    assert "3 cases measured" in run("report", "results/timm")
    document = json.loads((folder / "reports" / "timm.json").read_text())
    assert len(document["cases"]) == 3
    assert {case["latency_s_low"] for case in document["cases"]} == {None}
    assert {case["latency_p99_s"] for case in document["cases"]} == {None}
    assert document["recount"] == [], "a table's counts are nobody's recount"
    page = (folder / "reports" / "timm.html").read_text()
    assert "imported-rtx3090" in page
    assert "at an unknown time" in page
    assert "activations of 3 models at their sizes were not counted here: they are rounded" in page


def test_two_tables_of_one_card_stand_side_by_side(folder: Path) -> None:
    """Neither replaces the other, and they are not pooled."""
    run("import", "timm", OLD, NEW)
    run("report", "results/timm")
    document = json.loads((folder / "reports" / "timm.json").read_text())
    assert len(document["cases"]) == 6
    assert {case["n"] for case in document["cases"]} == {1}
    assert len(document["machines"]) == 2


def test_claims_and_compare_read_it_and_decide_nothing_from_one_value(folder: Path) -> None:
    run("import", "timm", OLD, NEW)
    verdicts = json.loads(run("claims", "measured", "--check", "results/timm", "--json"))
    assert {verdict["verdict"] for verdict in verdicts} <= {"inconclusive", "not measured"}
    counted = json.loads(run("claims", "EN-13", "--check", "results/timm", "--json"))
    assert [verdict["verdict"] for verdict in counted] == ["not measured"]
    files = [f"results/timm/{name.replace('.csv', '.jsonl')}" for name in (OLD, NEW)]
    compared = json.loads(run("compare", *files, "--json"))
    assert {row["verdict"] for row in compared["rows"]} == {"inconclusive"}


def test_accuracies_are_joined_and_said(folder: Path) -> None:
    """One row to two sets of weights; a model that the table lacks; as JSON and as a table."""
    document = json.loads(run("import", "timm", NEW, "--accuracy", "results-imagenet.csv", "--json"))
    joined = {(one["model"], one["resolution"]): one for one in document["accuracies"]}
    assert joined["resnet50", 224]["best"] == "tv2_in1k"
    assert [one["tag"] for one in joined["resnet50", 224]["weights"]] == ["tv2_in1k", "tv_in1k"]
    assert joined["resnet18", 224]["best"] is None
    shown = run("import", "timm", NEW, "--accuracy", "results-imagenet.csv", "--out", "again")
    assert "2 of 3 models at their sizes are in results-imagenet.csv, 1 with several weights" in shown


def test_own_records_arrive_once(folder: Path) -> None:
    """From another folder into results; the second time nothing is new."""
    run("import", "timm", NEW, "--out", "elsewhere")
    (first,) = json.loads(run("import", "records", "elsewhere", "--json"))
    assert (first["records"], first["machines"]) == (6, ["imported-rtx3090"])
    (again,) = json.loads(run("import", "records", "elsewhere", "--json"))
    assert (again["records"], again["written"]) == (0, None)
    assert again["remarks"] == [f"{NEW.replace('.csv', '.jsonl')}: 6 records are already stored; left out"]


def test_bad_input_is_refused_before_anything_is_written(folder: Path) -> None:
    (folder / OLD).write_text("\n".join((HEADING, ROWS[0].replace("277.708", "x"))) + "\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["import", "timm", NEW, OLD])
    assert isinstance(done.exception, StoreError)
    assert f"{OLD}:2: infer_step_time: 'x' is not a number above 0" in done.exception.message
    assert not (folder / "results").exists()


@pytest.mark.parametrize(
    ("tool", "content", "arguments"),
    [
        ("pytest-benchmark", PYTEST, ()),
        ("trtexec", TRTEXEC, ("--model", "resnet50@224", "--machine", "NVIDIA L4", "--batch", "8")),
        ("optimum-benchmark", OPTIMUM, ()),
        ("openvino", OPENVINO, ("--model", "resnet50@224")),
    ],
)
def test_a_file_of_another_tool_is_imported_and_reported(
    folder: Path, tool: str, content: Any, arguments: tuple[str, ...]
) -> None:
    """One case, one round, no interval; and a second import does not write over the first."""
    path = write(folder, content)
    (document,) = json.loads(run("import", tool, path.name, *arguments, "--json"))
    assert (document["cases"], document["written"]) == (1, f"results/{tool}/report.jsonl")
    assert "1 case measured" in run("report", f"results/{tool}")
    (case,) = json.loads((folder / "reports" / f"{tool}.json").read_text())["cases"]
    assert (case["n"], case["latency_s_low"]) == (1, None)
    assert case["latency_s"] > 0
    again = CliRunner().invoke(app, ["import", tool, path.name, *arguments])
    assert isinstance(again.exception, StoreError)
    assert "already exists" in again.exception.message
