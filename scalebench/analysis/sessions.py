"""Sessions of a machine, and how much its numbers differ between them.

Rounds of one session share the state of the host. However many there are, they do not show what another hour would
give; ``tests/bench/session_coverage.py`` has the figures.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

from scalebench.analysis.heats import Turns, log_ratio
from scalebench.analysis.moderation import NO_PRIOR, Part, Prior

PAUSE_S = 1800.0
"""A longer pause between the starts of two rounds of a host begins a new session."""
DEFAULT_COMMON, DEFAULT_SPECIFIC = 0.10, 0.04
"""Standard deviations of logarithms between sessions: what all cases share, and what each adds.

From the 64 cases in results/reference that were measured in several of the machine's six sessions: 0.10, and 0.03 to
0.05.
"""
DEFAULTS = {"memory_bytes": (0.015, 0.01), "process_bytes": (0.015, 0.01)}
"""The same for metrics that are steadier; from the same records."""
DEFAULT_FREEDOM = 4.0
"""Degrees of freedom of the defaults. Beside a machine's own estimate they weigh as one session only, because another
machine's spread may differ."""


def numbered(started: Sequence[str]) -> list[int]:
    """Session of each round of one host, 0-based, oldest first; rounds without a time belong to the first.

    Args:
        started: UTC, ISO 8601, in any order.
    """
    times = [datetime.fromisoformat(text).timestamp() if text else -math.inf for text in started]
    order = sorted(set(times))
    number = {-math.inf: 0, **dict.fromkeys(order[:1], 0)}
    for before, after in pairwise(order):
        number[after] = number[before] + (PAUSE_S < after - before < math.inf)
    return [number[time] for time in times]


@dataclass(frozen=True)
class Spread:
    """Variances of logarithms between sessions of a machine, each with its degrees of freedom.

    Attributes:
        common: of what all cases of a session share; it cancels where cases of the same sessions are compared.
        specific: of what each case adds.
    """

    common: Part
    specific: Part

    def of_mean(self, sessions: int) -> tuple[Part, Part]:
        """The same of a mean over so many sessions."""
        (common, freedom), (specific, own) = self.common, self.specific
        return (common / sessions, freedom), (specific / sessions, own)

    def deviation(self, sessions: int) -> float:
        """Standard deviation of the logarithm of a mean over so many sessions."""
        return math.sqrt(sum(variance for variance, _ in self.of_mean(sessions)))


DEFAULT = Spread((DEFAULT_COMMON**2, DEFAULT_FREEDOM), (DEFAULT_SPECIFIC**2, DEFAULT_FREEDOM))
"""Of times and rates on a machine that was measured in one session."""


@dataclass(frozen=True)
class SessionRounds:
    """Rounds of one metric of one case.

    Attributes:
        by_session: values of the rounds, by session.
        spread: between sessions; None where the machine has one session.
        turns: of the rounds that took turns, by heat.
        reference: machine and case that the relative times in ``turns`` are relative to.
        prior: of the variance of rounds.
        ratio_prior: of the variance of ratios of two cases within a heat.
    """

    by_session: Mapping[int, Sequence[float]]
    spread: Spread | None = None
    turns: Mapping[str, Turns] = field(default_factory=dict)
    reference: tuple[str, str] | None = None
    prior: Prior = NO_PRIOR
    ratio_prior: Prior = NO_PRIOR

    @classmethod
    def of(cls, rounds: SessionRounds | Sequence[float]) -> SessionRounds:
        """A sample as it is; plain values are the rounds of one session."""
        return rounds if isinstance(rounds, SessionRounds) else cls({0: rounds} if len(rounds) else {})

    def __len__(self) -> int:
        return sum(map(len, self.by_session.values()))

    @property
    def values(self) -> list[float]:
        """Of all rounds."""
        return [float(value) for values in self.by_session.values() for value in values]

    @property
    def moderated(self) -> bool:
        """Whether other cases tell about the variance of its rounds."""
        return self.prior.freedom > 0

    def within(self, sessions: Collection[int]) -> SessionRounds:
        """The rounds of these sessions, not compared by turns any more."""
        own = {number: values for number, values in self.by_session.items() if number in sessions}
        return replace(self, by_session=own, turns={})

    def over(self, other: SessionRounds) -> SessionRounds:
        """Ratios to another case in the heats that both share: each the median over the turns of the heat."""
        logs = [
            (own.session, log_ratio(own.logs, other.turns[heat].logs))
            for heat, own in self.turns.items() if heat in other.turns
        ]  # fmt: skip
        return self._ratios(logs)

    def relative(self) -> SessionRounds:
        """Ratios to the reference case, in the heats that have it."""
        return self._ratios([(own.session, own.relative) for own in self.turns.values()])

    def _ratios(self, logs: Sequence[tuple[int, float]]) -> SessionRounds:
        by_session: dict[int, list[float]] = {}
        for session, log in logs:
            if not math.isnan(log):
                by_session.setdefault(session, []).append(math.exp(log))
        # What the cases of a session share cancels in a ratio.
        own = None if self.spread is None else replace(self.spread, common=(0.0, 1.0))
        return SessionRounds(by_session, own, prior=self.ratio_prior)

    def log_mean(self) -> tuple[float, Part]:
        """Mean of the sessions' mean logarithms, and its variance from the scatter of rounds within sessions.

        The scatter is moderated by ``prior``. Where every session has a single round the variance is that between them;
        NaN for a single round.
        """
        logs = [np.log(np.asarray(values, dtype=float)) for values in self.by_session.values()]
        means = np.array([_mean(own) for own in logs])
        k = len(logs)
        variance, freedom = self.prior.moderate(*scatter(logs))
        if freedom:
            part = variance * sum(1 / len(own) for own in logs) / k**2, freedom
        else:
            part = (float(means.var(ddof=1)) / k, k - 1.0) if k > 1 else (math.nan, 0.0)
        return float(_mean(means)), part


