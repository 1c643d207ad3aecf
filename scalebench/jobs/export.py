"""Stored records in the formats of other benchmarking tools."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scalebench.errors import StoreError
from scalebench.jobs.share import require_pyarrow, table_file, write_file
from scalebench.report.exports.asv_files import BENCHMARKS, asv_documents
from scalebench.report.exports.chart_files import bencher_document, github_action_document
from scalebench.report.exports.entries import Export, NotExported, collect
from scalebench.report.exports.pytest_benchmark_file import pytest_benchmark_document
from scalebench.report.findings import Findings, find
from scalebench.store.jsonl import Results

ASV, PARQUET = "asv", "parquet"
TABLES = ("csv", PARQUET)
DOCUMENTS: Mapping[str, Callable[[Export, str], Any]] = {
    "pytest-benchmark": pytest_benchmark_document,
    "github-action-benchmark": lambda export, _: github_action_document(export),
    "bencher": lambda export, _: bencher_document(export),
}
"""Formats of one JSON file; a function takes the entries and the commit."""
_WITH_COMMIT = (ASV, "pytest-benchmark")
_HASH = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class ExportOptions:
    """What is exported.

    Attributes:
        to: a name of ``DOCUMENTS`` or ``TABLES``, or ``asv``.
        out: file to write, of asv the results folder; None prints.
        commit: full hash of the commit that was measured; asv needs it.
    """

    to: str
    out: Path | None = None
    commit: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be done before anything is analysed.

        Raises:
            StoreError: no place for what cannot be printed, no commit for asv, one that a format has
                no place for, or Parquet without pyarrow.
        """
        if self.to in (ASV, PARQUET) and self.out is None:
            what = "a folder of files" if self.to == ASV else "binary"
            raise StoreError(f"{self.to} is {what} and cannot be printed", "name where to write it with --out")
        if self.commit and not _HASH.fullmatch(self.commit):
            raise StoreError(f"{self.commit!r} is not a full commit hash", "git rev-parse HEAD prints it")
        if self.commit and self.to not in _WITH_COMMIT:
            raise StoreError(f"{self.to} holds no commit", f"--commit goes with --to {' or '.join(_WITH_COMMIT)}")
        if self.to == ASV and not self.commit:
            hint = "name the one that was measured: --commit $(git rev-parse HEAD)"
            raise StoreError("asv files results by the commit, which records do not hold", hint)
        if self.to == PARQUET:
            require_pyarrow("--to csv")


@dataclass(frozen=True)
class WrittenExport:
    """What was exported.

    Attributes:
        files: written files.
        text: what is to be printed where no file was named.
        entries: number of cases with a time.
        not_exported: cases without one.
    """

    files: tuple[Path, ...]
    text: str
    entries: int
    not_exported: tuple[NotExported, ...]


def export(stored: Results, options: ExportOptions) -> WrittenExport:
    """Export the records of one suite.

    Raises:
        StoreError: no plan, several suites, no case with a time, or a file that cannot be written.
    """
    findings = find(stored, study=False)
    content = collect(findings)
    if not content.entries:
        reasons = "; ".join(map(str, content.not_exported[:3]))
        raise StoreError(f"no case of {content.suite} has a time{f': {reasons}' if reasons else ''}")
    files: tuple[Path, ...] = ()
    text: str | bytes = ""
    if options.to == ASV and options.out is not None:
        documents = asv_documents(content, options.commit)
        documents[BENCHMARKS] = {**_stored_benchmarks(options.out / BENCHMARKS), **documents[BENCHMARKS]}
        files = tuple(_write(options.out / name, _json(document)) for name, document in documents.items())
    else:
        text = _text(findings, content, options)
    if options.out is not None and text:
        files, text = (_write(options.out, text),), ""
    return WrittenExport(files, str(text), len(content.entries), content.not_exported)


def _stored_benchmarks(file: Path) -> dict[str, Any]:
    """Benchmarks that a results folder of asv already has; they stay.

    Raises:
        StoreError: the file cannot be read, or is not asv's.
    """
    try:
        content = json.loads(file.read_bytes()) if file.exists() else {}
    except (OSError, ValueError) as error:
        raise StoreError(f"{file} cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise StoreError(f"{file} is not a list of benchmarks as asv writes it")
    return content


def _text(findings: Findings, content: Export, options: ExportOptions) -> str | bytes:
    if options.to in TABLES:
        return table_file(findings.analysis, options.to)
    return _json(DOCUMENTS[options.to](content, options.commit))


def _json(document: Any) -> str:
    return json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def _write(path: Path, content: str | bytes) -> Path:
    return write_file(path, content, "--out")
