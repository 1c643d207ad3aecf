"""Every measured number as a row of its own, for spreadsheets and other programs."""

from __future__ import annotations

import pandas as pd

from scalebench.analysis.analyse import Analysis
from scalebench.analysis.summary import TAILS
from scalebench.metrics import MEASURED, METRICS
from scalebench.store.frame import CASE_COLUMNS

UNITS = {name: METRICS[name].unit for name in MEASURED} | dict.fromkeys(TAILS.values(), METRICS["latency_s"].unit)
"""Unit of every value, by metric: tail latencies are latencies."""
_COUNTED = {"params": "parameters", "macs": "macs_per_image", "activations": "activations_per_image"}
_CASE = ["machine", *CASE_COLUMNS, "protocol", "base", "depth", "width", "status", "notes"]


def tidy(analysis: Analysis) -> pd.DataFrame:
    """One row per machine, case and metric that was measured there, cases of parts and of input included.

    Returns: columns ``suite, machine, model, resolution_px``, the axes of a case, its protocol and variant, ``status``,
        ``notes``, the counted ``parameters, macs_per_image, activations_per_image``, then ``metric, unit, value`` with
        the 95 % interval ``low`` to ``high`` (NaN where there is none) over ``n`` rounds; SI units.
    """
    filled = [cases for cases in (analysis.cases, analysis.besides) if len(cases)]
    cases = pd.concat(filled or [analysis.cases], ignore_index=True)
    identity = cases[[*_CASE, *_COUNTED]].rename(columns={"resolution": "resolution_px", **_COUNTED})
    identity.insert(0, "suite", analysis.plan.suite)
    parts = [
        identity.assign(
            metric=metric, unit=unit, value=cases[metric], low=cases[f"{metric}_low"], high=cases[f"{metric}_high"],
            n=cases[f"{metric}_n"],
        )
        for metric, unit in UNITS.items()
    ]  # fmt: skip
    rows = pd.concat([part[part["value"].notna()] for part in parts], ignore_index=True)
    order = ["machine", "model", "resolution_px", "batch"]
    return rows.sort_values(order, kind="stable", ignore_index=True).astype({"n": "int64"})
