"""The Python API: what the command line does, as functions; results show as HTML in a notebook."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from scalebench.execute.events import Listener, silent
from scalebench.report.content import Column
from scalebench.report.findings import Findings, read_and_find
from scalebench.report.tables import capped
from scalebench.report.write_report import write_report
from scalebench.report.writing.page import render_fragment
from scalebench.store.frame import rounds_frame
from scalebench.store.jsonl import Results, read_results, result_files

if TYPE_CHECKING:
    from scalebench.jobs.run_suite import RunResult


@dataclass(frozen=True)
class Records(Results):
    """Stored records that show themselves as HTML in a notebook."""

    @property
    def frame(self) -> pd.DataFrame:
        """One row per measured round; times in seconds, memory in bytes."""
        return rounds_frame(self.records)

    def _repr_html_(self) -> str:
        counts = self.frame.groupby(["machine", "outcome"]).size().reset_index(name="n")
        columns = [Column("machine"), Column("ended"), Column("rounds, n", number=True)]
        rows = [[str(cell) for cell in row] for row in counts.itertuples(index=False)]
        suites = dict.fromkeys(plan.suite for plan in self.plans)
        title = f"{len(self.records)} records of {', '.join(suites) or 'no suite'} in {len(self.files)} files"
        return render_fragment(title, self.problems, (capped("Measured rounds", columns, rows),))


def run(
    suite: str | Path,
    *,
    results: str | Path = "results",
    reports: str | Path = "reports",
    protocol: str | None = None,
    budget_s: float | None = None,
    claims: str | Path | None = None,
    peaks: bool = True,
    fresh: bool = False,
    announce: Listener = silent,
) -> RunResult:
    """Measure what is missing of a suite and write its report, as ``scalebench run`` does.

    Args:
        suite: suite file.
        results, reports: folders of the result files and of the page.
        protocol: ``quick``, ``standard`` or ``rigorous``, in place of the suite's own.
        budget_s: time for the rounds, seconds.
        claims: file of your own claims.
        peaks: measure the machine's peaks where they are not known.
        fresh: start over; earlier files of this machine are kept as ``*.old``.
        announce: hears what is going on, see ``scalebench.execute.events``.

    Raises:
        ScalebenchError: the suite cannot be used, the machine is taken, a folder cannot be written.
    """
    from scalebench.jobs.measure_rounds import MeasureOptions
    from scalebench.jobs.page_options import PageOptions
    from scalebench.jobs.run_suite import RunOptions, run_suite

    options = RunOptions(Path(results), MeasureOptions(budget_s=budget_s, peaks=peaks), protocol, fresh=fresh)
    return run_suite(Path(suite), options, PageOptions(Path(reports), _path(claims)), announce)


def count(*names: str, training: bool = False, check: bool = False, announce: Listener = silent) -> pd.DataFrame:
    """Count models on paper, as ``scalebench count`` does: a row per model, with the reason where it cannot be counted.

    Args:
        names: names, variants or globs, each with ``@RES`` or at its native resolution.
        training: count a training step too, which takes two to three times as long.
        check: count again with fvcore.
        announce: hears how far it is.

    Raises:
        UnknownNameError: no such model, or a resolution that it cannot take.
    """
    from scalebench.jobs.count import PEAKS, count_models

    models = count_models(names, PEAKS if training else PEAKS[:1], check=check, announce=announce)
    rows: list[dict[str, Any]] = [
        {"model": m.case.model, "resolution": m.case.resolution, **m.facts, **({"check": m.check} if check else {})}
        for m in models
    ]
    return pd.DataFrame(rows).drop(columns=["work", "operators"], errors="ignore")


def read(*paths: str | Path) -> Records:
    """Read result files, or all of them in folders.

    Raises:
        StoreError: a path that is not there, or written by a newer version.
    """
    stored = read_results(result_files([Path(path) for path in paths]))
    return Records(**{field.name: getattr(stored, field.name) for field in fields(stored)})


def analyse(records: Results, claims: str | Path | None = None, study: bool = True) -> Findings:
    """Analyse the records of one suite and judge its claims.

    Args:
        records: of ``read``.
        claims: file of your own claims.
        study: whether what predicts time is resampled too, which takes seconds.

    Raises:
        StoreError: no plan, or several suites.
    """
    return read_and_find(records, _path(claims), study)


def report(source: Findings | Results | str | Path, folder: str | Path = "reports", scripts: bool = True) -> Path:
    """Write ``folder/<suite>.html`` and ``.json``, as ``scalebench report`` does.

    Args:
        source: findings of ``analyse``, records of ``read``, or a path of result files.
        folder: made where it is missing.
        scripts: whether the page may have scripts, and with them the explorer.

    Returns: path of the page.

    Raises:
        StoreError: no records, no plan, or a folder that cannot be written.
    """
    findings = source if isinstance(source, Findings) else read_and_find(source)
    return write_report(findings, Path(folder), scripts=scripts)


def _path(name: str | Path | None) -> Path | None:
    return None if name is None else Path(name)
