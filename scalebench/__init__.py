"""scalebench: what image models cost on the machine at hand, compared at equal counted compute.

>>> import scalebench
>>> findings = scalebench.analyse(scalebench.read("results/reference/paper_latency"))
>>> findings.analysis.cases[["model", "resolution", "n"]].to_dict("records")[0]
{'model': 'resnet152', 'resolution': 224, 'n': 20}
>>> {verdict.claim.id: verdict.verdict for verdict in findings.verdicts}["EN-12"]
'supported'
>>> scalebench.report(findings, folder).name
'paper_latency.html'
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """The API is imported when it is asked for: the measuring process and ``scalebench --help`` need no pandas."""
    if name in ("analyse", "read"):
        return getattr(importlib.import_module("scalebench.notebook"), name)
    if name == "report":
        return importlib.import_module("scalebench.report")
    raise AttributeError(f"module 'scalebench' has no attribute {name!r}")
