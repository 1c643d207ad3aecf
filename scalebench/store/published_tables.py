"""Published tables as records: one value per case, without samples, on a machine named ``imported-...``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from scalebench.errors import StoreError, UnknownNameError
from scalebench.record import Environment, Record
from scalebench.store.accuracies import Joined
from scalebench.store.csvtable import CsvTable, read_csv
from scalebench.store.jsonl import Writer
from scalebench.store.timmname import TimmRun, run_of
from scalebench.suite.case import COUNT, Case
from scalebench.suite.protocol import Protocol
from scalebench.suite.suite_plan import Plan
from scalebench.suite.variant import parse_variant

SUITE, TITLE = "timm", "timm's benchmark tables, imported"
ACCURACIES = "published_accuracies"
"""Fact of a count: published accuracies of the model at this resolution, best top-1 first."""
ONCE = Protocol(rounds=1)
NOT_OURS = 0
"""Procedure number of an imported case, so that it is never pooled with a measured one, see ``case.PROCEDURE``."""
PAPER = Environment("imported-on-paper", "", "", software={"counted by": "timm benchmark.py"})
TORN = 0.1
"""Step time and images per second are timed separately in one run; in 16,000 rows of timm they differ by up to 3 %."""


@dataclass(frozen=True)
class Imported:
    """Content of one file of another tool.

    Attributes:
        path: the file.
        suite, title: of the plan that its records get.
        records: times and counts, in the order of the file.
        remarks: what was left out, as sentences.
        sha256: of the file's bytes.
    """

    path: Path
    suite: str
    title: str
    records: tuple[Record, ...]
    remarks: tuple[str, ...]
    sha256: str

    @property
    def timed(self) -> tuple[Record, ...]:
        """The records that hold a time."""
        return tuple(record for record in self.records if record.case.mode != COUNT)


@dataclass(frozen=True)
class TimmTable(Imported):
    """One of timm's tables, with how it was measured."""

    run: TimmRun


def read_timm(path: Path) -> TimmTable:
    """Read one of timm's benchmark tables, of any version of its columns.

    Each row gives a record with ``latency_s`` (timm's mean step time of one run, seconds per batch) and
    ``throughput_ips``, and one with parameters, MACs and activations as far as the table has them; timm rounds those
    to 10,000, 10 million and 10,000.

    Raises:
        StoreError: the name or the table is not timm's, or a cell is invalid: file, line, column.
    """
    run = run_of(path.name)
    names = [f"{run.columns}_{name}" for name in ("img_size", "batch_size", "samples_per_sec", "step_time")]
    table = read_csv(path, ["model", *names])
    records: list[Record] = []
    remarks: list[str] = []
    lines: dict[str, int] = {}
    for line in table.rows:
        for record in _row(table, line, run):
            first = lines.setdefault(record.case.key, line)
            if first == line:
                records.append(record)
            elif record.case.mode != COUNT:
                remarks.append(f"{path.name}:{line}: {record.case.label} is already in line {first}; left out")
        if table.number(line, names[2]) is None:
            remarks.append(f"{path.name}:{line}: {table.rows[line]['model']} has no time; left out")
    if not any(record.case.mode != COUNT for record in records):
        raise StoreError(f"{path}: no row of the table has a time")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return TimmTable(path, SUITE, TITLE, tuple(records), tuple(remarks), sha256, run)


def _row(table: CsvTable, line: int, run: TimmRun) -> list[Record]:
    model, resolution = _model(table, line), table.whole(line, f"{run.columns}_img_size")
    if resolution is None:
        raise table.error(line, f"{run.columns}_img_size", "is empty")
    note = f"imported: {table.path.name} line {line}"
    counted = _counted(table, line, run)
    records = []
    if counted:
        case = Case(model, resolution).counted()
        records.append(Record(SUITE, case, 0, "ok", "", PAPER, facts=counted, notes=(note,), ending="ok"))
    timed = _timed(table, line, run)
    if timed is not None:
        batch, facts = timed
        case = Case(
            model, resolution, batch, run.mode, run.precision, run.layout, run.runtime, run.device, threads=0,
            protocol=ONCE, procedure=NOT_OURS,
        )  # fmt: skip
        records.append(Record(SUITE, case, 0, "ok", "", run.environment, facts=facts, notes=(note,), ending="ok"))
    return records


