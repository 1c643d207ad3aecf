"""scalebench report: one set of records, two side by side, an index, and pages that are written again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scalebench.cli import app
from scalebench.errors import ScalebenchError, StoreError
from scalebench.execute.events import Event, Note, RoundEnded, RoundStarted
from scalebench.jobs import live_page
from scalebench.jobs.live_page import LivePage
from scalebench.jobs.page_options import PageOptions
from scalebench.jobs.publish import short_names
from scalebench.record import Environment, Record
from scalebench.store.jsonl import Results, Writer, read_results, result_files
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Plan
from tests.report.literal_report import MACHINE, make_counts, make_rounds, specifications

PLAN = Plan(
    "small", "A small suite", "schema: 1\n", tuple(Case(m, s) for m, s, _ in specifications()), (), (), ("EN-02",), 3
)


def _store(path: Path, environment: Environment = MACHINE, times: float = 1.0, rounds: int = 2) -> Path:
    writer = Writer(path, PLAN)
    for record in (*make_counts(), *make_rounds(rounds, environment)):
        facts = dict(record.facts)
        if "latency_s" in facts:
            facts["latency_s"] *= times
        writer.append(replace(record, facts=facts, started=record.started.replace("T22", f"T{10 + int(10 * times)}")))
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs of one machine, and one of another."""
    other = replace(MACHINE, machine="gpu-b", hw_key="bbbbbbbbbbbb", hardware={"device": "cpu", "cores": 64})
    _store(tmp_path / "results" / "old" / "1-cpu-a.jsonl")
    _store(tmp_path / "results" / "new" / "2-cpu-a.jsonl", times=1.2)
    _store(tmp_path / "results" / "far" / "3-gpu-b.jsonl", other, times=0.5)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["report", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_two_paths_are_put_side_by_side(folder: Path) -> None:
    said = _run("results/old", "results/far")
    assert "two machines: cpu-a -> gpu-b" in said
    assert "report: reports/old-vs-far.html" in said
    content = json.loads((folder / "reports" / "old-vs-far.json").read_text())
    assert content["kind"] == "comparison"
    assert (content["a"]["name"], content["b"]["name"]) == ("old", "far")
    assert set(content["machines"]) == {"A: cpu-a", "B: gpu-b"}


def test_merged_they_are_one_set_of_records(folder: Path) -> None:
    assert "report: reports/small.html" in _run("results/old", "results/new", "results/far", "--merge")
    content = json.loads((folder / "reports" / "small.json").read_text())
    assert set(content["machines"]) == {"cpu-a", "gpu-b"}
    assert content["measured"]["rounds"] == 3 * 2 * len(specifications())


def test_what_a_fresh_start_set_aside_is_the_previous_run(folder: Path) -> None:
    old = folder / "results" / "old" / "1-cpu-a.jsonl"
    old.rename(folder / "results" / "new" / "1-cpu-a.jsonl.old")
    _run("results/new")
    change = json.loads((folder / "reports" / "small.json").read_text())["change"]
    assert change["files"] == ["1-cpu-a.jsonl.old"]
    assert change["means"]["latency_s"]["value"] == pytest.approx(1.2)


def test_another_previous_run_can_be_named(folder: Path) -> None:
    _run("results/new", "--previous", "results/old")
    assert json.loads((folder / "reports" / "small.json").read_text())["change"]["files"] == ["1-cpu-a.jsonl"]
    assert 'id="change"' in (folder / "reports" / "small.html").read_text()


def test_without_scripts_there_is_none(folder: Path) -> None:
    _run("results/old", "--no-js")
    assert "<script" not in (folder / "reports" / "small.html").read_text()


def test_an_index_goes_over_reports_and_comparisons(folder: Path) -> None:
    _run("results/old", "results/new")
    assert "index: reports/index.html over 2 reports" in _run("results/new", "--index")
    entries = json.loads(_run("--index", "--json"))
    assert [entry["page"] for entry in entries] == ["small.html", "old-vs-new.html"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "ask for the"),
        (("a", "b", "c"), "--merge"),
        (("a", "b", "--watch"), "watches one"),
        (("a", "b", "--previous", "c"), "already compares"),
    ],
)
def test_contradictions_are_refused_before_anything_is_read(
    folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = CliRunner().invoke(app, ["report", *arguments])
    assert done.exit_code == 2
    assert said in " ".join(done.output.replace("│", " ").split())
    assert not (folder / "reports").exists()


def test_a_path_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(ScalebenchError, match="results/nothing"):
        CliRunner().invoke(app, ["report", "results/old", "results/nothing"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (("results/old", "results/new"), ("old", "new")),
        (("a/x.jsonl", "b/x.jsonl"), ("a/x", "b/x")),
        (("HEAD~1:results/x", "results/x"), ("HEAD~1:results/x", "results/x")),
        (("x", "x"), ("A", "B")),
    ],
)
def test_names_are_as_short_as_tells_them_apart(names: tuple[str, str], short: tuple[str, str]) -> None:
    assert short_names(*names) == short


class _Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Callable[[_Clock, float], list[str]]:
    """Replaces writing by a note of it that takes so many seconds."""

    def fake(clock: _Clock, seconds: float) -> list[str]:
        notes: list[str] = []

        def write(_stored: Results, _options: PageOptions, _plan: Plan, page: object) -> tuple[Path, None]:
            clock.now += seconds
            notes.append(str(getattr(page, "text", page)))
            return Path("reports/small.html"), None

        monkeypatch.setattr(live_page, "publish", write)
        return notes

    return fake


def _ended(done: int) -> RoundEnded:
    record: Record = make_rounds(1)[0]
    return RoundEnded(record, done, 30)


def test_a_live_page_is_written_after_a_round_and_takes_a_tenth_of_the_time(written: Callable[..., list[str]]) -> None:
    clock, heard = _Clock(), list[Event]()
    notes = written(clock, 2.0)
    listen = LivePage(lambda: Results((), (), (), ()), PLAN, PageOptions(), heard.append, clock).hear
    listen(RoundStarted(PLAN.cases[0], 0, 30))
    assert notes == [], "nothing is written while a round is made"
    for done in range(1, 21):
        listen(_ended(done))
        clock.now += 2.5
    assert notes[0] == "The run goes on: 1 of at least 30 rounds are done."
    assert len(notes) == 3, "after the first round, and every 22 s of the 47.5 s that follow"
    rounds = [event for event in heard if not isinstance(event, Note)]
    assert len(rounds) == 21, "the bar hears everything"
    assert [event.text for event in heard if isinstance(event, Note)] == ["live report: reports/small.html"]


def test_a_page_that_cannot_be_written_does_not_stop_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StoreError("reports cannot be written: No space left on device")

    monkeypatch.setattr(live_page, "publish", full)
    events: list[Event] = []
    LivePage(lambda: Results((), (), (), ()), PLAN, PageOptions(), events.append, _Clock()).hear(_ended(1))
    assert "the live report was not written: reports cannot be written" in str(events[-1])


def test_watching_writes_again_as_records_arrive_and_leaves_a_still_page(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "results" / "old" / "1-cpu-a.jsonl"
    pages: list[bool] = []

    def sleep(_: float) -> None:
        pages.append("data-every=" in (folder / "reports" / "small.html").read_text())
        if len(pages) == 2:
            Writer(file, PLAN).append(replace(make_rounds(3)[-1], round=2))
        if len(pages) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(live_page.time, "sleep", sleep)
    done = CliRunner().invoke(app, ["report", "results/old", "--watch"])
    assert done.exit_code == 130
    before = 2 * len(specifications()) + len(make_counts())
    assert [line for line in done.output.splitlines() if "records:" in line] == [
        f"{before} records: reports/small.html", f"{before + 1} records: reports/small.html",
    ]  # fmt: skip
    assert all(pages)
    assert "data-every=" not in (folder / "reports" / "small.html").read_text()
    assert len(read_results(result_files([file])).records) == before + 1
