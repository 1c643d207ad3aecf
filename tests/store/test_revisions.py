"""Results are read at a git revision."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from scalebench.errors import StoreError
from scalebench.record import Record
from scalebench.store.jsonl import Writer
from scalebench.store.revisions import load_results
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Plan


def _git(folder: Path, arguments: Sequence[str]) -> None:
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    names = ["-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True, env={**os.environ, **own})


@pytest.fixture
def repository(plan: Plan, measured: Callable[..., Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two committed result files in results/s, and nothing in the work tree."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    for name, model in (("1.jsonl", "x"), ("deep/2.jsonl", "y")):
        Writer(tmp_path / "results" / "s" / name, plan).append(measured(case=Case(model, 224)))
    (tmp_path / "results" / "future.json").write_text('{"kind": "record", "schema": 999}')
    _git(tmp_path, ["init", "--quiet"])
    _git(tmp_path, ["add", "."])
    _git(tmp_path, ["commit", "--quiet", "-m", "results"])
    shutil.rmtree(tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "models"),
    [
        ("HEAD:results/s", {"x", "y"}),
        ("HEAD:results/", {"x", "y"}),
        ("HEAD:", {"x", "y"}),
        ("HEAD:./results/s", {"x", "y"}),
        ("HEAD:results/s/1.jsonl", {"x"}),
    ],
)
def test_results_are_read_at_a_revision(text: str, models: set[str], repository: Path) -> None:
    assert {record.case.model for record in load_results(text).records} == models


@pytest.mark.parametrize("text", ["HEAD:nowhere", "nobranch:results", "nowhere", ":x"])
def test_a_revision_that_is_not_there_is_refused(text: str, repository: Path) -> None:
    with pytest.raises(StoreError) as refused:
        load_results(text)
    assert text in refused.value.message
    assert refused.value.hint


def test_a_file_that_cannot_be_used_is_named_by_its_revision(repository: Path) -> None:
    """The folder it was unpacked to is nobody's business."""
    with pytest.raises(StoreError, match=r"^HEAD:results/future\.json.*schema 999") as refused:
        load_results("HEAD:results/future.json")
    assert "/tmp" not in refused.value.message
