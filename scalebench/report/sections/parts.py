"""Where the cost goes: kinds of parts of a model, their share of the MACs beside their share of the time."""

from __future__ import annotations

import pandas as pd

from scalebench.metrics import METRICS
from scalebench.report.content import Column, Elsewhere, Section, Table
from scalebench.report.figures.shares import shares
from scalebench.report.labels import way_label
from scalebench.report.tables import capped, number, span
from scalebench.suite.kinds import KINDS

ANCHOR, TITLE = "parts", "Where the cost goes"
_TEXT = (
    "Each part was timed within real forward passes, on warm inputs and in its usual order, by hooks at its entry and "
    "exit. What the parts leave of a pass without hooks is the row between modules: residual additions, functional "
    "operators and Python itself. Squeeze-and-excitation counts as one part, its multiplication included.",
)


def parts_section(parts: pd.DataFrame) -> Section:
    """Figure and table of ``Analysis.parts``, which has at least one row."""
    return Section(ANCHOR, TITLE, _TEXT, (shares(parts, Elsewhere(ANCHOR, TITLE)),), (parts_table(parts),))


def parts_table(parts: pd.DataFrame) -> Table:
    """One row per machine, case and kind."""
    columns = [
        Column("model"), Column("px", number=True), Column("kind of part"), Column("MACs, G per image", number=True),
        Column("share of the MACs, %", number=True), Column("time, ms per batch", number=True),
        Column("95 % interval, ms", number=True), Column("share of the time, %", number=True),
        Column("95 % interval, %", number=True), Column("n, rounds", number=True), Column("way of running"),
    ]  # fmt: skip
    ms = METRICS["latency_s"].factor
    rows = [
        [
            str(row["model"]), str(row["resolution"]), KINDS[row["kind"]],
            number(row["macs"], METRICS["macs"].factor), number(100 * row["macs_share"]), number(row["seconds"], ms),
            span(row["seconds_low"], row["seconds_high"], row["n"], ms), number(100 * row["time_share"]),
            span(100 * row["time_share_low"], 100 * row["time_share_high"], row["n"]), str(row["n"]), way_label(row),
        ]
        for row in parts.to_dict("records")
    ]  # fmt: skip
    return capped("Kinds of parts: MACs of one image, time of one pass", columns, rows)
