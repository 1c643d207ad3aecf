"""Shipped suites by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from scalebench.errors import SuiteError
from scalebench.suite.load import load_suite
from scalebench.suite.shipped_suites import shipped_suites

YAML = "schema: 1\nname: mine\ntitle: Mine\nmodels:\n  - timm: [resnet18]\n    resolution: [64]\n"


def test_the_main_suite_is_shipped() -> None:
    assert {"compound_vs_single", "quickstart"} <= shipped_suites().keys()


def test_a_name_finds_the_shipped_suite_in_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = load_suite("quickstart")
    assert file.suite.name == "quickstart"
    assert Path(file.path).is_file()


def test_a_file_wins_over_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("quickstart").write_text(YAML, encoding="utf-8")
    assert load_suite("quickstart").suite.name == "mine"


def test_a_misspelt_name_is_answered_with_the_shipped_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SuiteError, match="quikstart: no such file") as caught:
        load_suite("quikstart")
    assert caught.value.hint == "did you mean 'quickstart'?"
