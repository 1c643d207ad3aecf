"""Our own records from another place: upgraded, checked, and never twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scalebench.errors import StoreError
from scalebench.machine.ability import Ability
from scalebench.record import SCHEMA, Record
from scalebench.store.elsewhere import read_arrivals, write_arrived
from scalebench.store.jsonl import Writer, read_results
from scalebench.suite.suite_plan import Plan

Make = Callable[..., Record]
ABILITY = Ability("xeon-abc123", "aaaaaaaaaaaa", "bbbbbbbbbbbb", "cpu", 4, "2026-11-24T01:02:03+00:00")
MEDIAN = {"latency_s": [0.1, 0.11, 0.12]}


def good(measured: Make, round_: int, **changes: object) -> Record:
    facts = {"latency_s": 0.11, "throughput_ips": 9.0}
    return measured(round_, **{"samples": MEDIAN, "facts": facts, **changes})


@pytest.fixture
def elsewhere(tmp_path: Path, plan: Plan, measured: Make) -> Path:
    file = tmp_path / "there" / "20261124T000000Z-xeon-abc123.jsonl"
    writer = Writer(file, plan)
    writer.extend([good(measured, 0), good(measured, 1)])
    writer.note(ABILITY)
    return file


def test_records_arrive_as_a_new_file(tmp_path: Path, elsewhere: Path) -> None:
    """With plan, peaks and the machine's own label, below the folder of their suite."""
    (arrived,) = read_arrivals([elsewhere])
    (file,) = write_arrived([arrived], tmp_path / "results")
    assert file == tmp_path / "results" / "a_suite" / elsewhere.name
    before, after = read_results([elsewhere]), read_results([file])
    assert after.records == before.records
    assert after.plans == before.plans
    assert after.abilities == (ABILITY,)
    assert arrived.machines == ("xeon-abc123",)
    with pytest.raises(StoreError, match="already exists"):
        write_arrived([arrived], tmp_path / "results")


def test_what_is_here_already_is_left_out_and_said(tmp_path: Path, elsewhere: Path, measured: Make) -> None:
    """Rounds are known by suite, case, machine, software, number and start; a copy under another name is one."""
    copy = elsewhere.with_name("copy.jsonl")
    copy.write_bytes(elsewhere.read_bytes())
    first, second = read_arrivals([elsewhere, copy])
    assert len(first.records) == 2
    assert second.records == ()
    assert second.remarks == ("copy.jsonl: 2 records are already stored; left out",)
    assert write_arrived([second], tmp_path / "results") == [None]
    assert not (tmp_path / "results").exists()
    (again,) = read_arrivals([elsewhere], [good(measured, 0)])
    assert [record.round for record in again.records] == [1]
    (later,) = read_arrivals([elsewhere], [good(measured, 0, started="2026-11-25T00:00:00+00:00")])
    assert [record.round for record in later.records] == [0, 1]


def test_a_file_that_only_holds_a_plan_is_a_newer_plan(tmp_path: Path, plan: Plan) -> None:
    """It decides what a report asks for, and arrives once."""
    file = tmp_path / "there" / "later.jsonl"
    Writer(file, plan).begin()
    (written,) = write_arrived(read_arrivals([file]), tmp_path / "results")
    assert written is not None
    assert read_results([written]).plans == (plan,)
    assert write_arrived(read_arrivals([file]), tmp_path / "results") == [None]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"facts": {"latency_s": 0.05}}, "latency_s 0.05 is not the median of its 3 samples, 0.11"),
        ({"facts": {"latency_s": -1.0}, "samples": {}}, "latency_s is -1.0"),
        ({"facts": {"latency_s": 0.11, "throughput_ips": float("inf")}}, "throughput_ips is inf"),
    ],
)
def test_numbers_that_cannot_be_are_left_out_and_said(
    elsewhere: Path, plan: Plan, measured: Make, changes: dict[str, object], said: str
) -> None:
    Writer(elsewhere, plan).append(good(measured, 2, **changes))
    (arrived,) = read_arrivals([elsewhere])
    assert [record.round for record in arrived.records] == [0, 1]
    (remark,) = arrived.remarks
    assert said in remark


def test_an_older_schema_is_brought_up_to_date(tmp_path: Path, elsewhere: Path) -> None:
    """A file of schema 2: its rounds were made by another procedure, which the new file says."""
    lines = [json.loads(line) for line in elsewhere.read_text().splitlines()]
    old = [{**line, "schema": 2} for line in lines if line["kind"] != "machine"]
    for line in old:
        line.pop("ending", None)
        line.pop("telemetry", None)
    elsewhere.write_text("".join(json.dumps(line) + "\n" for line in old))
    (file,) = write_arrived(read_arrivals([elsewhere]), tmp_path / "results")
    assert file is not None
    written = [json.loads(line) for line in file.read_text().splitlines()]
    assert {line["schema"] for line in written} == {SCHEMA}
    assert [r.case.procedure for r in read_results([file]).records] == [1, 1]
    assert [r.ending for r in read_results([file]).records] == ["ok", "ok"]


def test_damaged_lines_are_said_and_files_without_a_plan_refused(elsewhere: Path, measured: Make) -> None:
    with elsewhere.open("a") as file:
        file.write('{"kind": "record", "sch\n')
    assert "line 5 is damaged" in " ".join(read_arrivals([elsewhere])[0].remarks)
    bare = elsewhere.with_name("bare.jsonl")
    bare.write_text(json.dumps(replace(measured(0)).to_json()) + "\n")
    with pytest.raises(StoreError, match="does not start with a plan"):
        read_arrivals([bare])
