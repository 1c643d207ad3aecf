"""scalebench export as a user types it, and the tools that read what it wrote."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest
from click.testing import Result
from typer.testing import CliRunner

from scalebench.cli import app
from scalebench.errors import StoreError
from scalebench.store.jsonl import Writer
from tests.report.exports.literal_export import make_records, plan_of

NAMES = [f"{model}@224, batch 1, fp32 eager, cpu, 1 thread" for model in ("resnet18", "resnet50", "resnet152")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The literal records in ``results``, as the current folder."""
    records = make_records()
    Writer(tmp_path / "results" / "1.jsonl", plan_of(records)).extend(records)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    done = CliRunner().invoke(app, ["export", "results", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def call(*arguments: str | Path) -> str:
    done = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_pytest_benchmark_compares_two_exports(folder: Path) -> None:
    run("--to", "pytest-benchmark", "--out", "a.json")
    run("--to", "pytest-benchmark", "--out", "b.json")
    table = call("pytest_benchmark", "compare", "a.json", "b.json", "--columns", "median,rounds")
    for name in NAMES[:2]:
        assert f"{name} (a)" in table
        assert f"{name} (b)" in table
    (row,) = (line for line in table.splitlines() if line.startswith(f"{NAMES[1]} (a)"))
    assert row.split("(a)")[1].split() == ["110.0000", "(1.0)", "3"]


@pytest.mark.skipif(find_spec("asv") is None, reason="asv is not installed")
def test_asv_compares_two_commits(folder: Path) -> None:
    """It says of each case that it did not change, and of the failed one that it has no time."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    for message in ("one", "two"):
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", message], check=True)
    listed = subprocess.run([*git, "log", "--format=%H"], check=True, capture_output=True, text=True)
    commits = listed.stdout.split()
    settings = {"version": 1, "project": "p", "repo": ".", "branches": ["main"], "environment_type": "virtualenv",
                "results_dir": "asv"}  # fmt: skip
    Path("asv.conf.json").write_text(json.dumps(settings))
    for commit in commits:
        run("--to", "asv", "--commit", commit, "--out", "asv")
    table = call("asv", "compare", commits[1], commits[0])
    rows = {cells[5].strip(): [cell.strip() for cell in cells[2:5]] for line in table.splitlines()
            if len(cells := line.split("|")) == 7}  # fmt: skip
    assert rows[NAMES[0]] == ["20.0±0ms", "20.0±0ms", "1.00"]
    assert rows[NAMES[1]] == ["110±5ms", "110±5ms", "1.00"]
    assert rows[NAMES[2]] == ["failed", "failed", "n/a"]


def test_asv_keeps_the_benchmarks_that_are_there(folder: Path) -> None:
    Path("asv").mkdir()
    Path("asv/benchmarks.json").write_text('{"mine": {"name": "mine"}, "version": 2}')
    run("--to", "asv", "--commit", "0" * 40, "--out", "asv")
    benchmarks = json.loads(Path("asv/benchmarks.json").read_text())
    assert set(benchmarks) == {"mine", *NAMES, "version"}
    Path("asv/benchmarks.json").write_text("[")
    with pytest.raises(StoreError, match=r"asv/benchmarks\.json cannot be read"):
        run("--to", "asv", "--commit", "0" * 40, "--out", "asv")


@pytest.mark.parametrize("format_", ["pytest-benchmark", "github-action-benchmark", "bencher", "csv"])
def test_without_a_file_the_export_is_printed_alone(folder: Path, format_: str) -> None:
    """What has no time goes to stderr, so that a pipe stays valid."""
    printed = run("--to", format_)
    assert printed.stderr == f"not exported: {NAMES[2]} on cpu-a: oom: it ended: oom\n"
    written = run("--to", format_, "--out", "deep/er/file")
    assert written.stdout == "wrote deep/er/file\n"
    assert (folder / "deep/er/file").read_text() == printed.stdout


def test_tables_are_those_of_the_report(folder: Path) -> None:
    run("--to", "csv", "--out", "export.csv")
    CliRunner().invoke(app, ["report", "results", "--csv"], catch_exceptions=False)
    assert (folder / "export.csv").read_bytes() == (folder / "reports" / "small.csv").read_bytes()
    pytest.importorskip("pyarrow")
    run("--to", "parquet", "--out", "export.parquet")
    assert len(pd.read_parquet("export.parquet")) == len(pd.read_csv("export.csv")) == 6


def test_json_says_what_was_written_and_what_has_no_time(folder: Path) -> None:
    document = json.loads(run("--to", "bencher", "--out", "b.json", "--json").stdout)
    failure = {"name": NAMES[2], "machine": "cpu-a", "ending": "oom", "why": "it ended: oom"}
    assert document == {"files": ["b.json"], "entries": 2, "not_exported": [failure]}
    assert CliRunner().invoke(app, ["export", "results", "--to", "bencher", "--json"]).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--to", "parquet"), "parquet is binary and cannot be printed"),
        (("--to", "csv", "--commit", "0" * 40), "csv holds no commit"),
        (("--to", "asv"), "asv is a folder of files and cannot be printed"),
        (("--to", "asv", "--out", "asv"), "asv files results by the commit, which records do not hold"),
        (("--to", "asv", "--out", "asv", "--commit", "abc"), "'abc' is not a full commit hash"),
        (("--to", "csv", "--out", "results"), "results cannot be written: Is a directory"),
    ],
)
def test_what_cannot_be_done_is_refused(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(StoreError) as refused:
        CliRunner().invoke(app, ["export", "results", *arguments], catch_exceptions=False)
    assert refused.value.message == message


def test_records_without_any_time_are_refused(folder: Path) -> None:
    """An empty file would look like success."""
    failed = make_records()[-1:]
    Writer(folder / "failed" / "1.jsonl", plan_of(failed)).extend(failed)
    with pytest.raises(StoreError) as refused:
        CliRunner().invoke(app, ["export", "failed", "--to", "bencher"], catch_exceptions=False)
    assert refused.value.message == f"no case of small has a time: {NAMES[2]} on cpu-a: oom: it ended: oom"
