"""scalebench: what image models cost on the machine at hand, compared at equal counted compute.

>>> import scalebench
>>> scalebench.count("resnet18@64").loc[0, ["params", "activations"]].tolist()
[11689512, 203752]
>>> result = scalebench.run("tests/fixtures/tiny.yaml", results=folder, reports=folder, peaks=False)
>>> len(result.findings.analysis.cases), result.open_cases
(5, 0)
>>> {verdict.claim.id: verdict.verdict for verdict in result.findings.verdicts}["EN-13"]
'supported'
>>> scalebench.report(scalebench.analyse(scalebench.read(folder / "tiny")), folder).name
'tiny.html'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scalebench.notebook import analyse, count, read, report, run

__version__ = "0.2.0.dev0"
__all__ = ["analyse", "count", "read", "report", "run"]


def __getattr__(name: str) -> object:
    """The API is loaded when it is used: the command line needs neither pandas nor matplotlib to start."""
    if name in __all__:
        return getattr(importlib.import_module("scalebench.notebook"), name)
    raise AttributeError(f"module 'scalebench' has no attribute {name!r}")
