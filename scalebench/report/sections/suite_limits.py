"""Which model and resolution keep to the suite's limits, and how much of the scene a pixel shows."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from scalebench import units
from scalebench.report.content import Column, Section, Table
from scalebench.report.labels import listed, way_label
from scalebench.report.tables import capped, measured_cells, measured_columns, number
from scalebench.suite.suite_plan import Limits, Scene

ID, TITLE = "fitting", "What fits"
_METRICS = ("latency_s", "memory_bytes")


def fitting_section(found: pd.DataFrame, limits: Limits, scene: Scene | None) -> Section:
    """What fits per machine, and the table of all.

    Args:
        found: ``analysis.fitting.fitting``, with rows.
        limits: of the suite.
        scene: of the suite; None leaves the detail out.
    """
    text = [*_said(found, limits, scene)]
    if scene is not None:
        text.append(
            f"An image shows {scene.field_of_view_mm:g} mm; a detail of {scene.detail_mm:g} mm covers its share of "
            "the resolution. A network is unlikely to see what covers less than about two pixels: closer cameras or "
            "tiles then help more than another model."
        )
    return Section(ID, TITLE, tuple(text), tables=(_table(found, scene),))


def in_words(limits: Limits) -> str:
    """``50 ms and 2.00 GiB at batch 1``."""
    shown = {"latency_s": units.seconds, "memory_bytes": units.bytes_}
    return f"{listed([shown[name](most) for name, most in limits.bounds.items()])} at batch {limits.batch}"


def _said(found: pd.DataFrame, limits: Limits, scene: Scene | None) -> Iterator[str]:
    for machine, here in found.groupby("machine", sort=False):
        fits = here[here["standing"] == "fits"]
        if fits.empty:
            yield f"{machine}: nothing that was measured surely keeps to {in_words(limits)}."
            continue
        largest = fits.loc[fits.groupby("model", sort=False)["resolution"].idxmax()]
        most = [f"{row['model']} to {row['resolution']} px" for _, row in largest.iterrows()]
        failing = [name for name in dict.fromkeys(here["model"]) if name not in set(fits["model"])]
        none = f"; surely at no resolution: {listed(failing)}" if failing else ""
        top = largest.nlargest(1, "resolution").iloc[0]
        detail = (
            f" At {top['resolution']} px {scene.detail_mm:g} mm cover {number(top['detail_px'])} pixels."
            if scene is not None
            else ""
        )
        yield (
            f"{machine}: {in_words(limits)} are surely kept, each in its best way of running, by {listed(most)}"
            f"{none}.{detail}"
        )


def _table(found: pd.DataFrame, scene: Scene | None) -> Table:
    columns = [
        Column("model"), Column("resolution, px", number=True),
        *([Column("pixels of the detail", number=True)] if scene is not None else []),
        *(column for name in _METRICS for column in measured_columns(name)),
        Column("n, rounds", number=True), Column("standing"), Column("machine and way of running"),
    ]  # fmt: skip
    ordered = found.sort_values(["machine", "model", "resolution", "latency_s"], kind="stable")
    rows = [
        [
            row["model"], str(row["resolution"]),
            *([number(row["detail_px"])] if scene is not None else []),
            *(cell for name in _METRICS for cell in measured_cells(row, name)),
            str(row["n"]), row["standing"], way_label(row),
        ]
        for row in ordered.to_dict("records")
    ]  # fmt: skip
    return capped("Every case held against the limits; fits: both intervals lie within them", columns, rows)
