"""Intervals over rounds. Rounds are the unit of replication; iterations inside one are correlated and are not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from scalebench.analysis.moderation import Part
from scalebench.analysis.sessions import SessionRounds, Spread

LEVEL = 0.95
Pairing = Literal["paired", "through the reference", "unpaired"]
"""How two cases were compared: turn by turn in the heats that they share; by their times relative to the reference case
of their heats; by the values of their rounds."""
FEWEST_HEATS = 2


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval, which has no width for a count and is NaN where n is too small."""

    value: float
    low: float
    high: float
    n: int  # rounds, or counted models
    exact: bool = False  # whether it is a count; rounds that happen to agree are not
    freedom: float = math.inf  # degrees of freedom of a t-interval
    pairing: Pairing | None = None  # of a ratio; of several the one that cancels least

    @property
    def half_width(self) -> float:
        """Half the interval over the value."""
        return (self.high - self.low) / 2 / abs(self.value) if self.value else math.nan

    def at(self, level: float) -> Estimate:
        """The same with an interval of another level: each side longer, as the quantiles of t are.

        Sides are logarithms where they are positive. Of a resampled interval the quantiles are normal.
        """
        if self.exact:
            return self
        longer = _quantile(self.freedom, level) / _quantile(self.freedom, LEVEL)
        if self.low > 0:
            ends = (self.value * (end / self.value) ** longer for end in (self.low, self.high))
        else:
            ends = (self.value + (end - self.value) * longer for end in (self.low, self.high))
        low, high = ends
        return replace(self, low=low, high=high)

    def times(self, factor: float) -> Estimate:
        """The same in another unit: ``factor`` is exact and positive."""
        return replace(self, value=self.value * factor, low=self.low * factor, high=self.high * factor)

    def columns(self, name: str) -> dict[str, float]:
        """Value and interval as columns ``name``, ``name_low`` and ``name_high``."""
        return {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high}


def unknown(n: int = 0) -> Estimate:
    """An estimate without a value."""
    return Estimate(math.nan, math.nan, math.nan, n)


def resampled(value: float, draws: Sequence[float] | npt.NDArray[np.float64], n: int) -> Estimate:
    """A value with the percentile interval of its resampled values, of which NaN are left out."""
    low, high = np.nanquantile(np.asarray(draws, dtype=float), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(low), float(high), n)


def exact(value: float, n: int = 1) -> Estimate:
    """A counted value: its interval has no width."""
    return Estimate(value, value, value, n, exact=True)


def of_rounds(medians: SessionRounds | Sequence[float]) -> Estimate:
    """Geometric mean of round medians with a t-interval on their logs.

    Of several sessions it is the mean of their means, and the interval has the spread between them; of one it holds for
    that session. Where a value is not positive, as energy above idle can be, it is the arithmetic mean.

    In experiments 81 to 91 % of such intervals covered the median of other rounds of the session, where 88 % is what a
    calibrated one gives on that test; intervals over the iterations of one process covered 0 to 60 %.
    """
    sample = SessionRounds.of(medians)
    values, n = np.asarray(sample.values, dtype=float), len(sample)
    if n == 0:
        return unknown()
    if (values <= 0).any():  # energy above idle can be
        means = [float(np.mean(own)) for own in sample.by_session.values()]
        sample_values = np.asarray(means) if len(means) > 1 else values
        return Estimate(*_t_interval(sample_values), n, freedom=max(len(sample_values) - 1, 1))
    mean, scatter = sample.log_mean()
    between = sample.spread.of_mean(len(sample.by_session)) if sample.spread else ()
    return t_estimate(mean, (scatter, *between), n, sample.moderated)


def _t_interval(values: np.ndarray) -> tuple[float, float, float]:
    n, mean = len(values), float(values.mean())
    half = _t_half(float(values.std(ddof=1)) / math.sqrt(n), n - 1) if n > 1 else math.nan
    return mean, mean - half, mean + half


def across_sessions(estimate: Estimate, spread: Spread | None, sessions: int) -> Estimate:
    """A positive estimate of rounds alone, with the spread between sessions added to its interval."""
    if spread is None or not estimate.low > 0:
        return estimate
    half = math.log(t_estimate(0.0, spread.of_mean(sessions), 1).high)
    down, up = (math.hypot(math.log(end / estimate.value), half) for end in (estimate.low, estimate.high))
    return replace(estimate, low=estimate.value * math.exp(-down), high=estimate.value * math.exp(up))


def ratio(over: SessionRounds | Sequence[float], under: SessionRounds | Sequence[float]) -> Estimate:
    """Ratio of two cases with its t-interval on logarithms.

    Cases that share heats are compared turn by turn: a heat gives the median over its shared turns of the log of their
    ratio, and n is the number of shared heats. Of others that took turns the times relative to the reference case of
    their heats are compared, else the values of their rounds: Welch's interval, within the sessions that both share.
    Where they share none, the interval has the spread between sessions.
    """
    return mean_ratio([(over, under)])


