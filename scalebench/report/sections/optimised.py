"""How the models are run: every configuration against eager fp32, with the error that comes with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from scalebench.analysis.speedups import SAME
from scalebench.report.configuration_names import configuration_name
from scalebench.report.content import Section, Table
from scalebench.report.figures.speedup_dots import TITLE as FIGURE
from scalebench.report.tables import MODEL, PERCENT, ROUNDS, Field, build_table, count, estimate, number, value

ID, TITLE = "runtimes", "How the models are run"


def optimised_section(optimised: pd.DataFrame) -> Section:
    """The table of all configurations.

    Args:
        optimised: ``speedups.optimised``, with rows.
    """
    verified = (
        "Outputs are compared with those of eager fp32 on the same random weights and seeded images. "
        "The error is the largest relative distance of the logits. "
        "A configuration whose error exceeds its bound has no number here."
    )
    text = (verified,) if optimised["relative_error"].notna().any() else ()
    return Section(ID, TITLE, text, tables=(_table(optimised),))


def _table(optimised: pd.DataFrame) -> Table:
    return build_table(
        f"{FIGURE}, by configuration", optimised.sort_values(SAME, kind="stable"), *MODEL, count("batch", "batch"),
        Field("configuration", configuration_name), count("threads", "threads"),
        *estimate("speedup", "times eager fp32"), ROUNDS, value("memory", "memory, times"),
        value("relative_error", "relative error"), value("top1_agreement", "same class, %", PERCENT),
        value("prepare_s", "preparing, s"), Field("pays after, images", _break_even, number=True),
        Field("machine and mode", lambda row: f"{row['machine']}, {row['mode']}"),
    )  # fmt: skip


def _break_even(row: Mapping[Any, Any]) -> str:
    return "never" if row["break_even"] == math.inf else number(row["break_even"])
