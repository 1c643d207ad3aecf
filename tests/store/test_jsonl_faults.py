"""Result files under real faults: killed writers, full and read-only disks, damaged bytes."""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.errors import StoreError
from scalebench.record import Record
from scalebench.store.jsonl import Results, Writer, read_results
from scalebench.suite.suite_plan import Plan

Make = Callable[..., Record]
WRITER = """
import sys
from pathlib import Path
from scalebench.record import Environment, Record
from scalebench.store.jsonl import Writer
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Plan

writer = Writer(Path(sys.argv[1]), Plan("s", "", "", (), (), (), (), 1))
for number in range(int(sys.argv[2]), 1_000_000):
    samples = {"latency_s": [number / 7] * (number % 50 * 20)}
    writer.append(Record("s", Case("resnet18", 64), number, "ok", "", Environment("m", "h", "s"), samples))
    print(number, flush=True)
"""


def rounds(results: Results) -> list[int]:
    return [record.round for record in results.records]


# --- a writer that is killed ---------------------------------------------------------------------------------------


def test_whatever_a_killed_writer_had_announced_is_in_its_file(tmp_path: Path) -> None:
    """Eight SIGKILLs between the lines and within them; each writer goes on where the store says it stopped."""
    dice, announced = random.Random(20190528), -1
    for turn in range(8):
        found = rounds(read_results(sorted(tmp_path.glob("*.jsonl"))))
        assert found == list(range(len(found)))
        assert len(found) > announced
        command = [sys.executable, "-c", WRITER, str(tmp_path / f"{turn}.jsonl"), str(len(found))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(dice.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
            numbers = process.stdout.read().split("\n")
        announced = max([announced, *(int(number) for number in numbers[:-1] if number)])
    results = read_results(sorted(tmp_path.glob("*.jsonl")))
    assert rounds(results)[: announced + 1] == list(range(announced + 1))


# --- disks ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB, where this system lets us mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True, text=True, check=False
        )
        problem = done.stderr.strip() if done.returncode else ""
    except OSError as error:
        problem = str(error)
    if problem:
        pytest.skip(f"no small disk: {problem}; test_jsonl.py limits the size of a file instead")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_keeps_every_record_before_and_takes_more_when_there_is_room(
    disk: Path, plan: Plan, measured: Make
) -> None:
    filler = disk / "somebody-elses-data"
    filler.write_bytes(bytes(32 * 1024))
    writer = Writer(disk / "a.jsonl", plan)
    stored = 0
    with pytest.raises(StoreError, match="No space left on device"):  # noqa: PT012 - which record it is, is the point
        while True:
            writer.append(measured(stored, samples={"latency_s": [0.1] * 200}))
            stored += 1
    assert stored > 2
    found = read_results([disk / "a.jsonl"])
    assert (rounds(found), found.problems) == (list(range(stored)), ())
    filler.unlink()
    writer.append(measured(stored))
    Writer(disk / "b.jsonl", plan).append(measured(stored + 1))
    found = read_results([disk / "a.jsonl", disk / "b.jsonl"])
    assert (rounds(found), found.problems) == (list(range(stored + 2)), ())


def test_a_disk_that_is_full_from_the_start_leaves_nothing_that_cannot_be_read(
    disk: Path, plan: Plan, measured: Make
) -> None:
    (disk / "somebody-elses-data").write_bytes(bytes(64 * 1024))
    with pytest.raises(StoreError, match="No space left on device"):
        Writer(disk / "s" / "a.jsonl", plan).append(measured())
    (disk / "somebody-elses-data").unlink()
    assert read_results(disk.rglob("*.jsonl")).records == ()
    Writer(disk / "s" / "a.jsonl", plan).append(measured())
    assert read_results(disk.rglob("*.jsonl")).plans == (plan,)


def test_a_disk_that_turns_read_only_is_said_and_can_still_be_read(disk: Path, plan: Plan, measured: Make) -> None:
    """As a disk does that finds itself broken."""
    writer = Writer(disk / "a.jsonl", plan)
    writer.append(measured(0))
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    for refused in (writer, Writer(disk / "b.jsonl", plan), Writer(disk / "new" / "c.jsonl", plan)):
        with pytest.raises(StoreError, match="Read-only file system"):
            refused.append(measured(1))
    assert rounds(read_results([disk / "a.jsonl"])) == [0]
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    writer.append(measured(1))
    assert rounds(read_results([disk / "a.jsonl"])) == [0, 1]


def test_a_new_file_survives_a_power_cut_too(
    tmp_path: Path, plan: Plan, measured: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A synced file whose name is not synced may be gone: fsync(2) asks for the folder as well."""
    synced: list[bool] = []
    fsync = os.fsync

    def watch(descriptor: int) -> None:
        fsync(descriptor)
        synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))

    monkeypatch.setattr(os, "fsync", watch)
    writer = Writer(tmp_path / "a.jsonl", plan)
    writer.append(measured(0))
    assert True in synced
    synced.clear()
    writer.append(measured(1))
    assert synced == [False]


# --- damaged bytes -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory, plan: Plan, measured: Make) -> bytes:
    """A file with a plan and four records."""
    path = tmp_path_factory.mktemp("whole") / "a.jsonl"
    for number in range(4):
        Writer(path, plan).append(measured(number))
    return path.read_bytes()


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged") / "a.jsonl"


@given(data=st.data())
def test_a_file_cut_anywhere_keeps_its_whole_lines(content: bytes, damaged: Path, data: st.DataObject) -> None:
    """A line that only lacks its newline is whole."""
    cut = data.draw(st.integers(0, len(content)))
    damaged.write_bytes(content[:cut])
    found = read_results([damaged])
    whole = sum(len(content[:cut].split(b"\n")[i]) == len(line) for i, line in _numbered(content, cut))
    assert len(found.plans) + len(found.records) == whole
    assert rounds(found) == list(range(len(found.records)))
    torn = cut > 0 and len(content[:cut].split(b"\n")[-1]) not in (0, len(_line_at(content, cut)))
    assert len(found.problems) == torn


def _numbered(content: bytes, cut: int) -> list[tuple[int, bytes]]:
    """Numbers and lines of the whole file, as far as the cut one reaches."""
    lines = content.split(b"\n")[:-1]
    return list(enumerate(lines))[: content[:cut].count(b"\n") + 1]


def _line_at(content: bytes, cut: int) -> bytes:
    return content.split(b"\n")[content[:cut].count(b"\n")]


@given(data=st.data())
def test_damage_in_a_record_costs_no_other_record(content: bytes, damaged: Path, data: st.DataObject) -> None:
    """Whatever bytes stand in its place, the lines around it are read, and nothing is refused.

    Its schema number is spared: a higher one means a newer scalebench, which has to be refused.
    """
    lines = content.split(b"\n")
    number = data.draw(st.integers(1, 4), label="line")
    first = lines[number].index(b'"key"')
    start = data.draw(st.integers(first, len(lines[number])), label="start")
    junk = data.draw(st.binary(max_size=12), label="junk")
    lines[number] = lines[number][:start] + junk + lines[number][start + len(junk) :]
    damaged.write_bytes(b"\n".join(lines))
    others = [other for other in range(4) if other != number - 1]
    assert [r for r in rounds(read_results([damaged])) if r in others] == others


@pytest.mark.parametrize(
    "line",
    ['{"kind": "record", "schema": 2}', "{}", '{"kind": "recorb", "schema": 2, "case": 3}', '{"schema": "two"}'],
)
def test_a_line_that_is_json_and_no_record_is_left_out_and_said(damaged: Path, content: bytes, line: str) -> None:
    """One flipped bit may leave the braces whole; it must not stop a run or a report of a thousand records."""
    damaged.write_bytes(content + line.encode() + b"\n")
    found = read_results([damaged])
    assert rounds(found) == [0, 1, 2, 3]
    assert found.problems == (f"{damaged.name} line 6 is damaged; it was left out",)


@pytest.mark.parametrize("cut", [1, 40, 400])
def test_a_record_after_half_a_line_is_a_line_of_its_own(
    damaged: Path, content: bytes, plan: Plan, measured: Make, cut: int
) -> None:
    """Power lost in the middle of a line must not cost the next record, too."""
    damaged.write_bytes(content[:-cut])
    Writer(damaged, plan).append(measured(4))
    kept = [0, 1, 2, 3] if cut == 1 else [0, 1, 2]
    assert rounds(read_results([damaged])) == [*kept, 4]
