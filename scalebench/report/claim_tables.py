"""Tables of claims: verdicts, the parts that they rest on, and what these records do not test."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scalebench.claims.judge import ON_PAPER, Verdict
from scalebench.claims.why import allowed
from scalebench.report.content import Table
from scalebench.report.labels import verdict_word
from scalebench.report.rounds_to_decide import rounds_to_decide
from scalebench.report.tables import Field, build_table, filled, number, span

FEASIBLE = 200
"""More rounds than this are not feasible."""


def claim_tables(verdicts: Sequence[Verdict], basis: str) -> tuple[Table, ...]:
    """Verdicts, and their parts; ``basis`` is what decides them, in words."""
    return filled(verdicts_table(verdicts, basis), parts_table(verdicts, basis))


def verdicts_table(verdicts: Sequence[Verdict], basis: str = "measurements and counts") -> Table:
    """One row per verdict on what can be decided, in the order of the registry; the effect is the deciding part's."""
    return build_table(
        f"Verdicts by {basis}; the effect is that of the deciding part",
        [verdict for verdict in verdicts if verdict.claim.parts],
        Field("claim", lambda v: v.claim.id),
        Field("says", lambda v: v.claim.claim),
        Field("verdict", lambda v: verdict_word(v.verdict, v.machine == ON_PAPER)),
        Field("effect, no unit", lambda v: number(v.effect), number=True),
        Field("95 % interval", lambda v: span(v.low, v.high, v.n, exact=v.exact), number=True),
        Field("n", lambda v: v.n, number=True),
        Field("the claim allows", lambda v: allowed(v.decisive) if v.decisive else "-", number=True),
        Field("where", _place),
        Field("why", lambda v: f"{v.why}{_next_step(v)}"),
        Field("source", lambda v: v.claim.source),
    )


def parts_table(verdicts: Sequence[Verdict], basis: str) -> Table:
    """Every part of claims that have several: the effect, what the claim allows, and the verdict on it."""
    return build_table(
        f"Parts of claims by {basis}; effects are ratios, exponents or constants; n counts rounds or counted models",
        [(v, part, part.estimate) for v in verdicts if len(v.parts) > 1 for part in v.parts],
        Field("claim", lambda row: row[0].claim.id),
        Field("where", lambda row: _place(row[0])),
        Field("part", lambda row: row[1].label),
        Field("effect, no unit", lambda row: number(row[2].value), number=True),
        Field("95 % interval", lambda row: span(row[2].low, row[2].high, row[2].n, exact=row[2].exact), number=True),
        Field("n", lambda row: row[2].n, number=True),
        Field("the claim allows", lambda row: allowed(row[1]), number=True),
        Field("verdict", lambda row: verdict_word(row[1].word, on_paper=row[2].exact)),
    )


def untested_table(verdicts: Sequence[Verdict]) -> Table:
    """Claims without a verdict here, with the reason and what would decide them."""
    return build_table(
        "Untested claims, and what would test them",
        verdicts,
        Field("claim", lambda v: v.claim.id),
        Field("says", lambda v: v.claim.claim),
        Field("why not", lambda v: v.claim.cannot or f"{v.why}{_next_step(v)}"),
    )


def _place(verdict: Verdict) -> str:
    return ", ".join(filter(None, (verdict.machine, verdict.way)))


def _next_step(verdict: Verdict) -> str:
    """What would decide a verdict that is open."""
    if verdict.verdict == "not measured":
        return f" scalebench suite-for {verdict.claim.id} writes a suite that decides it."
    rounds = rounds_to_decide(verdict)
    if math.isnan(rounds):
        return ""
    if rounds > FEASIBLE:
        return " No feasible number of rounds decides it: the effect is too close to its bound."
    return f" About {math.ceil(rounds)} rounds per case in place of {verdict.n} would decide it if the effect stays."


def effect(verdict: Verdict) -> str:
    """Decisive number with its interval: ``1.25, 0.919 to 1.70``; empty where there is no number."""
    if not math.isfinite(verdict.effect):
        return ""
    known = not verdict.exact and math.isfinite(verdict.low) and math.isfinite(verdict.high)
    return number(verdict.effect) + (f", {number(verdict.low)} to {number(verdict.high)}" if known else "")
