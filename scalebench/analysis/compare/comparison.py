"""The result of a comparison: rows with verdicts, one gate over all of them, and a mean."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from scalebench.analysis.compare.gate import GATE, Effect, Verdict, judge
from scalebench.analysis.compare.sides import Side
from scalebench.analysis.fingerprint import Difference
from scalebench.analysis.holm import holm
from scalebench.analysis.stats import LEVEL, Estimate, of_rounds, unknown
from scalebench.metrics import METRICS
from scalebench.suite.case import Case

_RESAMPLES = 2000


@dataclass(frozen=True)
class RankTest:
    """A check that assumes no distribution."""

    ratio: float  # Hodges-Lehmann ratio of two runs, or the median of paired ratios
    p: float = math.nan  # two-sided, of the exact Mann-Whitney test; NaN for pairs
    low: float = math.nan  # sign-test interval of the median of pairs; NaN below six pairs, and for two runs
    high: float = math.nan


@dataclass(frozen=True)
class Compared:
    """One metric of one case on both sides."""

    a: Case
    b: Case
    machine: str  # or ``A -> B`` between two machines
    metric: str
    before: Estimate
    after: Estimate
    ratio: Estimate  # B / A with its 95 % interval, widened by ``noise`` where A and B are two runs
    check: RankTest
    noise: float  # difference between two runs without any cause, |log ratio|; 0 within one run
    margin: float  # largest difference that does not matter, relative
    p: float  # one-sided, of "B is not worse"
    verdict: Verdict  # of this case alone
    noise_from: str = ""  # source of ``noise``, in words
    doubts: tuple[str, ...] = ()  # bad flags of its rounds; such a case is listed and not gated
    p_holm: float = math.nan  # ``p`` adjusted over all gated cases; NaN where this one is not gated
    q: float = math.nan  # ``p`` two-sided after Benjamini and Hochberg, for listings; NaN as above
    gated: bool = False  # whether the case fails the gate: worse by more than the margin, after Holm


@dataclass(frozen=True)
class Comparison:
    """Two sides, compared."""

    rows: tuple[Compared, ...]  # one per case and metric, in the order of A
    means: Mapping[str, Estimate]  # by metric, the geometric mean of the ratios over cases without doubts
    differences: tuple[Difference, ...] = ()  # between the machines behind the rows
    only_a: tuple[str, ...] = ()  # cases that one side lacks, in words
    only_b: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()  # cases that one side could not measure, in words
    notes: tuple[str, ...] = ()  # what was left out, in words

    @property
    def worse(self) -> tuple[Compared, ...]:
        """Rows that fail the gate."""
        return tuple(row for row in self.rows if row.gated)

    @property
    def undecided(self) -> bool:
        """Whether any case could not be judged: inconclusive, doubtful, or without a number on one side."""
        return bool(self.failed) or any(row.verdict == "inconclusive" or row.doubts for row in self.rows)


@dataclass(frozen=True)
class NoiseScale:
    """Margin and noise that an effect is judged against, see ``Compared``."""

    margin: float
    noise: float = 0.0
    noise_from: str = ""
    freedom: float = math.inf  # degrees of freedom of the noise


def row_of(a: Side, b: Side, metric: str, effect: Effect, check: RankTest, scale: NoiseScale) -> Compared:
    """A row from the two sides and the effect between them; not gated yet."""
    better = METRICS[metric].better
    return Compared(
        a=a.case,
        b=b.case,
        machine=" -> ".join(dict.fromkeys(side.environment.machine for side in (a, b))),
        metric=metric,
        before=of_rounds(a.values(metric)),
        after=of_rounds(b.values(metric)),
        ratio=effect.estimate,
        check=check,
        noise=scale.noise,
        margin=scale.margin,
        p=effect.p_worse(better),
        verdict=judge(effect, scale.margin, better),
        noise_from=scale.noise_from,
        doubts=tuple(dict.fromkeys((*a.doubts, *b.doubts))),
    )


def means_of(rows: Sequence[Compared]) -> dict[str, Estimate]:
    """By metric, the geometric mean of the ratios of all cases without doubts."""
    metrics = dict.fromkeys(row.metric for row in rows)
    return {m: mean_of_cases([r.ratio.value for r in rows if r.metric == m and not r.doubts]) for m in metrics}


def gate(rows: Sequence[Compared]) -> tuple[Compared, ...]:
    """Same rows with the gate's answer.

    The null hypothesis of a row is "B is not worse than A". Holm limits the chance that any true one among all rows
    is rejected to 2.5 %, the level of one end of a 95 % interval; a row fails the gate if its own verdict is
    ``worse`` too, that is, beyond the margin. Rows with doubts or without an interval are not tested.
    """
    tested = [index for index, row in enumerate(rows) if not row.doubts and not math.isnan(row.p)]
    adjusted = holm([rows[index].p for index in tested])
    two_sided = [2 * min(rows[index].p, 1 - rows[index].p) for index in tested]
    listed = stats.false_discovery_control(two_sided) if tested else []
    gated = list(rows)
    for index, p_holm, q in zip(tested, adjusted, listed, strict=True):
        row = rows[index]
        gated[index] = replace(row, p_holm=p_holm, q=float(q), gated=row.verdict == "worse" and p_holm <= GATE)
    return tuple(gated)


def mean_of_cases(ratios: Sequence[float]) -> Estimate:
    """Geometric mean with a percentile-bootstrap interval over cases, seeded; no interval for a single case."""
    if not ratios:
        return unknown()
    logs = np.log(np.asarray(ratios, dtype=float))
    mean = math.exp(float(logs.mean()))
    if len(logs) < 2:
        return Estimate(mean, math.nan, math.nan, len(logs))
    drawn = stats.bootstrap(
        (logs,), np.mean, n_resamples=_RESAMPLES, confidence_level=LEVEL, method="percentile",
        random_state=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    return Estimate(mean, math.exp(float(drawn.low)), math.exp(float(drawn.high)), len(logs))
