"""The Python API: read records and analyse them; results show as HTML in a notebook."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from scalebench.report.content import Column
from scalebench.report.findings import Findings, find
from scalebench.report.tables import capped
from scalebench.report.writing.page import render_fragment
from scalebench.store.frame import rounds_frame
from scalebench.store.jsonl import Results, read_results, result_files
from scalebench.store.previous import previous_files


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


def read(*paths: str | Path) -> Records:
    """Read result files, or all of them in folders.

    Raises:
        StoreError: a path that is not there, or written by a newer version.
    """
    found = read_results(result_files([Path(path) for path in paths]))
    return Records(**{field.name: getattr(found, field.name) for field in fields(found)})


def analyse(records: Results, claims: str | Path | None = None, study: bool = True) -> Findings:
    """Analyse the records of one suite and judge its claims.

    Args:
        records: of ``read``.
        claims: file of your own claims.
        study: whether what predicts time is resampled too, which takes seconds.

    Raises:
        StoreError: no plan, or several suites.
    """
    previous = read_results(previous_files(records.files))
    return find(records, claims=None if claims is None else Path(claims), previous=previous, study=study)
