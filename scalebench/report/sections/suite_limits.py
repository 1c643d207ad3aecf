"""Every case against the suite's limits, and how much of the scene a pixel shows."""

from __future__ import annotations

import pandas as pd

from scalebench.report.content import Section, Table
from scalebench.report.tables import CONFIGURATION, MODEL, ROUNDS, build_table, entry, measured, value
from scalebench.suite.suite_plan import Scene

ID, TITLE = "fitting", "What fits"


def fitting_section(fitting: pd.DataFrame, scene: Scene | None) -> Section:
    """The table of all cases at the limits' batch.

    Args:
        fitting: ``within_limits.fitting``, with rows.
        scene: of the suite; None leaves the detail out.
    """
    return Section(ID, TITLE, tables=(_table(fitting, scene),))


def _table(fitting: pd.DataFrame, scene: Scene | None) -> Table:
    return build_table(
        "Every case against the limits; fits: both intervals lie within them",
        fitting.sort_values(["machine", "model", "resolution", "latency_s"], kind="stable"), *MODEL,
        *([value("detail_px", "pixels of the detail")] if scene is not None else []),
        *measured("latency_s", "memory_bytes"), ROUNDS, entry("standing"), CONFIGURATION,
    )  # fmt: skip
