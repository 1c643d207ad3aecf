"""Which model and resolution meet the suite's limits, and how much of the scene a pixel shows."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from scalebench import units
from scalebench.report.content import Section, Table
from scalebench.report.labels import listed
from scalebench.report.tables import CONFIGURATION, MODEL, ROUNDS, build_table, entry, measured, number, value
from scalebench.suite.suite_plan import Limits, Scene

ID, TITLE = "fitting", "What fits"


def fitting_section(
    fitting: pd.DataFrame, limits: Limits, scene: Scene | None, sessions: Mapping[str, int] | None = None
) -> Section:
    """What fits per machine, and the table of all.

    Args:
        fitting: ``analysis.fitting.fitting``, with rows.
        limits: of the suite.
        scene: of the suite; None leaves the detail out.
        sessions: of each machine.
    """
    single = [name for name in dict.fromkeys(fitting["machine"]) if (sessions or {}).get(name) == 1]
    text = [_sentence(str(name), rows, limits, scene) for name, rows in fitting.groupby("machine", sort=False)]
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


def _sentence(machine: str, cases: pd.DataFrame, limits: Limits, scene: Scene | None) -> str:
    fits = cases[cases["standing"] == "fits"]
    if fits.empty:
        return f"{machine}: no measured case clearly meets the limits of {in_words(limits)}."
    largest = fits.loc[fits.groupby("model", sort=False)["resolution"].idxmax()]
    models = [f"{row['model']} up to {row['resolution']} px" for _, row in largest.iterrows()]
    failing = [name for name in dict.fromkeys(cases["model"]) if name not in set(fits["model"])]
    none = f"; clearly at no resolution: {listed(failing)}" if failing else ""
    top = largest.nlargest(1, "resolution").iloc[0]
    detail = (
        f" At {top['resolution']} px, {scene.detail_mm:g} mm cover {number(top['detail_px'])} pixels."
        if scene is not None
        else ""
    )
    return (
        f"{machine}: within {in_words(limits)}, each in its best configuration, are clearly {listed(models)}"
        f"{none}.{detail}"
    )


def _table(fitting: pd.DataFrame, scene: Scene | None) -> Table:
    return build_table(
        "Every case against the limits; fits: both intervals lie within them",
        fitting.sort_values(["machine", "model", "resolution", "latency_s"], kind="stable"), *MODEL,
        *([value("detail_px", "pixels of the detail")] if scene is not None else []),
        *measured("latency_s", "memory_bytes"), ROUNDS, entry("standing"), CONFIGURATION,
    )  # fmt: skip
