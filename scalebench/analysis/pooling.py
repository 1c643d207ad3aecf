"""What the cases of a machine tell about each other: spread between sessions, and priors of variances."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from scalebench.analysis.configurations import by_configuration
from scalebench.analysis.heats import LAPPED, by_heat, differences, of_record
from scalebench.analysis.moderation import NO_PRIOR, Prior, fit_prior
from scalebench.analysis.sessions import SessionRounds, Spread, scatter, spreads
from scalebench.analysis.sessions import by_session as values_by_session
from scalebench.analysis.way import WAY
from scalebench.record import Record


@dataclass(frozen=True)
class Pooled:
    """What holds for all cases of a machine.

    Attributes:
        spreads: see ``sessions.spreads``.
        priors: of the variance of rounds, by metric of ``LAPPED`` and configuration. Bytes have none: many cases have
            no spread at all.
        ratio_priors: of the variance of ratios within a heat, by machine and metric.
    """

    spreads: Mapping[tuple[str, str], Spread] = field(default_factory=dict)
    priors: Mapping[tuple[Hashable, ...], Prior] = field(default_factory=dict)
    ratio_priors: Mapping[tuple[str, str], Prior] = field(default_factory=dict)

    def prior(self, row: Mapping[str, Hashable], metric: str) -> Prior:
        """Prior for rounds of the configuration of a row; none where its frame does not name it."""
        return self.priors.get((metric, *(row.get(name) for name in WAY)), NO_PRIOR)


def pooled(rounds: pd.DataFrame, metrics: Sequence[str], ratios: bool = True) -> Pooled:
    """What the used rounds of all cases have in common.

    Args:
        rounds: ``rounds.with_standing``.
        metrics: names of measured metrics.
        ratios: whether the priors of ratios are needed.
    """
    used = rounds[rounds["used"].astype(bool)]
    lapped = [metric for metric in LAPPED if metric in metrics]
    priors = {
        (metric, *configuration.values()): fit_prior([scatter(logs) for logs in _logs_of_cases(of_all, metric)])
        for configuration, of_all in by_configuration(used) for metric in lapped
    }  # fmt: skip
    ratio_priors = {
        (str(machine), metric): _ratio_prior(own, metric)
        for machine, own in used.groupby("machine", sort=False) for metric in lapped
        if ratios and own[f"turns_{metric}"].notna().any()
    }  # fmt: skip
    return Pooled(spreads(rounds, metrics), priors, ratio_priors)


def _logs_of_cases(rounds: pd.DataFrame, metric: str) -> list[list[np.ndarray]]:
    """Logarithms of the values above zero, by case and session; plain lists, as a frame per case takes seconds."""
    sessions = rounds["session"] if "session" in rounds else [0] * len(rounds)
    by_case: dict[Hashable, dict[int, list[float]]] = {}
    for case, session, value in zip(rounds["case"], sessions, rounds[metric], strict=True):
        if value > 0:
            by_case.setdefault(case, {}).setdefault(session, []).append(value)
    return [[np.log(own) for own in of_case.values()] for of_case in by_case.values()]


def _ratio_prior(rounds: pd.DataFrame, metric: str) -> Prior:
    """Prior of one machine from every two cases that share heats; those of one case are not independent."""
    parts = [scatter([np.asarray(logs) for logs in pair]) for pair in differences(rounds, metric)]
    own = rounds[rounds[f"turns_{metric}"].notna()]
    return fit_prior(parts, float(len(own) - own["case"].nunique()))


def sample(rounds: pd.DataFrame | Mapping[str, Sequence[Any]], metric: str, shared: Pooled) -> SessionRounds:
    """A metric of one case on one machine.

    Args:
        rounds: used rows of ``rounds.with_standing``, or lists by the name of the column; without a column ``session``
            they are those of one session.
        shared: what all cases of the machine share.
    """
    by_session = values_by_session(rounds, metric)
    if not by_session:
        return SessionRounds({})
    row = {name: next(iter(rounds[name])) for name in (*WAY, "reference") if name in rounds}
    own = (row["machine"], metric)
    turns = by_heat(list(rounds["heat"]), list(rounds[f"turns_{metric}"])) if f"turns_{metric}" in rounds else {}
    reference = (row["machine"], row["reference"]) if turns else None
    return SessionRounds(
        by_session, shared.spreads.get(own), turns, reference, shared.prior(row, metric),
        shared.ratio_priors.get(own, NO_PRIOR),
    )  # fmt: skip


def sample_of(records: Sequence[Record], metric: str) -> SessionRounds:
    """A metric of one case from the records of one session, without what other cases tell."""
    rows = [record for record in records if record.facts.get(metric)]
    turns = by_heat([record.heat for record in rows], [of_record(record).get(metric) for record in rows])
    return SessionRounds({0: [float(record.facts[metric]) for record in rows]} if rows else {}, turns=turns)
