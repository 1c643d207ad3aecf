"""Rounds in the frame: which of them count, and how their cases came to an end."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from scalebench.analysis.stopping import counted_rounds, standing
from scalebench.record import Record


def name_machines(rounds: pd.DataFrame) -> pd.DataFrame:
    """Same frame with ``machine`` made unique: software differs on one machine -> its key is appended."""
    software = rounds.groupby("hw_key")["sw_key"].transform("nunique")
    unique = rounds["machine"].where(software <= 1, rounds["machine"] + "/" + rounds["sw_key"].str[:6])
    return rounds.assign(machine=unique)


def with_standing(rounds: pd.DataFrame, records: Sequence[Record]) -> pd.DataFrame:
    """Same frame with ``used`` (whether a round enters the estimates) and ``status`` of its case, see ``stopping``.

    Rounds that ended well but carry a bad flag are set aside only where others are there to take their place.

    Args:
        rounds: ``store.frame.rounds_frame`` with unique machines.
        records: the measured records behind its rows, in the same order.
    """
    used = pd.Series(False, index=rounds.index)
    status = pd.Series("", index=rounds.index, dtype=object)
    by_row = dict(zip(rounds.index, records, strict=True))
    for _, group in rounds.groupby(["machine", "case"], sort=False):
        own = [by_row[index] for index in group.index]
        counted = counted_rounds(own) or [record for record in own if record.outcome == "ok"]
        marks = [any(record is one for one in counted) for record in own]
        used.loc[group.index] = pd.Series(marks, index=group.index)
        status.loc[group.index] = standing(own, own[-1].case.protocol, own[-1].case.device)
    return rounds.assign(used=used, status=status)
