import errno
import json
import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from scalebench.errors import StoreError
from scalebench.record import SCHEMA, Record
from scalebench.store.jsonl import Writer, finite, read_results, result_files
from scalebench.suite.suite_plan import Plan

Make = Callable[..., Record]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results" / "a_suite" / "20261123T220000Z-xeon.jsonl"


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


# --- writing and reading -------------------------------------------------------------------------------------------


def test_what_is_appended_is_read(path: Path, plan: Plan, measured: Make) -> None:
    """Records come back in order, after the plan, which stands once at the head."""
    records = tuple(measured(n) for n in range(3))
    writer = Writer(path, plan)
    for record in records:
        writer.append(record)
    results = read_results([path])
    assert results.plans == (plan,)
    assert results.records == records
    assert results.problems == ()
    assert results.files == (path,)
    assert len(_lines(path)) == 4


def test_a_second_writer_goes_on(path: Path, plan: Plan, measured: Make) -> None:
    """Another run that appends to the file adds no second plan and loses nothing."""
    Writer(path, plan).append(measured(0))
    Writer(path, plan).append(measured(1))
    results = read_results([path])
    assert results.plans == (plan,)
    assert [record.round for record in results.records] == [0, 1]


def test_nothing_is_created_before_the_first_line(path: Path, plan: Plan) -> None:
    """A run that stores nothing leaves no empty file and no empty folder."""
    Writer(path, plan)
    assert not path.parent.exists()


def test_begin_stores_the_plan_once(path: Path, plan: Plan, measured: Make) -> None:
    """A plan can be stored before any round, and is not stored again."""
    writer = Writer(path, plan)
    writer.begin()
    assert read_results([path]).plans == (plan,)
    writer.begin()
    writer.append(measured())
    results = read_results([path])
    assert (len(results.plans), len(results.records)) == (1, 1)


def test_every_append_is_synced(path: Path, plan: Plan, measured: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """When ``append`` returns, the whole line was in the file at a sync."""
    synced: list[int] = []
    fsync = os.fsync

    def watch(descriptor: int) -> None:
        fsync(descriptor)
        synced.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(os, "fsync", watch)
    writer = Writer(path, plan)
    for n in range(2):
        writer.append(measured(n))
        assert synced[-1] == path.stat().st_size
    assert len(synced) >= 2


def test_files_are_read_in_the_order_given(tmp_path: Path, plan: Plan, measured: Make) -> None:
    """Several files are one result, file after file."""
    paths = [tmp_path / name for name in ("b.jsonl", "a.jsonl")]
    for n, path in enumerate(paths):
        Writer(path, plan).append(measured(n))
    results = read_results(iter(paths))
    assert [record.round for record in results.records] == [0, 1]
    assert len(results.plans) == 2
    assert results.files == tuple(paths)


# --- damage --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [1, 20, -2])
def test_a_torn_last_line_is_left_out_and_said(path: Path, plan: Plan, measured: Make, keep: int) -> None:
    """Power lost in the middle of a line costs that line only."""
    writer = Writer(path, plan)
    writer.append(measured(0))
    writer.append(measured(1))
    *whole, last = _lines(path)
    path.write_bytes(b"".join(whole) + last[:keep])
    results = read_results([path])
    assert [record.round for record in results.records] == [0]
    assert results.problems == (f"{path.name} ends in half a line; it was left out",)


def test_a_last_line_that_only_lacks_its_end_is_whole(path: Path, plan: Plan, measured: Make) -> None:
    """Without its newline a complete line still counts."""
    Writer(path, plan).append(measured(0))
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    results = read_results([path])
    assert (len(results.records), results.problems) == (1, ())


@pytest.mark.parametrize("junk", [b"{not json", b"\xff\xfe\x00", b"[1, 2]", b"3", b'"text"', b"null"])
def test_a_damaged_line_in_the_middle_is_left_out_and_said(path: Path, plan: Plan, measured: Make, junk: bytes) -> None:
    """A line that is no JSON object is named by number; the lines around it are read."""
    writer = Writer(path, plan)
    writer.append(measured(0))
    writer.append(measured(1))
    head, first, second = _lines(path)
    path.write_bytes(head + first + junk + b"\n" + second)
    results = read_results([path])
    assert [record.round for record in results.records] == [0, 1]
    assert results.problems == (f"{path.name} line 3 is damaged; it was left out",)


def test_blank_lines_and_empty_files_are_nothing(path: Path, plan: Plan, measured: Make, tmp_path: Path) -> None:
    """Neither is a problem, and neither holds a record."""
    Writer(path, plan).append(measured(0))
    path.write_bytes(b"\n" + path.read_bytes() + b"\n \n")
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    results = read_results([path, empty])
    assert (len(results.plans), len(results.records), results.problems) == (1, 1, ())


def test_a_record_of_a_newer_schema_is_refused(path: Path, plan: Plan, measured: Make) -> None:
    """A newer scalebench's record is refused at file and line, never left out in silence."""
    Writer(path, plan).append(measured(0))
    newer = {**measured(1).to_json(), "schema": SCHEMA + 1}
    with path.open("ab") as file:
        file.write(json.dumps(newer).encode() + b"\n")
    with pytest.raises(StoreError) as caught:
        read_results([path])
    assert caught.value.message == f"{path}:3: schema {SCHEMA + 1} is not known to this version"
    assert caught.value.hint == f"it reads schema 1 to {SCHEMA}"


def test_a_plan_of_a_newer_schema_is_refused(path: Path, plan: Plan) -> None:
    """The head of a newer scalebench's file is refused too, though its fields look the same."""
    Writer(path, plan).begin()
    content = json.loads(path.read_bytes())
    path.write_text(json.dumps({**content, "schema": SCHEMA + 1}) + "\n")
    with pytest.raises(StoreError, match=rf":1: .*{SCHEMA + 1}"):
        read_results([path])


@pytest.mark.parametrize(
    "content",
    [None, {}, [], {"suite": "a"}, {"cases": 3, "counts": [], "groups": [], "claims": []}, {"groups": [None]}],
    ids=str,
)
def test_a_head_that_is_no_plan_is_refused(path: Path, content: object) -> None:
    """Whatever stands in a plan's place becomes a message with file and line."""
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"kind": "plan", "schema": 1, "plan": content}) + "\n")
    with pytest.raises(StoreError, match=r"\.jsonl:1: not a plan"):
        read_results([path])


