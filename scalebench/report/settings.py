"""Which configuration a page answers from: the plainest one that can answer."""

from __future__ import annotations

from typing import Any

import pandas as pd

from scalebench.analysis.way import WAY
from scalebench.report.labels import listed, without_batch
from scalebench.report.model_names import model_name
from scalebench.suite.case import configuration_text
from scalebench.suite.suite_plan import Plan

_PLAIN = {"mode": "inference", "runtime": "eager", "precision": "fp32", "layout": "contiguous", "setting": ""}


def by_setting(frame: pd.DataFrame) -> list[pd.DataFrame]:
    """Rows of each configuration over all its batches: inference, eager fp32, most threads and most rows first.

    Args:
        frame: with the columns of ``WAY``.
    """
    return sorted((rows for _, rows in without_batch(frame)), key=_distance)


def _distance(rows: pd.DataFrame) -> tuple[Any, ...]:
    row = rows.iloc[0]
    return (*(row[axis] != value for axis, value in _PLAIN.items()), -row["threads"], -len(rows))


def setting_of(frame: pd.DataFrame, rows: pd.DataFrame) -> tuple[str, ...]:
    """One line on the configuration of an answer; none where there is only one and it is the plain one.

    Args:
        frame: all rows that could have answered.
        rows: those that did.
    """
    row = rows.iloc[0]
    alone = len(without_batch(frame)) == 1
    if alone and not any(row[axis] != value for axis, value in _PLAIN.items()):
        return ()
    machine = f" on {row['machine']}" if frame["machine"].nunique() > 1 else ""
    rest = "" if alone else " The other configurations are in the details."
    return (f"Configuration: {configuration_text({a: row[a] for a in WAY if a != 'batch'})}{machine}.{rest}",)


MOST_MODELS = 6
"""Models that a sentence names."""


def unmeasured(plan: Plan, rows: pd.DataFrame) -> str:
    """Which models of the smallest batch have no row at the largest, and whether the suite leaves them out.

    Args:
        plan: of the suite.
        rows: of one setting, with ``model`` and ``batch``; scaled models are not named.
    """
    first, last = min(rows["batch"]), max(rows["batch"])
    measured = set(rows.loc[rows["batch"] == last, "model"])
    models = [m for m in dict.fromkeys(rows.loc[rows["batch"] == first, "model"]) if m not in measured and "[" not in m]
    if not models:
        return ""
    names = [model_name(model) for model in sorted(models)]
    shown = names if len(names) <= MOST_MODELS else [*names[: MOST_MODELS - 1], f"{len(names) - MOST_MODELS + 1} more"]
    planned = {case.model for case in plan.cases if case.batch == last}
    why = "" if planned.intersection(models) else ", as the suite excludes it"
    return f"Not measured at batch {last}{why}: {listed(shown)}."


def ends(batches: pd.Series) -> list[int]:
    """The smallest and the largest batch, once where they are the same."""
    return sorted({int(batches.min()), int(batches.max())})
