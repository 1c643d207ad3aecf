"""Result files: one synced JSON line per round, a plan at the head of each file, and peaks; append only."""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from scalebench.errors import StoreError
from scalebench.machine.ability import Ability, ability_from_json
from scalebench.machine.canaries import judged_again
from scalebench.record import SCHEMA, Record, record_from_json, upgrade
from scalebench.suite.suite_plan import Plan, plan_from_json


@dataclass(frozen=True)
class Results:
    """Content of result files.

    Attributes:
        plans: of all files that have one, oldest first.
        records: in the order they were written.
        problems: lines that could not be read, as sentences.
        files: the files read.
        abilities: measured peaks of the machines, oldest first.
        loads: runs of load tests as they were stored, oldest first.
    """

    plans: tuple[Plan, ...]
    records: tuple[Record, ...]
    problems: tuple[str, ...]
    files: tuple[Path, ...]
    abilities: tuple[Ability, ...] = ()
    loads: tuple[Mapping[str, Any], ...] = ()


class Writer:
    """Appends to one result file; the file is created with the first line.

    Args:
        path: ``results/<suite>/<utc>-<machine>.jsonl``.
        plan: written as the file's first line.
    """

    def __init__(self, path: Path, plan: Plan) -> None:
        self.path = path
        self._plan = plan

    def begin(self) -> None:
        """Start the file with the plan, unless it exists."""
        if not self.path.exists():
            self._store([])

    def append(self, record: Record) -> None:
        """Write one record and sync it; when this returns, the record survives a power cut.

        Raises:
            StoreError: the disk is full or the folder cannot be written; no partial line is left in the file.
        """
        self.extend([record])

    def extend(self, records: Iterable[Record]) -> None:
        """Write many records with one sync: for records that another file still holds.

        Raises:
            StoreError: as ``append``; none of them is written.
        """
        self._store([record.to_json() for record in records])

    def note(self, ability: Ability) -> None:
        """Write a device's peaks, so that reports need the result files only.

        Raises:
            StoreError: as ``append``.
        """
        self._store([{"kind": "machine", "schema": SCHEMA, "ability": asdict(ability)}])

    def keep(self, load: Mapping[str, Any]) -> None:
        """Write one run of a load test; it is not a round of a case and enters no frame.

        Raises:
            StoreError: as ``append``.
        """
        self._store([{"kind": "loadtest", "schema": SCHEMA, "load": dict(load)}])

    def _store(self, lines: list[dict[str, Any]]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b", buffering=0) as file:
                size = file.seek(0, os.SEEK_END)
                if size == 0:
                    lines = [{"kind": "plan", "schema": SCHEMA, "plan": asdict(self._plan)}, *lines]
                    _sync_name(self.path)
                text = "".join(json.dumps(line) + "\n" for line in lines)
                self._write(file, size, (_line_end(file, size) + text).encode())
        except OSError as error:
            raise StoreError(
                f"{self.path} cannot be written: {error.strerror}",
                "every earlier record is safe; free some space and run the same command again to continue",
            ) from error

    def _write(self, file: FileIO, size: int, data: bytes) -> None:
        try:
            left = memoryview(data)
            while left:  # unbuffered: a buffer would be flushed again when the file is closed
                left = left[file.write(left) :]
            os.fsync(file.fileno())
        except OSError:
            os.truncate(self.path, size)
            raise


def _line_end(file: FileIO, size: int) -> str:
    """A newline where the file ends in a partial line, so that the next record starts a new one."""
    if size == 0:
        return ""
    file.seek(-1, os.SEEK_END)
    return "" if file.read(1) == b"\n" else "\n"


def _sync_name(path: Path) -> None:
    """Sync the folder: without that, a new file may be gone after a power cut (fsync(2))."""
    with contextlib.suppress(OSError):  # not every file system supports it, and Windows opens no folders
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def result_files(paths: Iterable[Path]) -> list[Path]:
    """The given files, and all ``*.jsonl`` below the given folders, in order of their names.

    Raises:
        StoreError: a path that does not exist, or a folder without results.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.rglob("*.jsonl"))
            if not inside:
                raise StoreError(f"{path} holds no *.jsonl results", "scalebench run SUITE writes them")
            files += inside
        elif path.is_file():
            files.append(path)
        else:
            raise StoreError(f"{path}: no such file or folder", "results are in results/<suite>/")
    return list({path.resolve(): path for path in files}.values())


def read_results(files: Iterable[Path]) -> Results:
    """Read result files; incomplete or damaged lines are left out and listed in ``problems``.

    Notes on canaries that were taken beside a runtime's own threads are given again, see ``canaries.judged_again``.

    Raises:
        StoreError: a file that cannot be opened, or was written by a newer scalebench.
    """
    plans: list[Plan] = []
    records: list[Record] = []
    abilities: list[Ability] = []
    loads: list[Mapping[str, Any]] = []
    problems: list[str] = []
    files = tuple(files)
    seen: set[bytes] = set()
    for path in files:
        try:
            lines = path.read_bytes().split(b"\n")
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror}") from None
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            content = _content(line, path, number)
            if content is None:
                problem = "ends in half a line" if number == len(lines) else f"line {number} is damaged"
                problems.append(f"{path.name} {problem}; it was left out")
            elif isinstance(content, Plan):
                plans.append(content)
            elif isinstance(content, Ability):
                abilities.append(content)
            elif isinstance(content, dict):
                loads.append(content)
            elif line in seen:
                problems.append(f"{path.name} line {number} is a copy of another record; it was left out")
            else:
                seen.add(line)
                records.append(content)
    return Results(tuple(plans), tuple(judged_again(records)), tuple(problems), files, tuple(abilities), tuple(loads))


def _content(line: bytes, path: Path, number: int) -> Plan | Record | Ability | dict[str, Any] | None:
    """Content of a line; None where it is damaged. One flipped bit must not stop the report of a thousand records.

    Raises:
        StoreError: written by a newer scalebench, or a plan that cannot be read: records without it have no meaning.
    """
    try:
        content = json.loads(line)
    except ValueError:
        return None
    if not isinstance(content, dict):
        return None
    schema, kind = content.get("schema"), content.get("kind")
    newer = isinstance(schema, int) and schema > SCHEMA
    try:
        if kind == "plan":
            return plan_from_json(upgrade(content)["plan"])
        if kind == "machine" and not newer:
            return ability_from_json(content["ability"])
        if kind == "loadtest" and not newer:
            return dict(content["load"])
        return record_from_json(content) if newer or kind == "record" else None
    except StoreError as error:
        if kind == "plan" or newer:
            raise StoreError(f"{path}:{number}: {error.message}", error.hint) from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if kind == "plan":
            raise StoreError(f"{path}:{number}: not a plan this version knows: {error}") from None
    return None


def finite(value: Any) -> bool:
    """Whether a stored value is a usable number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
