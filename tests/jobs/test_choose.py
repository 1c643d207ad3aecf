"""What is chosen within a budget, what it costs, and a suite file that names exactly the chosen cases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scalebench.errors import StoreError, SuiteError
from scalebench.execute.planner import Prepared, select_all
from scalebench.jobs.choose import choose, write_suite
from scalebench.jobs.plan import NO_RESULTS, find_records, predict_passes
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
protocol: {rounds: 2, turns: 0, warmup_s: 1, warmup_max_s: 1, chunk_s: 1, chunk_max_s: 1, min_iterations: 1}
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


def test_the_written_suite_has_the_chosen_cases_and_no_others(suite: Path, prepared: Prepared) -> None:
    """A round takes 4 s, a case 8 s: five fit; their other batches are excluded, variants by their name."""
    out = suite.parent / "chosen.yaml"
    choices, _ = choose(predict_passes(prepared, NO_RESULTS), 41.0)
    assert len(choices) == 5
    assert choices[-1].total_s == pytest.approx(sum(choice.seconds for choice in choices))
    assert choices[-1].total_s <= 41
    write_suite(out, suite, prepared.plan.cases, [choice.case for choice in choices])
    assert {case.key for case in cases_of(out)} == {choice.case.key for choice in choices}


def test_all_of_them_are_written_as_all_of_them(suite: Path, prepared: Prepared) -> None:
    out = suite.parent / "all.yaml"
    choices, n_open = choose(predict_passes(prepared, NO_RESULTS), 1e4)
    assert len(choices) == n_open == len(prepared.plan.cases) == 13
    write_suite(out, suite, prepared.plan.cases, [choice.case for choice in choices])
    assert {case.key for case in cases_of(out)} == {case.key for case in prepared.plan.cases}
    with pytest.raises(SuiteError, match="exists"):
        write_suite(out, suite, prepared.plan.cases, [])


def test_a_slow_pass_makes_a_case_expensive(prepared: Prepared) -> None:
    """A pass of a minute does not fit into 41 s, however informative it is."""
    slow = prepared.plan.cases[0]
    planned = replace(predict_passes(prepared, NO_RESULTS), passes={slow: (60.0, 50.0, 70.0)})
    assert slow not in {choice.case for choice in choose(planned, 41.0)[0]}


def measured(case: Case, latency: float, where: Environment = BOX) -> Record:
    facts = {"latency_s": latency, "throughput_ips": 1 / latency}
    return Record("old", case, 0, "ok", "2026-11-24T19:00:00+00:00", where, facts=facts)


def test_what_was_measured_here_is_neither_chosen_nor_assumed(prepared: Prepared) -> None:
    """A record of another machine changes nothing; one of this machine under another protocol counts."""
    first, second, *_ = prepared.plan.cases
    other = Environment("other", "hw2", "sw")
    old = replace(first, protocol=replace(first.protocol, chunk_s=0.5))
    planned = predict_passes(prepared, Results((), (measured(old, 0.25), measured(second, 0.5, other)), (), ()))
    assert planned.passes == {first: (0.25, 0.25, 0.25)}
    chosen = {choice.case for choice in choose(planned, 1e4)[0]}
    assert first not in chosen
    assert second in chosen


def test_nothing_fits(prepared: Prepared) -> None:
    with pytest.raises(SuiteError, match="nothing to choose") as caught:
        choose(predict_passes(prepared, NO_RESULTS), 1.0)
    assert "13 are open" in caught.value.hint


def test_records_of_the_working_folder_are_optional(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_records([]) is NO_RESULTS
    (tmp_path / "results").mkdir()
    assert find_records([]) is NO_RESULTS
    with pytest.raises(StoreError):
        find_records(["results"])
