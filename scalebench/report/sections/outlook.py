"""How sure the verdicts are, and what would change them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from scalebench import units
from scalebench.analysis.run import Analysis
from scalebench.claims.evaluate import ON_PAPER, Verdict
from scalebench.report.labels import listed
from scalebench.report.sections.headline import effect

MOST = 3
FEASIBLE = 200
"""Rounds beyond which more of them are no way to a decision."""


def outlook(verdicts: Sequence[Verdict], analysis: Analysis) -> tuple[str, ...]:
    """First how sure the verdicts are, then up to ``MOST`` things that would change them; nothing without claims."""
    if not verdicts:
        return ()
    return (_confidence(verdicts, analysis.cases), *list(_changes(verdicts))[:MOST])


def rounds_to_decide(verdict: Verdict) -> float:
    """Rounds per case after which the interval would end at the nearest bound, were the effect to stay as it is.

    The half-width of the interval of a log shrinks with the square root of n. NaN without an interval, infinite where
    the effect lies on the bound.
    """
    part = verdict.decisive
    if part is None or verdict.exact or not 0 < part.estimate.low < part.estimate.high < math.inf:
        return math.nan
    e = part.estimate
    half = math.log(e.high / e.low) / 2
    bounds = [bound for bound in (part.low, part.high) if 0 < bound < math.inf]
    distance = min((abs(math.log(e.value / bound)) for bound in bounds), default=math.nan)
    return e.n * (half / distance) ** 2 if distance else math.inf


def _confidence(verdicts: Sequence[Verdict], cases: pd.DataFrame) -> str:
    measured = [v for v in verdicts if v.machine != ON_PAPER and v.n]
    if not measured:
        return "Confidence: what is decided here is decided by counting, which is exact; nothing was measured for it."
    undecided = sum(v.verdict == "inconclusive" for v in measured)
    good = cases["n"][cases["n"] > 0]
    least, most = int(good.min()), int(good.max())
    rounds = str(least) if least == most else f"{least} to {most}"
    doubts = int((cases["replaced"] > 0).sum())
    return (
        f"Confidence: intervals come from {rounds} rounds per case; {undecided} of {len(measured)} verdicts on "
        f"measurements are open; {doubts} of {len(cases)} cases had doubtful rounds, which were replaced."
    )


def _changes(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Open verdicts first, those that fewest rounds would decide; then what nobody has measured; then narrow calls."""
    open_ = sorted((n, i) for i, v in enumerate(verdicts) if v.verdict == "inconclusive"
                   and not math.isnan(n := rounds_to_decide(v)))  # fmt: skip
    nearest = {verdicts[index].claim.id: (n, index) for n, index in reversed(open_)}
    for n, index in sorted(nearest.values())[: MOST - 1]:
        yield _more_rounds(verdicts[index], n)
    alone = [v for v in verdicts if v.verdict == "inconclusive" and v.n == 1]
    if alone:
        names = listed(list(dict.fromkeys(v.claim.id for v in alone)))
        yield f"{names}: one round has no interval, and without an interval nothing is decided; measure more rounds."
    lacking = [v.claim.id for v in verdicts if v.verdict == "not measured" and v.claim.parts]
    if lacking:
        some = f"{listed(lacking[:3])}{f' and {len(lacking) - 3} more' if len(lacking) > 3 else ''}"
        yield f"Not measured: {some}; scalebench suite-for {' '.join(lacking[:3])} writes a suite that decides them."
    decided = [v for v in verdicts if v.verdict in ("supported", "refuted") and v.n > 1 and not v.exact]
    for verdict in sorted(decided, key=lambda v: -_or_zero(rounds_to_decide(v) / v.n)):
        yield (
            f"{verdict.claim.id} on {verdict.machine} is the narrowest call: {verdict.verdict}, {effect(verdict)}, "
            f"{_bound_in_words(verdict)}."
        )
        return


def _more_rounds(verdict: Verdict, rounds: float) -> str:
    where = f"{verdict.claim.id} on {verdict.machine}, {verdict.way.split(',')[0]}"
    if rounds > FEASIBLE:
        return f"{where}: no feasible number of rounds decides it, {effect(verdict)} lies too near its bound."
    return (
        f"{where}: about {math.ceil(rounds)} rounds per case in place of {verdict.n} would decide it, were the effect "
        f"to stay ({effect(verdict)}); scalebench run --protocol standard goes on until intervals are narrow."
    )


def _bound_in_words(verdict: Verdict) -> str:
    share = 1 / math.sqrt(rounds_to_decide(verdict) / verdict.n) if verdict.n else math.nan
    return f"its bound is {units.digits(share)} half-widths of the interval away"


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value
