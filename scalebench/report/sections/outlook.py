"""How sure the verdicts are, and what would change them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pandas as pd
from scipy import optimize, special

from scalebench import units
from scalebench.analysis.analyse import Analysis
from scalebench.analysis.stats import LEVEL
from scalebench.claims.judge import ON_PAPER, Verdict, expected_false
from scalebench.claims.judged_parts import Judged
from scalebench.report.labels import listed
from scalebench.report.sections.headline import effect

MOST = 3
FEASIBLE = 200
"""More rounds than this are not feasible."""
FARTHEST = 1e4
"""An effect nearer to its bound than a ten-thousandth of the half-width lies on it."""


def outlook(verdicts: Sequence[Verdict], analysis: Analysis) -> tuple[str, ...]:
    """First how sure the verdicts are, then up to ``MOST`` things that would change them; nothing without claims."""
    if not verdicts:
        return ()
    return (_confidence(verdicts, analysis.cases), *list(_changes(verdicts))[:MOST])


def rounds_to_decide(verdict: Verdict) -> float:
    """Rounds per case after which an open verdict would be decided, were every effect to stay as it is.

    A claim of ``all_of`` its parts is refuted as soon as one part is, so where open parts lie outside what is allowed
    the first of them counts; else it is supported when the last one is. One of ``any_of`` them is the mirror image.
    NaN for a decided verdict, without an interval, on paper, and where intervals come from the choice of models, which
    no round narrows; infinite where an effect lies on its bound.
    """
    if not verdict.way or not all(part.narrows for part in verdict.claim.parts if part.measured):
        return math.nan
    open_ = [part for part in verdict.parts if part.word == "inconclusive"]
    if verdict.verdict != "inconclusive" or not open_:
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


def _confidence(verdicts: Sequence[Verdict], cases: pd.DataFrame) -> str:
    measured = [v for v in verdicts if v.machine != ON_PAPER and v.n]
    if not measured:
        return "Confidence: nothing was measured for these verdicts; they follow from counts, which are exact."
    undecided = sum(v.verdict == "inconclusive" for v in measured)
    good = cases["n"][cases["n"] > 0]
    decided, false = expected_false(verdicts)
    wrong = (
        f" Of {decided} verdicts that measurements decided, {units.digits(false, 2)} would be false on average if "
        "every true effect lay on its bound, and fewer if not."
    )
    least, most = int(good.min()), int(good.max())
    rounds = str(least) if least == most else f"{least} to {most}"
    return (
        f"Confidence: intervals come from {rounds} rounds per case; {undecided} of {len(measured)} verdicts on "
        f"measurements are open; {_doubtful(cases)}.{wrong if decided else ''}"
    )


def _doubtful(cases: pd.DataFrame) -> str:
    """Cases with doubtful rounds among those that were watched; the others are not counted as undisturbed."""
    watched = cases[(cases["watched"] > 0) | (cases["replaced"] > 0)]
    if watched.empty:
        return "no round was watched for disturbances, so none could be found doubtful"
    doubtful, others = int((watched["replaced"] > 0).sum()), len(cases) - len(watched)
    apart = f"; the rounds of {others} cases were not watched for disturbances" if others else ""
    return f"{doubtful} of {len(watched)} watched cases had doubtful rounds, which were set aside{apart}"


def _changes(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Open verdicts first, those that fewest rounds would decide; then what nobody has measured; then narrow calls."""
    open_ = sorted((n, i) for i, v in enumerate(verdicts) if v.verdict == "inconclusive"
                   and not math.isnan(n := rounds_to_decide(v)))  # fmt: skip
    nearest = {verdicts[index].claim.id: (n, index) for n, index in reversed(open_)}
    for n, index in sorted(nearest.values())[: MOST - 1]:
        yield _more_rounds(verdicts[index], n)
    alone = [v for v in verdicts if v.verdict == "inconclusive" and v.n == 1 and v.way]
    if alone:
        names = listed(list(dict.fromkeys(v.claim.id for v in alone)))
        yield f"{names}: one round gives no interval, and without an interval nothing is decided; measure more rounds."
    lacking = [v.claim.id for v in verdicts if v.verdict == "not measured" and v.claim.parts]
    if lacking:
        some = f"{listed(lacking[:3])}{f' and {len(lacking) - 3} more' if len(lacking) > 3 else ''}"
        yield f"Not measured: {some}; scalebench suite-for {' '.join(lacking[:3])} writes a suite that decides them."
    decided = [
        (distance, i)
        for i, v in enumerate(verdicts)
        if v.verdict in ("supported", "refuted", "not reproduced here") and v.decisive is not None
        if not math.isnan(distance := _half_widths(v.decisive))
    ]
    if decided:
        distance, index = min(decided)
        verdict = verdicts[index]
        yield (
            f"{_place(verdict)} is the closest decision: {verdict.verdict}, {effect(verdict)}, "
            f"its bound is {units.digits(distance)} half-widths of the interval away."
        )


def _place(verdict: Verdict) -> str:
    return f"{verdict.claim.id} {verdict.machine if verdict.machine == ON_PAPER else f'on {verdict.machine}'}"


def _more_rounds(verdict: Verdict, rounds: float) -> str:
    where = f"{_place(verdict)}, {verdict.way.split(',')[0]}"
    if rounds > FEASIBLE:
        return f"{where}: no feasible number of rounds decides it, {effect(verdict)} is too close to its bound."
    return (
        f"{where}: about {math.ceil(rounds)} rounds per case in place of {verdict.n} would decide it if the "
        f"effect stays ({effect(verdict)}); scalebench run --protocol standard continues until intervals are narrow."
    )
