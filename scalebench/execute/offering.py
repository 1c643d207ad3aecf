"""Configurations that cannot be measured here: not offered by their runtime, or not installed."""

from __future__ import annotations

import importlib.util

from scalebench.suite.case import INPUT, Case
from scalebench.suite.decoder_table import DECODERS, EXTRA
from scalebench.suite.offers import OFFERS
from scalebench.suite.refusals import unoffered


def refusal(case: Case) -> tuple[str, str] | None:
    """Why the case cannot start here, as (ending, message); None where it can."""
    reason = unoffered(case)
    if reason is not None:
        return "skipped_not_offered", f"not started: {reason}"
    offer = OFFERS[case.runtime]
    extra, packages = (EXTRA, DECODERS[case.model]) if case.mode == INPUT else (offer.extra, offer.packages)
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    if missing:
        install = f"pip install 'scalebench[{extra}]'"
        return "skipped_not_installed", f"not installed: {install} (missing: {', '.join(missing)})"
    return None
