"""Training steps: what they cost, how they divide, and whether the loss stayed a number."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from scalebench.analysis.memory_views import static_bytes
from scalebench.metrics import METRICS, in_section
from scalebench.report.content import Column, Section, Table
from scalebench.report.labels import way_label
from scalebench.report.tables import SHOWN, capped, measured_cells, measured_columns, number

ID, TITLE = "training", "Training steps"
_ORDER = ["machine", "batch", "model", "resolution"]
_PARTS = in_section("training")


def training_section(cases: pd.DataFrame) -> Section:
    """Sentences and the table.

    Args:
        cases: ``summary.summarise``, with rows of mode ``training``.
    """
    steps = cases[cases["mode"] == "training"]
    return Section(ID, TITLE, (*_said(steps), _stability(steps)), tables=(_table(steps),))


def _said(steps: pd.DataFrame) -> Iterator[str]:
    whole = sum(steps[name] for name in _PARTS)
    shares = [(METRICS[name].title, steps[name] / whole) for name in _PARTS]
    said = ", ".join(f"{word} {number(100 * s.min())} to {number(100 * s.max())} %" for word, s in shares)
    yield f"Over {len(steps)} cases a step divides into {said}."


def _stability(steps: pd.DataFrame) -> str:
    doubtful = steps[steps["notes"].str.contains("loss_not_finite")]
    if doubtful.empty:
        return "The loss of every step was a finite number; the first ones are in the records."
    names = ", ".join(dict.fromkeys(f"{row['model']}@{row['resolution']}" for _, row in doubtful.iterrows()))
    return f"The loss of some step was infinite or no number: {names}."


def _table(steps: pd.DataFrame) -> Table:
    columns = [
        Column("model"), Column("resolution, px", number=True),
        *(column for name in SHOWN for column in measured_columns(name)),
        *(Column(METRICS[name].heading, number=True) for name in _PARTS),
        Column("static memory, MiB", number=True), Column("n, rounds", number=True),
        Column("machine and way of running"),
    ]  # fmt: skip
    mib = METRICS["memory_bytes"].factor
    ordered = steps.assign(static_bytes=static_bytes(steps)).sort_values(_ORDER, kind="stable")
    rows = [
        [
            row["model"], str(row["resolution"]),
            *(cell for name in SHOWN for cell in measured_cells(row, name)),
            *(number(row[name], METRICS[name].factor) for name in _PARTS),
            number(row["static_bytes"], mib), str(row["n"]), way_label(row),
        ]
        for row in ordered.to_dict("records")
    ]  # fmt: skip
    return capped("One training step: forward, backward and optimiser are timed apart from the whole", columns, rows)
