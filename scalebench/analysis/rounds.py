"""Rounds in the frame: which of them count, and how their cases came to an end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
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
    used, status = np.zeros(len(rounds), dtype=bool), np.full(len(rounds), "", dtype=object)
    for at in rounds.groupby(["machine", "case"], sort=False).indices.values():
        own = [records[index] for index in at]
        counted = counted_rounds(own) or [record for record in own if record.outcome == "ok"]
        used[at] = [any(record is one for one in counted) for record in own]
        status[at] = standing(own, own[-1].case.protocol, own[-1].case.device)
    return rounds.assign(used=used, status=status)