def mean_ratio(pairs: Sequence[tuple[SessionRounds | Sequence[float], SessionRounds | Sequence[float]]]) -> Estimate:
    """Geometric mean of several ratios, each of two cases' rounds; errors of the pairs are independent."""
    samples = [(SessionRounds.of(over), SessionRounds.of(under)) for over, under in pairs]
    return combine([_log_difference(a, b) for a, b in samples if len(a) and len(b)])


def ratio_of_ratios(
    over: tuple[SessionRounds | Sequence[float], SessionRounds | Sequence[float]],
    under: tuple[SessionRounds | Sequence[float], SessionRounds | Sequence[float]],
) -> Estimate:
    """How many times larger one ratio of two cases is than another, with the interval of all four cases' rounds."""
    (a, b), (c, d) = over, under
    # The mean of ln(a / b) and ln(d / c) is half the log of the wanted ratio, with half its standard error.
    half = mean_ratio([(a, b), (d, c)])
    return replace(half, value=half.value**2, low=half.low**2, high=half.high**2)


@dataclass(frozen=True)
class _LogDifference:
    mean: float
    parts: tuple[Part, ...]
    n: int
    common: Part = (0.0, 1.0)  # of the sessions, equal for all cases measured in them
    pairing: Pairing = "unpaired"
    moderated: bool = False


def _log_difference(a: SessionRounds, b: SessionRounds) -> _LogDifference:
    ratios = a.over(b)
    if len(ratios) >= FEWEST_HEATS or (ratios and min(len(a), len(b)) < FEWEST_HEATS):
        mean, scatter = ratios.log_mean()
        return _LogDifference(mean, (scatter,), len(ratios), pairing="paired", moderated=ratios.moderated)
    relative = [case.relative() for case in (a, b)]
    if a.reference == b.reference and min(map(len, relative)) >= FEWEST_HEATS:
        return replace(_unpaired(*relative), pairing="through the reference")
    return _unpaired(a, b)


def _unpaired(a: SessionRounds, b: SessionRounds) -> _LogDifference:
    n, shared = min(len(a), len(b)), a.by_session.keys() & b.by_session.keys()
    if shared:
        a, b = a.within(shared), b.within(shared)
        n = min(len(a), len(b))
    (over, scatter_a), (under, scatter_b) = a.log_mean(), b.log_mean()
    spread, moderated = None if shared else a.spread or b.spread, a.moderated or b.moderated
    if spread is None:
        return _LogDifference(over - under, (scatter_a, scatter_b), n, moderated=moderated)
    (of_a, freedom), own_a = spread.of_mean(len(a.by_session))
    (of_b, _), own_b = spread.of_mean(len(b.by_session))
    parts = (scatter_a, scatter_b, own_a, own_b)
    return _LogDifference(over - under, parts, n, (of_a + of_b, freedom), moderated=moderated)


def combine(differences: Sequence[_LogDifference]) -> Estimate:
    """Average log differences; see ``t_estimate``.

    Their errors are independent but for the common part of sessions, which does not average out.
    """
    if not differences:
        return unknown()
    k = len(differences)
    parts = [(variance / k**2, freedom) for d in differences for variance, freedom in d.parts]
    common = (sum(math.sqrt(d.common[0]) for d in differences) / k) ** 2
    parts.append((common, min(d.common[1] for d in differences if d.common[0] > 0) if common else 1.0))
    mean, n = sum(d.mean for d in differences) / k, min(d.n for d in differences)
    e = t_estimate(mean, parts, n, any(d.moderated for d in differences))
    return replace(e, pairing=max((d.pairing for d in differences), key=get_args(Pairing).index))


def t_estimate(mean: float, parts: Sequence[Part], n: int, moderated: bool = False) -> Estimate:
    """exp of a mean of logs with its t-interval; ``parts`` are independent variances of it with degrees of freedom.

    The degrees of freedom of all are after Welch and Satterthwaite, where errors of the variances average out. Those of
    moderated ones do not: they all lean on the same prior, and each true variance has the spread of its own posterior
    distribution. So their sum has no more than the parts have on average.
    """
    variance = sum(v for v, _ in parts)
    certain = variance == 0 or math.isnan(variance)
    freedom = math.inf if certain else variance**2 / sum(v**2 / freedom for v, freedom in parts if v > 0)
    if moderated and not certain:
        freedom = min(freedom, sum(v * own for v, own in parts) / variance)
    half = _t_half(math.sqrt(variance), freedom)
    return Estimate(math.exp(mean), math.exp(mean - half), math.exp(mean + half), n, freedom=freedom)


def _t_half(standard_error: float, freedom: float) -> float:
    return _quantile(freedom, LEVEL) * standard_error


def _quantile(freedom: float, level: float) -> float:
    """Half-width of an interval in standard errors."""
    end = 0.5 + level / 2
    from scipy import special  # half a second, and only estimates need it

    return float(special.ndtri(end) if math.isinf(freedom) else special.stdtrit(freedom, end))
