"""Training steps: what they cost, how they divide, and whether the loss stayed a number."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from scalebench.analysis.memory_views import static_bytes
from scalebench.metrics import METRICS, in_section
from scalebench.report.content import Section, Table
from scalebench.report.tables import (
    CONFIGURATION,
    MODEL,
    PERCENT,
    ROUNDS,
    SHOWN,
    build_table,
    counted,
    measured,
    number,
    ordered,
    value,
)

ID, TITLE = "training", "Training steps"
_PARTS = in_section("training")


def training_section(cases: pd.DataFrame) -> Section:
    """Sentences and the table.

    Args:
        cases: ``summary.summarise``, with rows of mode ``training``.
    """
    steps = cases[cases["mode"] == "training"]
    return Section(ID, TITLE, (*_division(steps), _stability(steps)), tables=(_table(steps),))


def _division(steps: pd.DataFrame) -> Iterator[str]:
    """A sentence per part of the step."""
    whole = sum(steps[name] for name in _PARTS)
    for name in _PARTS:
        share = steps[name] / whole
        ends = f"{number(share.min(), PERCENT)} to {number(share.max(), PERCENT)} %"
        yield f"The {METRICS[name].label} takes {ends} of a training step."


def _stability(steps: pd.DataFrame) -> str:
    doubtful = steps[steps["notes"].str.contains("loss_not_finite")]
    if doubtful.empty:
        return "The loss of every step was a finite number; the first ones are in the records."
    names = ", ".join(dict.fromkeys(f"{row['model']}@{row['resolution']}" for _, row in doubtful.iterrows()))
    return f"The loss of some steps was infinite or not a number: {names}."


def _table(steps: pd.DataFrame) -> Table:
    return build_table(
        "One training step: forward, backward and optimiser are timed apart from the whole",
        ordered(steps.assign(static_bytes=static_bytes(steps))), *MODEL, *measured(*SHOWN), *map(counted, _PARTS),
        value("static_bytes", "static memory, MiB", METRICS["memory_bytes"].factor), ROUNDS, CONFIGURATION,
    )  # fmt: skip
