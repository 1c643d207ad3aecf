"""Rounds that took turns: the time of every turn, relative times, and which rounds can be compared turn by turn.

A disturbance of the host lasts for seconds, so the turns of a heat with equal numbers share it and it cancels in their
ratio. What is left belongs to the processes and shrinks with the number of heats only: a heat is one observation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from operator import itemgetter
from statistics import median
from typing import TYPE_CHECKING

from scalebench.record import Record

if TYPE_CHECKING:
    import pandas as pd

LAPPED = ("latency_s", "throughput_ips")
"""Metrics that every turn has."""


@dataclass(frozen=True)
class Turns:
    """One round of a heat.

    Attributes:
        session: in which it was made.
        logs: log of the metric in each turn, by the number of the turn.
        relative: log relative to the heat's reference case; NaN where that is not in the heat.
    """

    session: int
    logs: Mapping[int, float]
    relative: float = math.nan


def logs_by_turn(laps: Sequence[float], turns: Sequence[int], batch: int) -> dict[str, dict[int, float]]:
    """Log of each metric of ``LAPPED`` in each turn: of the median lap, and of the images over the sum of the laps.

    Args:
        laps: seconds per pass.
        turns: number of the turn of each, ascending.
        batch: images per pass.
    """
    by_turn = {turn: [lap for _, lap in own] for turn, own in groupby(zip(turns, laps, strict=True), key=itemgetter(0))}
    latency = {turn: math.log(median(own)) for turn, own in by_turn.items()}
    throughput = {turn: math.log(batch * len(own) / sum(own)) for turn, own in by_turn.items()}
    return dict(zip(LAPPED, (latency, throughput), strict=True))


def log_ratio(over: Mapping[int, float], under: Mapping[int, float]) -> float:
    """Median over the turns that both have of the log of their ratio; NaN where they share none."""
    differences = [log - under[turn] for turn, log in over.items() if turn in under]
    return median(differences) if differences else math.nan


def with_turns(rounds: pd.DataFrame) -> pd.DataFrame:
    """Same frame with a column ``turns_<metric>`` for each of ``LAPPED`` and one ``reference``.

    ``turns_<metric>`` holds the ``Turns`` of rounds that enter the estimates, and None for those measured alone.
    ``reference`` is the key of the case that stands in most heats of the machine; empty where it has none.

    Args:
        rounds: with ``used`` and ``session``.
    """
    import pandas as pd  # plans read the stop rule, which needs no frame

    in_heat = rounds["used"].astype(bool) & (rounds["heat"] != "") & (rounds["turns"].map(len) > 0)
    own = rounds[in_heat]
    references = {machine: _in_most_heats(rows) for machine, rows in own.groupby("machine", sort=False)}
    columns = {"reference": pd.Series([references.get(name, "") for name in rounds["machine"]], rounds.index, object)}
    rows = own[["machine", "heat", "case", "session"]].to_dict("records")
    logs = [logs_by_turn(*values) for values in zip(own["laps"], own["turns"], own["batch"], strict=True)]
    for metric in LAPPED:
        of_reference: dict[tuple[str, str], dict[int, float]] = {}
        for row, by_metric in zip(rows, logs, strict=True):
            if row["case"] == references[row["machine"]]:
                of_reference.setdefault((row["machine"], row["heat"]), by_metric[metric])
        turns = [
            Turns(row["session"], by_metric[metric],
                  log_ratio(by_metric[metric], of_reference.get((row["machine"], row["heat"]), {})))
            for row, by_metric in zip(rows, logs, strict=True)
        ]  # fmt: skip
        by_index = dict(zip(own.index, turns, strict=True))
        columns[f"turns_{metric}"] = pd.Series([by_index.get(index) for index in rounds.index], rounds.index, object)
    return rounds.assign(**columns)


def _in_most_heats(rounds: pd.DataFrame) -> str:
    """Key of the case that is in most heats of one machine; of several the first."""
    return str(rounds.groupby("case", sort=False)["heat"].nunique().idxmax())


def by_heat(heats: Sequence[str], turns: Sequence[Turns | None]) -> dict[str, Turns]:
    """Rounds of one case by their heat. Of a case that is in a heat twice, for an A/A pair, the first one stands."""
    paired = [(heat, own) for heat, own in zip(heats, turns, strict=True) if own is not None]
    return dict(reversed(paired))


def of_record(record: Record, session: int = 0) -> dict[str, Turns]:
    """The turns of a round by metric, without a reference; empty where it was measured alone."""
    if not (record.heat and record.turns):
        return {}
    logs = logs_by_turn(record.samples["latency_s"], record.turns, record.case.batch)
    return {metric: Turns(session, own) for metric, own in logs.items()}


def differences(rounds: pd.DataFrame, metric: str) -> list[list[list[float]]]:
    """Log ratios of every two cases that share heats, by pair and session; one value per heat.

    Args:
        rounds: used rows of one machine, with ``with_turns``.
    """
    by_pair: dict[tuple[str, str], dict[int, list[float]]] = {}
    rows = rounds[rounds[f"turns_{metric}"].notna()].sort_values("case", kind="stable")
    for _, heat in rows.groupby("heat", sort=False):
        for (case, own), (other, its) in combinations(zip(heat["case"], heat[f"turns_{metric}"], strict=True), 2):
            log = log_ratio(own.logs, its.logs)
            if case != other and not math.isnan(log):
                by_pair.setdefault((case, other), {}).setdefault(own.session, []).append(log)
    return [list(by_session.values()) for by_session in by_pair.values()]


def repeated(rounds: pd.DataFrame, metric: str) -> list[float]:
    """Log ratios of a case to itself, one for each heat that has it twice.

    Args:
        rounds: used rows of one machine, with ``with_turns``.
    """
    rows = rounds[rounds[f"turns_{metric}"].notna()]
    pairs = [own[f"turns_{metric}"].tolist()[:2] for _, own in rows.groupby(["heat", "case"], sort=False)]
    return [log_ratio(pair[1].logs, pair[0].logs) for pair in pairs if len(pair) == 2]
