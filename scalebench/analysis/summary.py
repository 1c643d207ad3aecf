"""Rounds -> one row per case and machine, every metric with its interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pandas as pd

from scalebench.analysis.stats import of_rounds
from scalebench.store.frame import CASE_COLUMNS, COUNTED, MEASURED

IDENTITY = ["machine", "case"]
WAY = ["machine", "batch", "precision", "layout", "runtime", "threads", "device", "protocol"]
"""Columns that say how and where something ran; numbers are never pooled or compared across them unseen."""


def name_machines(rounds: pd.DataFrame) -> pd.DataFrame:
    """Same frame with ``machine`` made unique: software differs on one machine -> its key is appended."""
    software = rounds.groupby("hw_key")["sw_key"].transform("nunique")
    unique = rounds["machine"].where(software <= 1, rounds["machine"] + "/" + rounds["sw_key"].str[:6])
    return rounds.assign(machine=unique)


def summarise(rounds: pd.DataFrame) -> pd.DataFrame:
    """Estimates over the rounds that ended well.

    Args:
        rounds: ``store.frame.rounds_frame`` with unique machines.

    Returns: one row per machine and case: case columns, counted facts, ``n``, and per measured metric
        ``<metric>``, ``<metric>_low``, ``<metric>_high``; ``notes`` says what was doubtful in how many rounds.
    """
    good = rounds[rounds["outcome"] == "ok"]
    keep = [*IDENTITY, *CASE_COLUMNS, "protocol", "base", "depth", "width", *COUNTED]
    rows = []
    for _, group in good.groupby(IDENTITY, sort=False):
        row = {name: group[name].iloc[0] for name in keep} | {"n": len(group), "notes": _notes(group["notes"])}
        for metric in MEASURED:
            found = of_rounds(group[metric].dropna().tolist())
            row |= {metric: found.value, f"{metric}_low": found.low, f"{metric}_high": found.high}
        rows.append(row)
    columns = [*keep, "n", "notes", *(name for m in MEASURED for name in (m, f"{m}_low", f"{m}_high"))]
    return pd.DataFrame(rows, columns=pd.Index(columns))


def _notes(rounds: Iterable[Iterable[str]]) -> str:
    every = list(rounds)
    counted = Counter(note for notes in every for note in notes)
    return "; ".join(f"{note} in {count} of {len(every)} rounds" for note, count in counted.items())
