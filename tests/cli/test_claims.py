"""scalebench claims and suite-for, as a user types them; records come from one run of the tiny suite."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scalebench.cli import app
from scalebench.errors import ClaimError, StoreError, SuiteError, UnknownNameError

RESULTS = Path(__file__).parents[2] / "results" / "reference"


def test_the_registry_is_listed_with_how_each_claim_is_decided() -> None:
    """As JSON with everything, as a table with the reasons of what cannot be decided."""
    listed = json.loads(CliRunner().invoke(app, ["claims", "--json"]).stdout)
    assert len(listed) == 127
    words = {claim["id"]: claim["decided_by"] for claim in listed}
    assert words["EN-12"] == "measuring"
    assert words["EN-13"] == "counting"
    assert words["EN-24"] == "arithmetic"
    assert words["EN-26"] == "not here"
    shown = CliRunner().invoke(app, ["claims", "EN-2*"]).stdout
    assert "10 claims, 6 can be decided" in shown
    assert "EN-26: It needs models trained on ImageNet" in shown


def test_stored_records_are_judged_and_a_refutation_is_told_by_the_exit_code() -> None:
    """Records of several suites together; 1 where some claim is refuted, 0 where none is."""
    found = CliRunner().invoke(app, ["claims", "EN-12", "--check", str(RESULTS / "paper_latency"), "--json"])
    (verdict,) = json.loads(found.stdout)
    assert (found.exit_code, verdict["verdict"], verdict["claim"]) == (0, "supported", "EN-12")
    assert verdict["suite"] == "paper_latency"
    both = ["claims", "EN-19", "EN-03", "EN-12", "--check", str(RESULTS / "paper_latency"), "--check",
            str(RESULTS / "compound_vs_single")]  # fmt: skip
    shown = CliRunner().invoke(app, both)
    assert shown.exit_code == 1
    assert "2 refuted, 1 supported, 1 inconclusive" in shown.stdout  # EN-12 twice: runs are never pooled
    assert "on paper" in shown.stdout
    assert CliRunner().invoke(app, ["claims", "EN-19", *both[4:]]).exit_code == 0  # a sentence of our own


def test_a_suite_for_claims_is_written_and_never_over_another(tmp_path: Path) -> None:
    """The file can be run; a second call does not replace it."""
    file = tmp_path / "en12.yaml"
    first = CliRunner().invoke(app, ["suite-for", "EN-12", "-o", str(file)])
    assert first.exit_code == 0
    assert "# Written by: scalebench suite-for EN-12" in file.read_text()
    again = CliRunner().invoke(app, ["suite-for", "EN-13", "-o", str(file)])
    assert isinstance(again.exception, SuiteError)
    assert "there already" in again.exception.message
    assert "EN-12" in file.read_text()


@pytest.mark.parametrize(
    ("arguments", "kind", "said"),
    [
        (["claims", "EN-99"], UnknownNameError, "unknown claim 'EN-99'"),
        (["claims", "--check", "nowhere"], StoreError, "nowhere: no such file"),
        (["claims", "--claims", "nowhere.yaml"], ClaimError, "nowhere.yaml: no such file"),
        (["suite-for", "EN-27"], ClaimError, "no suite decides these claims"),
        (["suite-for", "EN"], UnknownNameError, "unknown claim 'EN'"),
    ],
)
def test_bad_input_is_refused(arguments: list[str], kind: type[Exception], said: str) -> None:
    """A misspelt id, a file that is not there, a claim that no suite decides."""
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, kind)
    assert said in str(result.exception)
