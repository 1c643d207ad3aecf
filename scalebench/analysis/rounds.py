"""Which rounds of the frame enter the estimates, and the status of their cases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from scalebench.analysis.heats import with_turns
from scalebench.analysis.sessions import numbered
from scalebench.analysis.stopping import counted_rounds, standing
from scalebench.record import Record
from scalebench.store.frame import compact


def name_machines(rounds: pd.DataFrame) -> pd.DataFrame:
    """Same frame with unique ``machine``: where its software differs, the software's key is appended."""
    software = rounds.groupby("hw_key")["sw_key"].transform("nunique")
    unique = rounds["machine"].where(software <= 1, rounds["machine"] + "/" + rounds["sw_key"].str[:6])
    return rounds.assign(machine=unique)


def with_standing(rounds: pd.DataFrame, records: Sequence[Record]) -> pd.DataFrame:
    """Same frame with ``used`` (whether a round enters the estimates) and ``status`` of its case, see ``stopping``.

    ``session`` is the session of the round on its host, see ``sessions``; what else is added, see ``heats.with_turns``.

    Successful rounds with a bad flag are set aside only where there are others, and never those of a heat.

    Args:
        rounds: ``store.frame.rounds_frame`` with unique machines.
        records: the measured records behind its rows, in the same order.
    """
    used, status = np.zeros(len(rounds), dtype=bool), np.full(len(rounds), "", dtype=object)
    for indices in rounds.groupby(["machine", "case"], sort=False).indices.values():
        own = [records[index] for index in indices]
        counted = {id(record) for record in counted_rounds(own) or own if record.outcome == "ok"}
        used[indices] = [id(record) in counted for record in own]
        status[indices] = standing(own, own[-1].case.protocol, own[-1].case.device)
    return compact(with_turns(rounds.assign(used=used, status=status, session=_sessions(records))))


def _sessions(records: Sequence[Record]) -> np.ndarray:
    """Session of each record: a GPU and the processor of one host share theirs."""
    session = np.zeros(len(records), dtype=int)
    hosts = pd.Series([record.environment.host or record.environment.hw_key for record in records], dtype=object)
    for indices in hosts.groupby(hosts).indices.values():
        session[indices] = numbered([records[index].started for index in indices])
    return session
