"""Tables at the end of a page: what failed, and by what methods, on what machines and from which files numbers come."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from scalebench.analysis.analyse import Failure
from scalebench.flags import FLAGS
from scalebench.metrics import METRICS
from scalebench.record import Environment
from scalebench.report.content import Column, Table
from scalebench.report.tables import build_table, capped, entry


def failures_table(failures: Sequence[Failure]) -> Table:
    """Cases that ended without a number."""
    columns = [Column("case"), Column("machine"), Column("outcome"), Column("reason")]
    rows = [[f.case.label, f.machine, f.ending, f.why] for f in failures]
    return capped("Rounds that ended without a number", columns, rows)


def words_table(caption: str, heading: str, texts: Sequence[str]) -> Table:
    """One column of sentences or names."""
    return capped(caption, [Column(heading)], [[text] for text in texts])


def method_tables(machines: Mapping[str, Environment], files: Sequence[Mapping[str, str]]) -> tuple[Table, ...]:
    """How numbers were obtained, what flags mean, the machines, and the result files; tables without rows left out."""
    tables = (_metrics_table(), _flags_table(), _machines_table(machines), files_table(files))
    return tuple(table for table in tables if table.rows)


def _metrics_table() -> Table:
    columns = [Column("metric"), Column("unit stored"), Column("kind"), Column("how"), Column("source")]
    rows = [[m.label, m.unit, m.kind, m.how, m.source] for m in METRICS.values()]
    return capped("How each number is obtained", columns, rows)


def _flags_table() -> Table:
    """What the words in the column 'noted' mean."""
    columns = [Column("word"), Column("severity"), Column("meaning"), Column("threshold")]
    rows = [[flag.word, flag.severity, flag.meaning, flag.threshold] for flag in FLAGS.values()]
    return capped("Flags of a round; a round with a bad one is replaced by another", columns, rows)


def _machines_table(machines: Mapping[str, Environment]) -> Table:
    """Facts and versions of every machine, one row per fact."""
    columns = [Column("machine"), Column("fact"), Column("value")]
    rows = [
        [name, fact, value if isinstance(value, str) else json.dumps(value, sort_keys=True)]
        for name, e in machines.items()
        for fact, value in [
            ("hardware key", e.hw_key), ("software key", e.sw_key),
            *sorted(e.hardware.items()), *sorted(e.software.items()),
        ]
    ]  # fmt: skip
    return capped("Machines and software", columns, rows)


def files_table(files: Sequence[Mapping[str, str]]) -> Table:
    """Result files with their hashes."""
    return build_table("Result files", files, entry("name", "file"), entry("sha256"))
