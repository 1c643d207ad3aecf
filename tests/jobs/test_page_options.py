"""When a page that is there may stay: every input that decides it is in its digest."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import scalebench
from scalebench.jobs.page_options import PageOptions, is_current, page_digest
from scalebench.store.floors import Floor, write_floor
from scalebench.store.jsonl import Writer, read_results
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Plan
from tests.report.literal_report import MACHINE, make_record

PLAN = Plan("small", "A small suite", "", (Case("resnet50", 128),), (), (), (), 3)


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PageOptions:
    """A file with a round, a file of claims, and a package of one module, all in ``tmp_path``."""
    Writer(tmp_path / "1.jsonl", PLAN).append(make_record("resnet50", 128, 1e9, 0))
    (tmp_path / "claims.yaml").write_text("[]")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    monkeypatch.setattr(scalebench, "__file__", str(tmp_path / "package" / "__init__.py"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return PageOptions(tmp_path / "reports", tmp_path / "claims.yaml")


def _digest(options: PageOptions, plan: Plan = PLAN) -> str:
    return page_digest(read_results([options.folder.parent / "1.jsonl"]), plan, options)


def _one_more_round(folder: Path) -> None:
    Writer(folder / "1.jsonl", PLAN).append(make_record("resnet50", 128, 1e9, 1))


def _an_earlier_run(folder: Path) -> None:
    Writer(folder / "0.jsonl.old", PLAN).append(make_record("resnet50", 128, 1e9, 0))


CHANGES: dict[str, Callable[[Path], object]] = {
    "records": _one_more_round,
    "claims": lambda folder: (folder / "claims.yaml").write_text("[ ]"),
    "code": lambda folder: (folder / "package" / "__init__.py").write_text("1"),
    "data": lambda folder: (folder / "package" / "more.csv").write_text("1"),
    "earlier run": _an_earlier_run,
    "noise floor": lambda folder: write_floor(MACHINE.hw_key, Floor(0.02, 5, "2026-11-23", "cpu-a", ())),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_page_is_made_anew_when_anything_behind_it_changes(what: str, options: PageOptions) -> None:
    before = _digest(options)
    assert _digest(options) == before
    CHANGES[what](options.folder.parent)
    assert _digest(options) != before


def test_plan_and_scripts_are_inputs_too(options: PageOptions) -> None:
    digests = [
        _digest(options), _digest(replace(options, scripts=False)), _digest(replace(options, claims=None)),
        _digest(options, replace(PLAN, title="Another title")), _digest(options, replace(PLAN, seed=1)),
    ]  # fmt: skip
    assert len(set(digests)) == 5


def test_a_page_is_current_where_its_json_names_the_digest(tmp_path: Path) -> None:
    """A page without its JSON, or the JSON of another page or of one that is still growing, is written again."""
    page = tmp_path / "small.html"
    assert not is_current(page, "abc")
    page.with_suffix(".json").write_text(json.dumps({"made_from": "abc"}))
    assert not is_current(page, "abc"), "there is no page"
    page.write_text("<!doctype html>")
    assert is_current(page, "abc")
    assert not is_current(page, "abd")
    for content in ("{", "[]", "{}"):
        page.with_suffix(".json").write_text(content)
        assert not is_current(page, "abc")
