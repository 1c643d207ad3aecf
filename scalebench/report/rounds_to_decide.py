"""How many rounds per case would decide an open verdict."""

from __future__ import annotations

import math

from scipy import optimize, special

from scalebench.analysis.stats import LEVEL
from scalebench.claims.judge import Verdict
from scalebench.claims.judged_parts import Judged

FARTHEST = 1e4
"""An effect nearer to its bound than a ten-thousandth of the half-width lies on it."""


def rounds_to_decide(verdict: Verdict) -> float:
    """Rounds per case after which an open verdict would be decided, were every effect to stay as it is.

    A claim of ``all_of`` its parts is refuted as soon as one part is, so where open parts lie outside what is allowed
    the first of them counts; else it is supported when the last one is. One of ``any_of`` them is the mirror image.
    NaN for a decided verdict, without an interval, on paper, where times are those of launches, and where intervals
    come from the choice of models, which no round narrows; infinite where an effect lies on its bound.
    """
    if not verdict.way or not all(part.narrows for part in verdict.claim.parts if part.measured):
        return math.nan
    open_ = [part for part in verdict.parts if part.word == "inconclusive"]
    if verdict.verdict != "inconclusive" or not open_ or any(part.launch_bound for part in open_):
        return math.nan
    alone = [part for part in open_ if (part.distance > 0) == (verdict.claim.rule == "all_of")]
    deciding_alone = [_rounds(part, part.level) for part in alone]
    needed = deciding_alone or [_rounds(part) for part in open_]
    return math.nan if any(map(math.isnan, needed)) else min(needed) if deciding_alone else max(needed)


def _rounds(part: Judged, level: float = LEVEL) -> float:
    """Rounds after which the interval of one part would end at its nearest bound.

    The half-width of the log's interval is the t-quantile times the standard error, and both shrink with n. A ratio of
    two cases that vary alike has 2 (n - 1) degrees of freedom (Welch), the most there can be and so the slowest case,
    unless other cases add theirs.
    """
    n, share, end = part.estimate.n, _half_widths(part, level), (1 + level) / 2
    if math.isnan(share) or n < 2:
        return math.nan
    if share < 1 / FARTHEST:
        return math.inf
    freedom = part.estimate.freedom if math.isfinite(part.estimate.freedom) else 0.0
    freedom = max(freedom, 2 * (n - 1))
    quantile = float(special.stdtrit(freedom, end))

    def excess(times: float) -> float:
        return float(special.stdtrit(freedom + 2 * n * (times - 1), end)) / quantile / math.sqrt(times) - share

    return n * float(optimize.brentq(excess, 1, 2 * FARTHEST**2)) if share < 1 else float(n)


def _half_widths(part: Judged, level: float = LEVEL) -> float:
    """How many half-widths of its interval an effect lies from its nearest bound; NaN without an interval of ratios."""
    e = part.estimate.at(level)
    if e.exact or not 0 < e.low < e.high < math.inf:
        return math.nan
    bounds = [bound for bound in (part.low, part.high) if 0 < bound < math.inf]
    distance = min((abs(math.log(e.value / bound)) for bound in bounds), default=math.nan)
    return distance / (math.log(e.high / e.low) / 2)
