"""The pytest plugin: limits against intervals, a case's ending as a test's, and what pytest-benchmark is told."""

from __future__ import annotations

import json
import math
import warnings
from typing import Any

import pytest

from scalebench.pytest_plugin import BoundedValue, InconclusiveWarning
from scalebench.pytest_plugin.suite_tests import of_this_machine
from scalebench.record import Environment, Record
from scalebench.store.jsonl import Results
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Plan

FAKE = """
from dataclasses import replace
import pytest
from scalebench.analysis.stats import Estimate
from scalebench.errors import UnknownNameError
from scalebench.jobs import measured_cases
from scalebench.jobs.measured_cases import EstimatedCase, EstimatedCases
from scalebench.record import Environment, Record
from scalebench.suite.case import Case

def measured(name, options):
    case = Case(name, 224, device="cpu")
    outcome = {"big": "oom", "absent": "skipped"}.get(name, "ok")
    laps = {} if outcome != "ok" else {"latency_s": [0.9, 0.1, 0.1]}
    records = [Record(options.suite, case, n, outcome, "", Environment("epyc-1", "abc123", "s1"), laps,
                      error={"type": "x", "message": "why"}, ending=outcome) for n in range(3)]
    estimate, missing = Estimate(0.1, 0.09, 0.11, 3), Estimate(float("nan"), float("nan"), float("nan"), 0)
    return EstimatedCase(case, records, {"macs": 4e9, "params": 25e6},
                        {"latency_s": estimate, "throughput_ips": estimate, "memory_bytes": missing})

def fake(options):
    if "resnet81" in options.names:
        raise UnknownNameError("no model 'resnet81'", "did you mean 'resnet18'?")
    cases = tuple(measured(name, options) for name in options.names)
    ratios = {(a.case, b.case): Estimate(1.5, 1.4, 1.6, 3) for a in cases for b in cases}
    return EstimatedCases(cases, ratios)

@pytest.fixture(autouse=True)
def faked(monkeypatch):
    monkeypatch.setattr(measured_cases, "measure_cases", fake)
"""


