"""Claims and analysis in, verdicts out. An interval that spans the threshold is inconclusive."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from scalebench import units
from scalebench.analysis.analyse import Analysis
from scalebench.analysis.stats import Estimate
from scalebench.analysis.way import WAY
from scalebench.claims.base_part import UNKNOWN, BasePart, Finding, Way
from scalebench.claims.counted import CountSeries
from scalebench.claims.registry import Claim
from scalebench.suite.case import AXES, configuration_text

Word = Literal["supported", "refuted", "inconclusive", "not measured"]
ON_PAPER = "on paper"


@dataclass(frozen=True)
class Judged:
    """One finding held against its expectation.

    Attributes:
        label: what it is.
        estimate: with interval.
        low, high: what the claim allows; infinite on an open side.
        word: the verdict on this part alone.
    """

    label: str
    estimate: Estimate
    low: float
    high: float
    word: Word

    @property
    def distance(self) -> float:
        """How far the estimate lies outside (positive) or inside (negative) what is allowed, as a log ratio.

        Four times too much is as far as four times too little.
        """
        value = self.estimate.value
        if not value > 0:
            return -math.inf
        above = math.log(value / self.high) if 0 < self.high < math.inf else -math.inf
        below = math.log(self.low / value) if self.low > 0 else -math.inf
        return max(above, below)


@dataclass(frozen=True)
class Verdict:
    """What is known about one claim in one place.

    Attributes:
        claim: the claim.
        verdict: supported, refuted, inconclusive or not measured.
        effect, low, high, n: of the decisive part.
        exact: whether that is a count.
        machine: its label, or ``on paper`` for counts.
        way: how it was run, in words; empty on paper.
        why: one or two sentences.
        parts: every part, judged.
    """

    claim: Claim
    verdict: Word
    effect: float
    low: float
    high: float
    n: int
    machine: str
    way: str
    why: str
    parts: tuple[Judged, ...]
    exact: bool = False

    @property
    def decisive(self) -> Judged | None:
        """The part whose effect the verdict gives; None where there is no number."""
        alike = (part for part in self.parts if part.word == self.verdict)
        return next((part for part in alike if part.estimate.value == self.effect), None)


def by_claim(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """Verdicts of each claim, one per place, in the order of the verdicts."""
    found: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        found.setdefault(verdict.claim.id, []).append(verdict)
    return found


def judge(claims: Iterable[Claim], analysis: Analysis) -> tuple[Verdict, ...]:
    """Verdicts: one per claim on paper, one per claim and way of running where something was measured."""
    return tuple(verdict for claim in claims for verdict in _judge_claim(claim, analysis))


def _judge_claim(claim: Claim, analysis: Analysis) -> list[Verdict]:
    if claim.cannot:
        return [_undecidable(claim)]
    found = [(part, [f for f in part.find(analysis) if _speaks_of(claim, f.way)]) for part in claim.parts]
    ways = dict.fromkeys(finding.way for _, findings in found for finding in findings if finding.way) or [()]
    return [
        _verdict(
            claim, way, [_hold(part, seen) for part, findings in found for seen in _seen(part, findings, way)], analysis
        )
        for way in ways
    ]


def _undecidable(claim: Claim) -> Verdict:
    nothing = math.nan
    return Verdict(claim, "not measured", nothing, nothing, nothing, 0, ON_PAPER, "", claim.cannot, ())


def _speaks_of(claim: Claim, way: Way) -> bool:
    """Whether a claim says anything about this mode and kind of device; a count is about every one."""
    if not way:
        return True
    here = dict(zip(WAY, way, strict=True))
    if here["mode"] != (claim.under.mode or "inference"):
        return False
    return claim.only is None or str(here["device"]).startswith(claim.only)


def _seen(part: BasePart, findings: Sequence[Finding], way: Way) -> list[Finding]:
    """Findings that hold for one way of running; unknown ones where there is none."""
    here = [finding for finding in findings if finding.way in ((), way)]
    return here or [Finding(label, UNKNOWN) for label in part.labels()]


def _hold(part: BasePart, finding: Finding) -> Judged:
    low, high = part.bounds
    return Judged(finding.label, finding.estimate, low, high, decide(finding.estimate, low, high))


def decide(estimate: Estimate, low: float, high: float) -> Word:
    """Supported where the whole interval is allowed, refuted where none of it is, inconclusive otherwise."""
    if math.isnan(estimate.value):
        return "not measured"
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return "inconclusive"
    if low <= estimate.low and estimate.high <= high:
        return "supported"
    return "refuted" if estimate.low > high or estimate.high < low else "inconclusive"


def _verdict(claim: Claim, way: Way, judged: Sequence[Judged], analysis: Analysis) -> Verdict:
    word = combine([part.word for part in judged])
    deciding = [part for part in judged if part.word == word]
    # The first failure in the claim's own order refutes it; what holds is only as strong as its weakest part.
    decisive = deciding[0] if word == "refuted" else max(deciding, key=lambda part: part.distance)
    e = decisive.estimate
    named = dict(zip(WAY, way, strict=False))
    because = [claim.reason] if claim.reason and word == "refuted" else []
    remarks = [_sentence(word, decisive, judged), *because, *_interchanged(claim, judged), *_conditions(claim, named)]
    return Verdict(
        claim, word, e.value, e.low, e.high, e.n,
        str(named.get("machine", "any machine" if claim.measured and analysis.machines else ON_PAPER)),
        configuration_text(named),
        " ".join(remarks), tuple(judged), e.exact,
    )  # fmt: skip


def combine(words: Sequence[Word]) -> Word:
    """One refuted part refutes a claim; one that nobody measured leaves it open; all must hold to support it."""
    order: tuple[Word, ...] = ("refuted", "not measured", "inconclusive")
    return next((word for word in order if word in words), "supported")


def _sentence(word: Word, decisive: Judged, judged: Sequence[Judged]) -> str:
    if word == "not measured":
        return f"Nothing was measured for: {decisive.label}."
    e = decisive.estimate
    span = units.interval(e.low, e.high, e.exact)
    span = f"95 % interval {span}" if span.startswith("[") else span
    label = f"{decisive.label[0].upper()}{decisive.label[1:]}"
    text = f"{label} is {units.digits(e.value)} ({span}, n = {e.n}); the claim needs {allowed(decisive)}."
    if len(judged) > 1:
        agreeing = sum(part.word == "supported" for part in judged)
        text += f" {agreeing} of {len(judged)} parts hold."
    absent = [part.label for part in judged if part.word == "not measured"]
    return text + (f" Not measured: {'; '.join(absent)}." if absent else "")


def allowed(part: Judged) -> str:
    """What a part of a claim allows, in words: ``at most 1.05``, ``0.9 to 1.1``."""
    if math.isinf(part.low):
        return f"at most {units.digits(part.high)}"
    if math.isinf(part.high):
        return f"at least {units.digits(part.low)}"
    return f"{units.digits(part.low)} to {units.digits(part.high)}"


def _interchanged(claim: Claim, judged: Sequence[Judged]) -> list[str]:
    """Two printed numbers that would both be right in each other's place."""
    by_label = {part.label: part for part in judged}
    remarks = []
    for series in (part for part in claim.parts if isinstance(part, CountSeries)):
        for (first, one), (second, two) in itertools.combinations(series.models.items(), 2):
            a, b = (by_label[series.label.format(model=text)] for text in (first, second))
            if a.word == b.word == "refuted":
                swapped = a.estimate.value * one / two, b.estimate.value * two / one
                if all(a.low <= value <= a.high for value in swapped):
                    remarks.append(f"The printed figures of {first} and {second} would fit if interchanged.")
    return remarks


def _conditions(claim: Claim, way: Mapping[str, Any]) -> list[str]:
    """What differs between the source's way of running and this one."""
    if not way:
        return []
    wanted = claim.under.model_dump(exclude_none=True)
    differs = [
        f"{AXES[name].words(way[name])} instead of {AXES[name].words(value)}"
        for name, value in wanted.items()
        if not str(way[name]).startswith(str(value)) or (isinstance(value, int) and way[name] != value)
    ]
    return [f"Under other conditions than the source's: {', '.join(differs)}."] if differs else []
