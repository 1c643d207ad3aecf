"""Configurations that cannot be measured here: not offered by their runtime, or not installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection

from scalebench.suite.case import INPUT, Case
from scalebench.suite.decoder_table import DECODERS, EXTRA
from scalebench.suite.offers import OFFERS
from scalebench.suite.own_files import fixed_batch
from scalebench.suite.refusals import unoffered


def refusal(case: Case, lacking: Collection[str] = ()) -> tuple[str, str] | None:
    """Why the case cannot start here, as (ending, message); None where it can.

    ``lacking`` are precisions that its card does not have.
    """
    reason = unoffered(case)
    if reason is not None:
        return "skipped_not_offered", f"not started: {reason}"
    batch = None if case.mode == INPUT else fixed_batch(case.model)
    if batch not in (None, case.batch):
        return "skipped_not_offered", f"not started: the file takes {batch} image per pass, not {case.batch}"
    if case.precision in lacking:
        return "skipped_not_offered", f"not started: this {case.kind.label} has no {case.precision}, only an emulation"
    offer = OFFERS[case.runtime]
    extra, packages = (EXTRA, DECODERS[case.model]) if case.mode == INPUT else (offer.extra, offer.packages)
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    if missing:
        install = f"pip install 'scalebench[{extra}]'"
        return "skipped_not_installed", f"not installed: {install} (missing: {', '.join(missing)})"
    return None
