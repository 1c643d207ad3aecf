"""Which model and resolution meet the suite's limits, and how much of the scene a pixel shows."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from scalebench import units
from scalebench.report.content import Section, Table
from scalebench.report.labels import listed
from scalebench.report.tables import CONFIGURATION, MODEL, ROUNDS, build_table, entry, measured, value
from scalebench.suite.suite_plan import Limits, Scene

ID, TITLE = "fitting", "What fits"


def fitting_section(
    fitting: pd.DataFrame, limits: Limits, scene: Scene | None, sessions: Mapping[str, int] | None = None
) -> Section:
    """What a pixel shows, and every case against the limits.

    Args:
        fitting: ``analysis.fitting.fitting``, with rows.
        limits: of the suite.
        scene: of the suite; None leaves the detail out.
        sessions: of each machine.
    """
    single = [name for name in dict.fromkeys(fitting["machine"]) if (sessions or {}).get(name) == 1]
    text = [f"The limits are {in_words(limits)}."]
    if single:
        text.append(f"Measured in one session: {listed(single)}. Another session may decide otherwise near a limit.")
    if scene is not None:
        text.append(
            f"An image shows {scene.field_of_view_mm:g} mm; a detail of {scene.detail_mm:g} mm covers its share of "
            "the resolution. A network is unlikely to see what covers less than about two pixels: closer cameras or "
            "tiles then help more than another model."
        )
    return Section(ID, TITLE, tuple(text), tables=(_table(fitting, scene),))


def in_words(limits: Limits) -> str:
    """``50 ms and 2.00 GiB at batch 1``."""
    shown = {"latency_s": units.seconds, "memory_bytes": units.bytes_}
    return f"{listed([shown[name](most) for name, most in limits.bounds.items()])} at batch {limits.batch}"


def _table(fitting: pd.DataFrame, scene: Scene | None) -> Table:
    return build_table(
        "Every case against the limits; fits: both intervals lie within them",
        fitting.sort_values(["machine", "model", "resolution", "latency_s"], kind="stable"), *MODEL,
        *([value("detail_px", "pixels of the detail")] if scene is not None else []),
        *measured("latency_s", "memory_bytes"), ROUNDS, entry("standing"), CONFIGURATION,
    )  # fmt: skip
