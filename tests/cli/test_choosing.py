"""plan --budget: what is chosen, what it costs, and a suite file that names exactly the chosen cases."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scalebench.cli.choosing import choose
from scalebench.cli.foreseeing import Foreseen, foresee, knowledge_for, records_at_hand
from scalebench.errors import SuiteError
from scalebench.execute.planner import Prepared, select_all
from scalebench.record import Environment, Record
from scalebench.store.jsonl import Results
from scalebench.suite.case import Case
from scalebench.suite.expand import expand
from scalebench.suite.load import load_suite
from scalebench.suite.model_facts import Known
from scalebench.suite.suite_plan import Plan

BOX = Environment("box", "hw", "sw")
NAMES = {f"net{letter}": Known(64) for letter in "abcdef"}
SUITE = """schema: 1
name: made
models:
  - timm: [neta, netb, netc, netd, nete, netf]
    resolution: [64]
  - timm: ["neta[w=2]"]
    resolution: [32]
grid: {batch: [1, 4]}
exclude:
  - {model: netf, batch: 4}
protocol: {rounds: 2, warmup_s: 1, warmup_max_s: 1, chunk_s: 1, chunk_max_s: 1, min_iterations: 1}
"""


def cases_of(path: Path) -> tuple[Case, ...]:
    file = load_suite(path)
    return expand(file, select_all(file, NAMES), {}, {"auto": "cpu"}, 2)[0]


def counted(number: int) -> dict[str, Any]:
    """Dense, depthwise and pointwise operators in proportions of their own."""
    operators = [
        ["dense", 10**7 * (number + 1), 10**5, 10**4, 10],
        ["depthwise", 10**6, 10**5 * (1 + number % 3), 10**3, 5 + 10 * (number % 2)],
        ["norm", 0, 10**5, 10**3, 15],
    ]
    macs = sum(group[1] * group[4] for group in operators)
    return {"macs": macs, "activations": 10**5, "params": 10**6, "weight_bytes": 10**6, "operators": operators}


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "made.yaml"
    path.write_text(SUITE, encoding="utf-8")
    return path


@pytest.fixture
def prepared(suite: Path) -> Prepared:
    cases = cases_of(suite)
    facts = {case: counted(n) for n, case in enumerate(dict.fromkeys(case.counted() for case in cases))}
    return Prepared(Plan("made", "", SUITE, cases, tuple(facts), (), (), 2), facts, {"cpu": BOX})


def chosen(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return list(json.loads(capsys.readouterr().out)["chosen"])


def test_the_written_suite_has_the_chosen_cases_and_no_others(
    suite: Path, prepared: Prepared, capsys: pytest.CaptureFixture[str]
) -> None:
    """A round takes 4 s here, a case 8 s: five fit, whose other batches are excluded, variants by their name."""
    out = suite.parent / "chosen.yaml"
    choose(suite, prepared, knowledge_for(prepared, None), {}, 41.0, out, True)
    rows = chosen(capsys)
    assert len(rows) == 5
    assert rows[-1]["total_s"] == pytest.approx(sum(row["seconds"] for row in rows))
    assert rows[-1]["total_s"] <= 41
    assert {case.key for case in cases_of(out)} == {row["key"] for row in rows}


def test_all_of_them_are_written_as_all_of_them(
    suite: Path, prepared: Prepared, capsys: pytest.CaptureFixture[str]
) -> None:
    out = suite.parent / "all.yaml"
    choose(suite, prepared, knowledge_for(prepared, None), {}, 1e4, out, True)
    assert len(chosen(capsys)) == len(prepared.plan.cases) == 13
    assert {case.key for case in cases_of(out)} == {case.key for case in prepared.plan.cases}
    with pytest.raises(SuiteError, match="is there already"):
        choose(suite, prepared, knowledge_for(prepared, None), {}, 1e4, out, True)


def test_a_foreseen_pass_makes_a_case_dear(suite: Path, prepared: Prepared, capsys: pytest.CaptureFixture[str]) -> None:
    """A pass of a minute does not fit into 41 s, whatever it would tell."""
    slow = prepared.plan.cases[0]
    choose(suite, prepared, knowledge_for(prepared, None), {slow: Foreseen(60, 50, 70)}, 41.0, None, True)
    assert slow.key not in {row["key"] for row in chosen(capsys)}


def measured(case: Case, latency: float, where: Environment = BOX) -> Record:
    facts = {"latency_s": latency, "throughput_ips": 1 / latency}
    return Record("old", case, 0, "ok", "2026-11-24T19:00:00+00:00", where, facts=facts)


def test_what_was_measured_here_is_neither_chosen_nor_assumed(
    suite: Path, prepared: Prepared, capsys: pytest.CaptureFixture[str]
) -> None:
    """A record of another machine changes nothing; another protocol's of this one counts."""
    first, second, *_ = prepared.plan.cases
    other = Environment("other", "hw2", "sw")
    old = replace(first, protocol=replace(first.protocol, chunk_s=0.5))
    results = Results((), (measured(old, 0.25), measured(second, 0.5, other)), (), ())
    knowledge = knowledge_for(prepared, results)
    assert foresee(prepared, knowledge) == {first: Foreseen(0.25, 0.25, 0.25)}
    choose(suite, prepared, knowledge, {}, 1e4, None, True)
    keys = {row["key"] for row in chosen(capsys)}
    assert first.key not in keys
    assert second.key in keys


def test_nothing_fits(suite: Path, prepared: Prepared) -> None:
    with pytest.raises(SuiteError, match="nothing to choose") as caught:
        choose(suite, prepared, knowledge_for(prepared, None), {}, 1.0, None, False)
    assert "13 are open" in caught.value.hint


def test_records_at_hand_are_optional(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert records_at_hand([]) is None
    (tmp_path / "results").mkdir()
    assert records_at_hand([]) is None
