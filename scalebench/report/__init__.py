"""From findings to pages. The package itself can be called: ``scalebench.report(findings)`` writes a report."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any


class _Report(ModuleType):
    """A package that is a function too, so that the Python API and the room share their natural name."""

    def __call__(self, findings: Any, folder: str | Path = "reports", scripts: bool = True) -> Path:
        """Write ``folder/<suite>.html`` and ``.json`` of ``scalebench.analyse(...)``.

        Returns: path of the page.
        """
        from scalebench.report.write_report import write_report

        return write_report(findings, Path(folder), scripts=scripts)


sys.modules[__name__].__class__ = _Report
