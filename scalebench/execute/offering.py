"""Ways of running that nobody can measure here: not offered by their runtime, or not installed."""

from __future__ import annotations

import importlib.util

from scalebench.suite.case import Case
from scalebench.suite.offers import OFFERS, unoffered


def refusal(case: Case) -> tuple[str, str] | None:
    """Why the case is not started here, as (ending, message); None where it can be."""
    why = unoffered(case)
    if why is not None:
        return "skipped_not_offered", f"not started: {why}"
    offer = OFFERS[case.runtime]
    missing = [package for package in offer.packages if importlib.util.find_spec(package) is None]
    if missing:
        install = f"pip install 'scalebench[{offer.extra}]'"
        return "skipped_not_installed", f"not installed: {install} (missing: {', '.join(missing)})"
    return None
