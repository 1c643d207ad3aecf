"""From findings to pages. The package itself can be called: ``scalebench.report(findings)`` writes a report."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scalebench.report.findings import Findings
    from scalebench.store.jsonl import Results


class _Report(ModuleType):
    """A package that is a function too, so that the Python API and the room share their natural name."""

    def __call__(
        self, source: Findings | Results | str | Path, folder: str | Path = "reports", scripts: bool = True
    ) -> Path:
        """See ``scalebench.notebook.report``."""
        from scalebench.report.findings import Findings, read_and_find
        from scalebench.report.write_report import write_report

        findings = source if isinstance(source, Findings) else read_and_find(source)
        return write_report(findings, Path(folder), scripts=scripts)


sys.modules[__name__].__class__ = _Report