@pytest.fixture
def alone(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Pytest as in a project of its own: not a worker of xdist, and without the options of this one."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.makeconftest(FAKE)
    return pytester


def run(pytester: pytest.Pytester, test: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(test)
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)


@pytest.mark.parametrize(
    ("low", "high", "below", "above", "doubtful"),
    [(0.8, 0.9, True, False, False), (1.1, 1.2, False, True, False), (0.9, 1.1, True, True, True),
     (math.nan, math.nan, True, True, True)],
)  # fmt: skip
def test_a_limit_is_compared_with_the_interval(
    low: float, high: float, below: bool, above: bool, doubtful: bool
) -> None:
    quantity = BoundedValue("latency_s", 1.0, low, high, 3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert ((quantity < 1), (quantity <= 1), (quantity > 1), (quantity >= 1)) == (below, below, above, above)
    assert [w.category for w in caught] == [InconclusiveWarning] * (4 if doubtful else 0)


def test_strict_takes_an_interval_that_contains_the_limit_as_wrong() -> None:
    with pytest.warns(InconclusiveWarning, match=r"latency_s 1 \[0\.9, 1\.1\], n = 3 < 1: inconclusive"):
        assert not BoundedValue("latency_s", 1.0, 0.9, 1.1, 3, strict=True) < 1


def test_what_was_not_measured_meets_no_limit() -> None:
    assert not BoundedValue("memory_bytes", math.nan, math.nan, math.nan, 0) < 1e12


def test_limits_and_endings_decide_tests_and_pytest_benchmark_is_told(alone: pytest.Pytester) -> None:
    """Rounds whose laps of 0.9, 0.1 and 0.1 s have a median of 0.1 s: least and most of three rounds are 0.1."""
    done = run(alone, """
        import pytest

        def test_fast(scalebench):
            result = scalebench("resnet50")
            assert result.latency_ms < 120
            assert result.macs == 4_000_000_000

        def test_slow(scalebench):
            assert scalebench("resnet50").latency_ms < 80

        def test_open(scalebench):
            assert scalebench("resnet50").latency_s < 0.1

        @pytest.mark.scalebench(strict=True)
        def test_strict(scalebench):
            assert scalebench("resnet50").latency_s < 0.1

        def test_ratio(scalebench):
            a, b = scalebench("resnet50", "resnet18")
            assert a.over(b) > 1.3

        def test_big(scalebench):
            scalebench("big")

        def test_absent(scalebench):
            scalebench("absent")

        def test_misspelt(scalebench):
            scalebench("resnet81")
    """, "-rs", "--benchmark-json=out.json")  # fmt: skip
    done.assert_outcomes(passed=3, failed=4, skipped=1, warnings=2)
    done.stdout.fnmatch_lines_random([
        "*InconclusiveWarning: latency_s 0.1 [[]0.09, 0.11[]], n = 3 < 0.1: inconclusive*",
        "big@224*: oom: why", "no model 'resnet81'", "hint: did you mean 'resnet18'[?]",
    ])  # fmt: skip
    document: dict[str, Any] = json.loads((alone.path / "out.json").read_text())
    rows = document["benchmarks"]
    assert [row["extra_info"]["case"].partition("@")[0] for row in rows] == [*["resnet50"] * 5, "resnet18"]
    assert all((row["stats"]["min"], row["stats"]["max"], row["stats"]["rounds"]) == (0.1, 0.1, 3) for row in rows)
    assert rows[0]["extra_info"]["latency_s_low"] == 0.09
    assert rows[0]["extra_info"]["macs"] == 4e9
    assert rows[0]["extra_info"]["memory_bytes"] is None, "not measured; NaN is no JSON"
    assert document["machine_info"]["scalebench"]["hw_key"] == "abc123"
    assert [record["outcome"] for record in document["scalebench"]] == [*["ok"] * 18, *["oom"] * 3, *["skipped"] * 3]


def test_workers_of_xdist_measure_nothing(alone: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    alone.makeconftest("")
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    done = run(alone, "def test_it(scalebench): ...", "-rs")
    done.assert_outcomes(skipped=1)
    done.stdout.fnmatch_lines(["*run it with -n 0*"])


def test_suites_are_collected_only_where_they_are_asked_for(alone: pytest.Pytester) -> None:
    alone.makeconftest("")
    (alone.path / "bad.yaml").write_text("schema: 1\nname: bad\nmodles: []\n")
    (alone.path / "compose.yaml").write_text("services: {}\n")
    assert run(alone, "def test_it(): ...").ret == 0
    asked = alone.runpytest_subprocess("--scalebench")
    asked.stdout.no_fnmatch_line("*compose.yaml*")
    asked.stdout.fnmatch_lines(["*bad.yaml:3: modles: unknown key*", "hint: did you mean 'models'[?]"])


def test_other_machines_and_older_software_do_not_pass_a_suites_tests() -> None:
    def record(hw_key: str, sw_key: str) -> Record:
        return Record("s", Case("resnet18", 64), 0, "ok", "", Environment("m", hw_key, sw_key))

    old, other, new = record("here", "torch-1"), record("there", "torch-2"), record("here", "torch-2")
    plan = Plan("s", "", "", (), (), (), (), 3, machines=("here",))
    assert of_this_machine(Results((plan,), (old, other, new), (), ())) == [new]


def test_a_test_that_names_no_model_fails(alone: pytest.Pytester) -> None:
    alone.makeconftest("")
    done = run(alone, "def test_it(scalebench): scalebench()")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["no model is named", "hint: such as resnet18@224"])


def test_torch_is_not_imported_by_the_plugin(alone: pytest.Pytester) -> None:
    alone.makeconftest("")
    alone.makepyfile("""
        import sys
        def test_it(scalebench):
            assert not {"torch", "pandas", "scipy", "numpy"} & sys.modules.keys()
    """)
    alone.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
