"""Where the cost goes: how MACs and time divide over the kinds of parts of a model."""

from __future__ import annotations

import pandas as pd

from scalebench.metrics import METRICS
from scalebench.report.content import Elsewhere, Section, Table
from scalebench.report.figures.shares import shares
from scalebench.report.tables import CONFIGURATION, PERCENT, ROUNDS, Field, build_table, count, entry, interval, value
from scalebench.suite.kinds import KINDS

ANCHOR, TITLE = "parts", "Where the cost goes"
_TEXT = (
    "Each part was timed by hooks at its entry and exit, within real forward passes on warm inputs. The row between "
    "modules is the rest of a pass without hooks: residual additions, functional operators and Python itself. "
    "Squeeze-and-excitation counts as one part, including its multiplication.",
)


def parts_section(parts: pd.DataFrame) -> Section:
    """Figure and table of ``Analysis.parts``, which has at least one row."""
    return Section(ANCHOR, TITLE, _TEXT, (shares(parts, Elsewhere(ANCHOR, TITLE)),), (parts_table(parts),))


def parts_table(parts: pd.DataFrame) -> Table:
    """One row per machine, case and kind."""
    ms = METRICS["latency_s"].factor
    return build_table(
        "Kinds of parts: MACs of one image, time of one pass", parts, entry("model"), count("resolution", "px"),
        Field("kind of part", lambda row: KINDS[row["kind"]]),
        value("macs", "MACs, G per image", METRICS["macs"].factor),
        value("macs_share", "share of the MACs, %", PERCENT), value("seconds", "time, ms per batch", ms),
        interval("seconds", ms, label="95 % interval, ms"), value("time_share", "share of the time, %", PERCENT),
        interval("time_share", PERCENT, label="95 % interval, %"), ROUNDS, CONFIGURATION,
    )  # fmt: skip