def _model(table: CsvTable, line: int) -> str:
    name = table.rows[line]["model"].strip()
    try:
        return parse_variant(name).name
    except UnknownNameError as error:
        raise table.error(line, "model", error.message) from None


def _timed(table: CsvTable, line: int, run: TimmRun) -> tuple[int, dict[str, float]] | None:
    """Batch and facts of a row; None where it has neither time nor rate."""
    rate, step, size = (f"{run.columns}_{name}" for name in ("samples_per_sec", "step_time", "batch_size"))
    ips, step_ms, batch = table.number(line, rate), table.number(line, step), table.whole(line, size)
    if ips is None and step_ms is None:
        return None
    if ips is None or step_ms is None or batch is None:
        raise table.error(line, rate if ips is None else step if step_ms is None else size, "is empty")
    images = ips * step_ms / 1000
    if abs(images / batch - 1) > TORN:
        raise table.error(line, step, f"{step_ms:g} ms at {ips:g} images/s make {images:.4g} images, not {batch}")
    return batch, {"latency_s": step_ms / 1000, "throughput_ips": ips}


def _counted(table: CsvTable, line: int, run: TimmRun) -> dict[str, int]:
    columns = {
        "params": ("param_count", 1e6), "macs": (f"{run.columns}_gmacs", 1e9),
        "activations": (f"{run.columns}_macts", 1e6),
    }  # fmt: skip
    cells = {name: (_rounded(table, line, column), unit) for name, (column, unit) in columns.items()}
    return {name: round(value * unit) for name, (value, unit) in cells.items() if value is not None}


def _rounded(table: CsvTable, line: int, column: str) -> float | None:
    """A count; None where timm has rounded it to 0.00."""
    text = table.rows[line].get(column, "").strip()
    return None if text in ("0", "0.0", "0.00") else table.number(line, column)


def with_accuracies(imported: TimmTable, joined: Iterable[Joined]) -> TimmTable:
    """Add published accuracies as a fact of each count; a model without a count in the table gets an empty one."""
    accuracies = {(j.model, j.resolution): [asdict(weights) for weights in j.weights] for j in joined if j.weights}
    counts = {(r.case.model, r.case.resolution): r for r in imported.records if r.case.mode == COUNT}
    for record in imported.timed:
        place = record.case.model, record.case.resolution
        if place in accuracies and place not in counts:
            counts[place] = Record(SUITE, record.case.counted(), 0, "ok", "", PAPER, notes=record.notes, ending="ok")
    with_facts = [
        replace(record, facts={**record.facts, ACCURACIES: accuracies[place]}) if place in accuracies else record
        for place, record in counts.items()
    ]
    return replace(imported, records=(*with_facts, *imported.timed))


def write_imported(tables: Sequence[Imported], folder: Path) -> list[Path]:
    """Write each table's records as a results file with a plan, so that every command can read it; all or none.

    Raises:
        StoreError: one of the files exists, two tables have one name, or the folder cannot be written.
    """
    files = [folder / f"{table.path.stem}.jsonl" for table in tables]
    refuse_existing(files)
    for table, file in zip(tables, files, strict=True):
        Writer(file, plan_of(table)).extend(table.records)
    return files


def refuse_existing(files: Sequence[Path]) -> None:
    """Refuse to overwrite a file.

    Raises:
        StoreError: one of the files exists, or is named twice.
    """
    for index, file in enumerate(files):
        if file.exists() or file in files[:index]:
            raise StoreError(f"{file} already exists", "name another folder with --out, or remove it")


def plan_of(imported: Imported) -> Plan:
    """The plan of imported records: their cases, one round of each, no claims.

    Its text has the file's name and sha256, since there is no suite file.
    """
    cases = tuple(record.case for record in imported.timed)
    counts = tuple(record.case for record in imported.records if record.case.mode == COUNT)
    # With the file's name, because a machine's newer plan replaces its older one, and a file replaces no other.
    keys = dict.fromkeys(record.environment.hw_key for record in imported.timed)
    machines = tuple(f"{key}/{imported.path.stem}" for key in keys)
    text = f"# no suite file: imported from {imported.path.name}, sha256 {imported.sha256}\n"
    return Plan(imported.suite, imported.title, text, cases, counts, (), (), 1, machines=machines)
