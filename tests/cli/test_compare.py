"""scalebench compare: what it prints, and with what it ends."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from scalebench.cli.compare import compare
from scalebench.errors import StoreError, UnknownNameError
from scalebench.record import Environment, Record
from scalebench.report.comparison_text import title
from scalebench.store.floors import Floor, read_floors, write_floor
from scalebench.store.jsonl import Writer, read_results
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol
from scalebench.suite.suite_plan import Plan

HARDWARE = {"device": "cpu", "cpu": {"virtual": False}}
HERE = Environment("epyc-1", "abc123", "s1", HARDWARE, {"torch": "2.12"})
NEW = Environment("epyc-1", "abc123", "s2", HARDWARE, {"torch": "2.13"})
PLAN = Plan("a_suite", "", "", (), (), (), (), 3)
NOISE = (0.99, 1.0, 1.01, 1.005, 0.995, 1.0, 1.002, 0.998)

Store = Callable[..., Path]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Writes a result file: latencies by model, under an environment."""

    def make(name: str, latencies: dict[str, float], environment: Environment = HERE, **case: object) -> Path:
        file = tmp_path / name
        writer = Writer(file, PLAN)
        for model, latency in latencies.items():
            for number, factor in enumerate(NOISE):
                facts = {"latency_s": latency * factor, "memory_bytes": 1e6 * latency}
                what = Case(model, 224, **case)  # type: ignore[arg-type]
                writer.append(Record("a_suite", what, number, "ok", "2026-11-24", environment, facts=facts))
        return file

    return make


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Runs the command on a machine without floors; exit code and stdout."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(compare)

    def run(*arguments: object) -> tuple[int, str]:
        done = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
        return done.exit_code, done.stdout

    return run


Said = Callable[..., tuple[int, str]]


def test_a_slower_case_ends_with_1(store: Store, said: Said) -> None:
    a, b = store("a.jsonl", {"x": 0.1, "y": 0.2}), store("b.jsonl", {"x": 0.15, "y": 0.2}, NEW)
    code, text = said(a, b, "--floor", 1)
    assert code == 1
    assert "software differs: torch 2.12 -> 2.13" in text
    assert "1 of 2 cases slower in latency" in text
    assert "noise between runs 1.0 % (given), margin 3.0 %" in text


def test_equal_sets_end_with_0_and_strictly_only_where_decided(store: Store, said: Said) -> None:
    """Under the 5 % that is assumed for a CPU both are the same; a noisier machine leaves it open."""
    a, b = store("a.jsonl", {"x": 0.1}), store("b.jsonl", {"x": 0.1001})
    assert said(a, b)[0] == 0
    assert said(a, b, "--strict")[0] == 0
    c = store("c.jsonl", {"x": 0.109})
    assert said(a, c)[0] == 0
    assert said(a, c, "--strict")[0] == 2


def test_memory_is_larger_not_slower(store: Store, said: Said) -> None:
    a, b = store("a.jsonl", {"x": 0.1}), store("b.jsonl", {"x": 0.2})
    code, text = said(a, b, "--metric", "memory_bytes")
    assert code == 1
    assert text.rstrip().splitlines()[-1] == "larger in memory, +100.0 % [+100.0 %, +100.0 %]"


def test_json_is_one_document(store: Store, said: Said) -> None:
    a, b = store("a.jsonl", {"x": 0.1, "z": 1.0}), store("b.jsonl", {"x": 0.15, "w": 1.0}, NEW)
    code, text = said(a, b, "--json", "--floor", 1)
    document = json.loads(text)
    assert code == 1
    wanted = {
        "a", "b", "headline", "banners", "differences", "rows", "means", "only_a", "only_b", "failed", "notes",
        "footnotes",
    }  # fmt: skip
    assert wanted <= document.keys()
    row = document["rows"][0]
    assert (row["verdict"], row["gated"], row["machine"]) == ("slower", True, "epyc-1")
    assert row["ratio"]["low"] < 1.5 < row["ratio"]["high"]
    assert [len(document[name]) for name in ("only_a", "only_b")] == [1, 1]
    assert document["rows"][0]["check"]["low"] is None


def test_markdown_can_be_pasted(store: Store, said: Said) -> None:
    """Heading with the verdict, banner, table, footnote with margin and machine."""
    _, text = said(store("a.jsonl", {"x": 0.1}), store("b.jsonl", {"x": 0.15}, NEW), "--markdown", "--floor", 1)
    lines = text.splitlines()
    assert lines[0].startswith("### scalebench: slower in latency, +50.0 %")
    assert lines[2] == "> software differs: torch 2.12 -> 2.13"
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 3
    assert len({line.count("|") for line in table}) == 1
    assert "| 8 + 8 | slower |" in table[2]
    assert lines[-1].endswith("epyc-1: noise between runs 1.0 % (given), margin 3.0 %.")


def test_many_cases_of_one_side_do_not_bury_the_verdict(store: Store, said: Said) -> None:
    a = store("a.jsonl", {"x": 0.1} | {f"m{number}": 0.1 for number in range(30)})
    _, text = said(a, store("b.jsonl", {"x": 0.1001}))
    assert text.count("only in A") == 11
    assert "only in A: 20 more" in text


@pytest.mark.parametrize(("metric", "hint"), [("latency", "latency_s"), ("macs", "metrics:")])
def test_a_metric_that_is_not_measured_is_refused(metric: str, hint: str, store: Store, said: Said) -> None:
    file = store("a.jsonl", {"x": 0.1})
    with pytest.raises(UnknownNameError) as refused:
        said(file, file, "--metric", metric)
    assert hint in refused.value.hint


def test_other_methods_need_force(store: Store, said: Said) -> None:
    a, b = store("a.jsonl", {"x": 0.1}), store("b.jsonl", {"x": 0.1001}, protocol=Protocol(turn_s=1.0))
    with pytest.raises(StoreError, match="different methods"):
        said(a, b)
    assert said(a, b, "--force")[0] == 0


def test_two_forms_at_once_are_refused(store: Store, said: Said) -> None:
    file = store("a.jsonl", {"x": 0.1})
    assert said(file, file, "--json", "--markdown")[0] == 2


def test_a_floor_of_this_machine_is_used(
    store: Store, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ``scalebench aa`` stored under the hardware key takes the place of the assumed 5 %."""
    a, b = store("a.jsonl", {"x": 0.1}), store("b.jsonl", {"x": 0.106})
    assert "5.0 % (assumed" in said(a, b)[1]
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "other"))
    floor = Floor(0.012, 4, "2026", "epyc-1", (), 0.009, 0.020, 12)
    write_floor("abc123", floor)
    assert read_floors(read_results([a]).records) == {"abc123": floor}
    code, text = said(a, b)
    assert code == 1
    assert "1.2 % (measured by scalebench aa, 95 % interval 0.9 to 2.0 %, 12 degrees of freedom)" in text


@pytest.mark.parametrize(
    ("a", "b", "text"),
    [
        (Case("r", 224), Case("r", 224), "r@224 batch 1 fp32 eager cpu"),
        (Case("r", 224), Case("r", 224, threads=2), "r@224 batch 1 fp32 eager cpu (threads 1 -> 2)"),
        (Case("r", 224), Case("s", 96, batch=8), "r@224 -> s@96 batch 1 fp32 eager cpu (batch 1 -> 8)"),
    ],
)
def test_titles_say_what_differs(a: Case, b: Case, text: str) -> None:
    assert title(a, b) == text