def _mean(values: np.ndarray) -> float:
    """``values.mean()`` in a third of the time: of a few values its checks take longest."""
    return float(np.add.reduce(values)) / len(values)


def scatter(logs: Sequence[np.ndarray]) -> Part:
    """Variance of logarithms within sessions, pooled over them, with its degrees of freedom; NaN without any."""
    freedom = sum(map(len, logs)) - len(logs)
    total = sum(float(np.add.reduce((own - _mean(own)) ** 2)) for own in logs)
    return (total / freedom, float(freedom)) if freedom else (math.nan, 0.0)


def by_session(rounds: pd.DataFrame | Mapping[str, Sequence[Any]], metric: str) -> dict[int, tuple[float, ...]]:
    """Values of a metric by session; without a column ``session`` they are those of one session."""
    sessions = list(rounds["session"]) if "session" in rounds else [0] * len(rounds[metric])
    values: dict[int, list[float]] = {}
    for number, value in zip(sessions, list(rounds[metric]), strict=True):
        if not (math.isnan(number) or math.isnan(value)):
            values.setdefault(int(number), []).append(value)
    return {number: tuple(values[number]) for number in sorted(values)}


def spreads(rounds: pd.DataFrame, metrics: Sequence[str]) -> dict[tuple[str, str], Spread]:
    """Spread of each machine and metric, for machines with rounds from several sessions.

    Args:
        rounds: ``rounds.with_standing``.
    """
    used = rounds[rounds["used"].astype(bool)]
    found = {}
    for machine, own in used.groupby("machine", sort=False):
        for metric in metrics if "session" in own and own["session"].nunique() > 1 else ():
            rows = own.loc[own[metric] > 0, ["case", "session", metric]]
            cases = [SessionRounds(by_session(of_case, metric)) for _, of_case in rows.groupby("case", sort=False)]
            if rows["session"].nunique() > 1:
                found[str(machine), metric] = estimate(cases, metric)
    return found


def estimate(cases: Sequence[SessionRounds], metric: str) -> Spread:
    """Spread between the sessions of one machine, by moments.

    The mean logarithms of cases in several sessions are fitted by an effect of the case and one of the session. The
    variance of the session's effects is ``common``; what remains, less what the scatter of rounds explains, is
    ``specific``. Effects of all cases of a session are one observation, so ``common`` has few degrees of freedom, and
    the default is one more.
    """
    common, specific = (sd**2 for sd in DEFAULTS.get(metric, (DEFAULT_COMMON, DEFAULT_SPECIFIC)))
    several = [case for case in cases if len(case.by_session) > 1]
    if not several:
        return Spread((common, DEFAULT_FREEDOM), (specific, DEFAULT_FREEDOM))
    numbers = sorted({number for case in several for number in case.by_session})
    logs, design, sampling = [], [], []
    for case in several:
        means = np.array([case.within([number]).log_mean()[0] for number in case.by_session])
        columns = np.array([[float(number == own) for number in numbers] for own in case.by_session])
        logs.append(means - means.mean())
        design.append(columns - columns.mean(axis=0))
        repeated = len(case) > len(means)
        sampling.append(case.log_mean()[1][0] * len(means) if repeated else 0.0)
    observed, centred = np.concatenate(logs), np.concatenate(design)
    # The shortest of all solutions has effects around zero in each set of sessions that share cases.
    effects, _, rank, _ = np.linalg.lstsq(centred, observed, rcond=None)
    between = (common + float((effects**2).sum())) / (1 + rank)
    freedom = len(observed) - len(several) - int(rank)
    if not freedom:
        return Spread((between, 1.0 + rank), (specific, DEFAULT_FREEDOM))
    rest = float(((observed - centred @ effects) ** 2).sum()) / freedom
    return Spread((between, 1.0 + rank), (max(0.0, rest - float(np.mean(sampling))), float(freedom)))
