"""scalebench ab and aa: which sides there are, what is refused, and what is stored and said."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from scalebench.cli.aa import CASES, FEWEST, floor_of, keep, two_runs
from scalebench.cli.ab import Request, ab, check_sides, decided, duels_of, find_interpreter, screened
from scalebench.cli.side_by_side import cases_of, starting_case
from scalebench.errors import BuildError, MachineError, SuiteError, UnknownNameError
from scalebench.execute.abba import Bench
from scalebench.execute.client import Worker
from scalebench.record import Environment, Record
from scalebench.store.floors import read_floor
from scalebench.store.jsonl import read_results
from scalebench.suite.case import Case
from scalebench.suite.protocol import PROTOCOLS, Protocol

HERE = Environment("epyc-1", "abc123", "s1")
REQUEST = Request(("latency_s",), 0.03, 6)
TINY = Protocol(
    rounds=2, warmup_s=0.01, warmup_max_s=0.1, chunk_s=0.02, chunk_max_s=0.2, min_iterations=3, timeout_s=60
)


class FakeBench(Bench):
    """Measures at once: models called ``slow`` take 20 % longer on side B; the third digit depends on the round."""

    def measure(self, case: Case, number: int, made: Any = ()) -> Record:
        slow = 1.2 if case.model == "slow" and "-b" in self.suite else 1.0
        latency = 0.1 * slow * (1 + (number * 7 + len(self.suite)) % 5 / 1000)
        return Record(self.suite, case, number, "ok", "", self.environment, facts={"latency_s": latency})


@pytest.fixture
def bench() -> Callable[[str], FakeBench]:
    return lambda suite: FakeBench(suite, HERE, Worker(), Worker())


# --- sides ---------------------------------------------------------------------------------------------------------


def test_two_models_are_a_and_b() -> None:
    cases = [Case("a", 64), Case("b", 64)]
    check_sides(["a", "b"], {}, None)
    assert duels_of(cases, {}, both_ways=False) == [(cases[0], cases[1])]


def test_settings_of_b_apply_to_every_model() -> None:
    cases = [Case("a", 64, threads=1), Case("b", 64, threads=1)]
    check_sides(["a", "b"], {"threads": 2}, None)
    duels = duels_of(cases, {"threads": 2, "batch": 8}, both_ways=True)
    assert [(a.threads, b.threads, a.batch, b.batch, a.model == b.model) for a, b in duels] == [(1, 2, 1, 8, True)] * 2


def test_another_interpreter_measures_the_same_cases() -> None:
    check_sides(["a"], {}, "python3")
    assert duels_of([Case("a", 64)], {}, both_ways=True) == [(Case("a", 64), Case("a", 64))]


@pytest.mark.parametrize(("names", "said"), [(["a"], "the same"), (["a", "a"], "the same"), (["a", "b", "c"], "3 ")])
def test_what_has_no_two_sides_is_refused(names: list[str], said: str) -> None:
    with pytest.raises(SuiteError, match=said) as refused:
        check_sides(names, {}, None)
    assert "--python" in refused.value.hint


def test_two_names_of_one_case_are_refused() -> None:
    with pytest.raises(SuiteError, match="the same"):
        duels_of([Case("a", 224)], {}, both_ways=False)


def test_an_interpreter_is_found_and_not_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The link of a virtual environment is what makes it one."""
    real, link = tmp_path / "real", tmp_path / "python"
    real.write_text("#!/bin/sh\n")
    real.chmod(0o755)
    link.symlink_to(real)
    monkeypatch.chdir(tmp_path)
    assert find_interpreter("./python") == str(tmp_path / "python")
    with pytest.raises(MachineError, match="can be started"):
        find_interpreter(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("arguments", [["a", "b", "--json", "--markdown"], ["a", "b", "--rounds", "1"]])
def test_bad_input_is_refused_before_anything_is_started(arguments: list[str], tmp_path: Path) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(ab)
    done = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_two_equal_sides_are_refused_before_anything_is_started(tmp_path: Path) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(ab)
    with pytest.raises(SuiteError, match="A and B are the same"):
        CliRunner().invoke(app, ["a", "--out", str(tmp_path / "out")], catch_exceptions=False)
    assert not (tmp_path / "out").exists()


# --- measuring, with a bench that answers at once ------------------------------------------------------------------


def test_a_slower_side_is_found(bench: Callable[[str], FakeBench]) -> None:
    stored: list[Record] = []
    duels = [(Case(m, 64), Case(m, 64)) for m in ("slow", "equal")]
    found = decided(duels, (bench("ab-a"), bench("ab-b")), REQUEST, stored.append, lambda _: None)
    assert [row.a.model for row in found.worse] == ["slow"]
    assert [row.verdict for row in found.rows] == ["worse", "same"]
    assert len(stored) == 2 * 2 * 6


def test_screening_measures_only_the_suspicious_again(bench: Callable[[str], FakeBench]) -> None:
    """Four pairs of everything, then six fresh ones of the slow case, stored under names of their own."""
    stored: list[Record] = []
    duels = [(Case(m, 64), Case(m, 64)) for m in ("equal", "slow")]
    found = screened(duels, (bench("ab-a"), bench("ab-b")), REQUEST, stored.append, lambda _: None)
    made = Counter((record.suite, record.case.model) for record in stored)
    assert made == {
        ("ab-a-screen", "equal"): 4,
        ("ab-b-screen", "equal"): 4,
        ("ab-a-screen", "slow"): 4,
        ("ab-b-screen", "slow"): 4,
        ("ab-a", "slow"): 6,
        ("ab-b", "slow"): 6,
    }
    assert [(row.a.model, row.before.n) for row in found.rows] == [("slow", 6), ("equal", 4)]
    assert [row.a.model for row in found.worse] == ["slow"]


def test_two_runs_have_a_file_each(bench: Callable[[str], FakeBench], tmp_path: Path) -> None:
    cases = [Case(name, 64) for name in "abc"]
    first, second = two_runs(cases, 3, bench("aa"), tmp_path, lambda _: None, 0)
    stored = [read_results([file]) for file in sorted(tmp_path.iterdir())]
    assert [list(results.records) for results in stored] == [first, second]
    assert [results.plans[0].title for results in stored] == ["A/A, run 1 of 2", "A/A, run 2 of 2"]
    assert len(first) == 9


def test_a_floor_is_kept_when_enough_cases_are_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    few, enough = ({f"c{n}": n / 100 for n in range(1, count + 1)} for count in (FEWEST - 1, FEWEST))
    assert keep(floor_of(few, "m"), "abc") is None
    assert read_floor("abc") is None
    floor = floor_of(enough, "m")
    assert keep(floor, "abc") is not None
    assert read_floor("abc") == floor
    assert (floor.floor, floor.n) == (0.04, FEWEST)


def test_no_case_makes_no_floor() -> None:
    with pytest.raises(MachineError, match="no case"):
        floor_of({}, "m")


# --- with the worker -----------------------------------------------------------------------------------------------


def test_cases_are_checked_and_counted(worker: Worker) -> None:
    """Names, native sizes, and models that cannot be built: all before the first round."""
    like = starting_case("cpu", 2, 1, "quick")
    cases = cases_of(["resnet18@64", "efficientnet_b0"], like, worker)
    assert [(c.model, c.resolution, c.batch, c.threads, c.device) for c in cases] == [
        ("resnet18", 64, 2, 1, "cpu"),
        ("efficientnet_b0", 224, 2, 1, "cpu"),
    ]
    assert len(cases_of(CASES, like, worker)) == FEWEST
    for name, error in (("resnet81", UnknownNameError), ("resnet18@8", UnknownNameError), ("*", UnknownNameError),
                        ("vit_tiny_patch16_224[w=1.5]", BuildError)):  # fmt: skip
        with pytest.raises(error):
            cases_of([name], like, worker)


def test_ab_measures_stores_and_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the command line to the file and back, with rounds as short as they can be."""
    monkeypatch.setitem(PROTOCOLS, "quick", TINY)
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(ab)
    wanted = ["resnet18@64", "resnet34@64", "--protocol", "quick", "--rounds", "2", "--threads", "1", "--json"]
    done = CliRunner().invoke(app, [*wanted, "--out", str(tmp_path)], catch_exceptions=False)
    document = json.loads(done.stdout)
    row = document["rows"][0]
    assert (row["a"]["model"], row["b"]["model"]) == ("resnet18", "resnet34")
    assert row["ratio"]["value"] > 0
    assert done.exit_code in (0, 1)
    results = read_results([Path(document["file"])])
    assert [case.model for case in results.plans[0].cases] == ["resnet18", "resnet34"]
    assert {record.suite for record in results.records} == {"ab-a", "ab-b"}
    used = [r for r in results.records if r.suite == "ab-a"]
    assert len(used) >= 2
    assert all(math.isfinite(r.facts["latency_s"]) for r in used if r.outcome == "ok")