def test_a_plan_with_an_impossible_protocol_is_refused(path: Path, plan: Plan) -> None:
    """Values that no plan can have are a message too."""
    Writer(path, plan).begin()
    content = json.loads(path.read_bytes())
    content["plan"]["cases"][0]["protocol"]["rounds"] = 0
    path.write_text(json.dumps(content) + "\n")
    with pytest.raises(StoreError, match=r"\.jsonl:1: not a plan"):
        read_results([path])


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    """A missing file is named with the reason."""
    with pytest.raises(StoreError, match=r"gone\.jsonl cannot be read: No such file"):
        read_results([tmp_path / "gone.jsonl"])


# --- a full disk ---------------------------------------------------------------------------------------------------


def test_a_failing_sync_leaves_the_file_as_it_was(
    path: Path, plan: Plan, measured: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Disk full at the sync: the error says what to do, the file is the one before, and the run can go on later."""
    writer = Writer(path, plan)
    writer.append(measured(0))
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="cannot be written: No space left on device") as caught:
            writer.append(measured(1))
    assert "free some space" in caught.value.hint
    assert path.read_bytes() == before
    writer.append(measured(1))
    assert [record.round for record in read_results([path]).records] == [0, 1]


@pytest.mark.parametrize("room", [0, 1, 100, 5000])
@pytest.mark.parametrize("samples", [10, 300, 2000])
def test_a_disk_that_fills_up_in_the_middle_of_a_line(
    path: Path, plan: Plan, measured: Make, room: int, samples: int
) -> None:
    """A file that may really grow by only so many bytes keeps no half line, however the write was split up."""
    writer = Writer(path, plan)
    writer.append(measured(0))
    before = path.read_bytes()
    large = measured(1, samples={"latency_s": [0.123456789] * samples})
    room = min(room, len(json.dumps(large.to_json())) // 2)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + room, hard))
    try:
        with pytest.raises(StoreError, match="cannot be written"):
            writer.append(large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    writer.append(large)
    assert read_results([path]).records[-1] == large


def test_a_folder_that_cannot_be_made(tmp_path: Path, plan: Plan, measured: Make) -> None:
    """A file in the folder's place is a message, not a traceback."""
    (tmp_path / "results").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        Writer(tmp_path / "results" / "a.jsonl", plan).append(measured())


# --- finding files -------------------------------------------------------------------------------------------------


def test_folders_are_searched_and_files_taken_once(tmp_path: Path) -> None:
    """A folder stands for its *.jsonl in the order of names; nothing is taken twice."""
    (tmp_path / "x").mkdir()
    for name in ("b.jsonl", "a.jsonl", "x/c.jsonl", "a.jsonl.old", "note.txt"):
        (tmp_path / name).touch()
    found = [tmp_path / name for name in ("a.jsonl", "b.jsonl", "x/c.jsonl")]
    assert result_files([tmp_path]) == found
    assert result_files([tmp_path / "b.jsonl", tmp_path]) == [found[1], found[0], found[2]]


def test_a_named_file_needs_no_ending(tmp_path: Path) -> None:
    """A file that is named is taken as it is."""
    (tmp_path / "a.jsonl.old").touch()
    assert result_files([tmp_path / "a.jsonl.old"]) == [tmp_path / "a.jsonl.old"]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """A folder without results is a mistake, and the command that makes results is named."""
    with pytest.raises(StoreError, match=r"holds no \*\.jsonl results") as caught:
        result_files([tmp_path])
    assert caught.value.hint == "scalebench run SUITE writes them"


def test_a_missing_path_is_refused(tmp_path: Path) -> None:
    """A path that is not there is named."""
    with pytest.raises(StoreError, match="nowhere: no such file or folder"):
        result_files([tmp_path / "nowhere"])


@pytest.mark.parametrize(
    ("value", "usable"),
    [(0, True), (1.5, True), (float("nan"), False), (float("inf"), False), (None, False), (True, False), ("1", False)],
)
def test_finite(value: object, usable: bool) -> None:
    """Only real numbers are usable; a flag and a text are none."""
    assert finite(value) is usable
