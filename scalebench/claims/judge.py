"""Verdicts on claims from an analysis. An interval that spans the threshold is inconclusive."""

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
from scalebench.claims.base_part import UNKNOWN, BasePart, Configuration, Finding
from scalebench.claims.counted import CountSeries
from scalebench.claims.registry import Claim, PartsRule
from scalebench.suite.case import AXES, configuration_text

Word = Literal["supported", "refuted", "not reproduced here", "inconclusive", "not measured"]
"""``not reproduced here``: measured outside what is claimed, on other hardware or under other conditions."""
ON_PAPER = "on paper"
_DECISIVE_ALONE: dict[PartsRule, tuple[Word, ...]] = {
    "all_of": ("refuted", "not reproduced here"), "any_of": ("supported",),
}  # fmt: skip
"""The words that, on one part, decide a claim."""
_ORDER: dict[PartsRule, tuple[Word, ...]] = {
    "all_of": ("refuted", "not reproduced here", "not measured", "inconclusive", "supported"),
    "any_of": ("supported", "not measured", "inconclusive", "not reproduced here", "refuted"),
}
"""The first of these words that a part has is the claim's."""


@dataclass(frozen=True)
class Judged:
    """One finding compared with its expectation."""

    label: str
    estimate: Estimate
    low: float  # lowest and highest value that the claim allows; infinite on an open side
    high: float
    word: Word  # the verdict on this part alone

    @property
    def distance(self) -> float:
        """How far the estimate lies outside (positive) or inside (negative) the allowed range, as a log ratio."""
        value = self.estimate.value
        if not value > 0:
            return -math.inf
        above = math.log(value / self.high) if 0 < self.high < math.inf else -math.inf
        below = math.log(self.low / value) if self.low > 0 else -math.inf
        return max(above, below)


@dataclass(frozen=True)
class Verdict:
    """The verdict on one claim in one configuration."""

    claim: Claim
    verdict: Word
    effect: float  # with ``low``, ``high`` and ``n``: the decisive part's estimate
    low: float
    high: float
    n: int
    machine: str  # its label, or ``on paper`` for counts
    way: str  # configuration in words; empty on paper
    why: str  # one or two sentences
    parts: tuple[Judged, ...]
    exact: bool = False  # whether the effect is a count

    @property
    def decisive(self) -> Judged | None:
        """The part whose effect the verdict gives; None where there is no number."""
        return next((p for p in self.parts if p.word == self.verdict and p.estimate.value == self.effect), None)


def by_claim(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """Verdicts by the claim's id, in the order given."""
    groups: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(verdict.claim.id, []).append(verdict)
    return groups


def judge(claims: Iterable[Claim], analysis: Analysis) -> tuple[Verdict, ...]:
    """One verdict per claim on paper, and one per claim and configuration where something was measured."""
    return tuple(verdict for claim in claims for verdict in _judge_claim(claim, analysis))


def _judge_claim(claim: Claim, analysis: Analysis) -> list[Verdict]:
    if claim.cannot:
        nan = math.nan
        return [Verdict(claim, "not measured", nan, nan, nan, 0, ON_PAPER, "", claim.cannot, ())]
    findings = [[f for f in part.find(analysis) if _applies_to(claim, f.configuration)] for part in claim.parts]
    configurations = dict.fromkeys(f.configuration for own in findings for f in own if f.configuration) or [()]
    return [_verdict(claim, configuration, findings, analysis) for configuration in configurations]


def _applies_to(claim: Claim, configuration: Configuration) -> bool:
    """Whether a claim is about this mode and kind of device; a count applies to every one."""
    if not configuration:
        return True
    values = dict(zip(WAY, configuration, strict=True))
    if values["mode"] != (claim.under.mode or "inference"):
        return False
    return claim.only is None or str(values["device"]).startswith(claim.only)


def _findings_in(configuration: Configuration, part: BasePart, findings: Sequence[Finding]) -> list[Finding]:
    """Findings of one configuration and counted ones; unknown ones where there are none."""
    own = [finding for finding in findings if finding.configuration in ((), configuration)]
    return own or [Finding(label, UNKNOWN) for label in part.labels()]


def decide(estimate: Estimate, low: float, high: float) -> Word:
    """Supported if the whole interval is allowed, refuted if none of it is, inconclusive otherwise."""
    if math.isnan(estimate.value):
        return "not measured"
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return "inconclusive"
    if low <= estimate.low and estimate.high <= high:
        return "supported"
    return "refuted" if estimate.low > high or estimate.high < low else "inconclusive"


def _verdict(
    claim: Claim, configuration: Configuration, findings: Sequence[Sequence[Finding]], analysis: Analysis
) -> Verdict:
    values = dict(zip(WAY, configuration, strict=False))
    differences = _differences(claim, values, analysis)
    judged = [
        _judged(finding, part, bool(differences))
        for part, own in zip(claim.parts, findings, strict=True)
        for finding in _findings_in(configuration, part, own)
    ]
    word = combine([part.word for part in judged], claim.rule)
    decisive = _decisive([part for part in judged if part.word == word], word, claim.rule)
    e = decisive.estimate
    reason = [claim.reason] if claim.reason and word == "refuted" else []
    remarks = [_sentence(word, decisive, judged), *reason, *_interchanged(claim, judged)]
    if differences:
        remarks.append(f"Conditions differ from the source's: {', '.join(differences)}.")
    return Verdict(
        claim, word, e.value, e.low, e.high, e.n,
        str(values.get("machine", "any machine" if claim.measured and analysis.machines else ON_PAPER)),
        configuration_text(values),
        " ".join(remarks), tuple(judged), e.exact,
    )  # fmt: skip


def _judged(finding: Finding, part: BasePart, elsewhere: bool) -> Judged:
    """One finding decided; a measurement ``elsewhere`` than at the source's conditions refutes nothing."""
    word = decide(finding.estimate, *part.bounds)
    if word == "refuted" and finding.configuration and elsewhere:
        word = "not reproduced here"
    return Judged(finding.label, finding.estimate, *part.bounds, word)


def combine(words: Sequence[Word], rule: PartsRule = "all_of") -> Word:
    """The verdict on a claim from those on its parts.

    ``all_of``: one refuted part refutes it, an unmeasured one leaves it open, all must hold to support it. ``any_of``:
    one part that holds supports it, an unmeasured one leaves it open, all must fail to refute it.
    """
    return next(word for word in _ORDER[rule] if word in words)


def _decisive(deciding: Sequence[Judged], word: Word, rule: PartsRule) -> Judged:
    """The part to show: the first that decides alone, in the claim's own order; else the one nearest to deciding."""
    if word in _DECISIVE_ALONE[rule]:
        return deciding[0]
    return (max if rule == "all_of" else min)(deciding, key=lambda part: part.distance)


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
    """Pairs of printed numbers that would both be right if swapped."""
    by_label = {part.label: part for part in judged}
    remarks = []
    for series in (part for part in claim.parts if isinstance(part, CountSeries)):
        for (model_a, printed_a), (model_b, printed_b) in itertools.combinations(series.models.items(), 2):
            a, b = (by_label[series.label.format(model=model)] for model in (model_a, model_b))
            swapped = a.estimate.value * printed_a / printed_b, b.estimate.value * printed_b / printed_a
            if a.word == b.word == "refuted" and all(a.low <= value <= a.high for value in swapped):
                remarks.append(f"The printed figures of {model_a} and {model_b} would fit if interchanged.")
    return remarks


def _differences(claim: Claim, values: Mapping[str, Any], analysis: Analysis) -> list[str]:
    """How this configuration and machine differ from the source's."""
    source = claim.under.model_dump(exclude_none=True) if values else {}
    hardware = source.pop("hardware", None)
    differences = [
        f"{AXES[name].words(values[name])} instead of {AXES[name].words(value)}"
        for name, value in source.items()
        if not str(values[name]).startswith(str(value)) or (isinstance(value, int) and values[name] != value)
    ]
    if hardware:
        facts = analysis.machines[str(values["machine"])].hardware
        cpu = (facts.get("cpu") or {}).get("name")
        device = str((cpu if str(values["device"]) == "cpu" else facts.get("gpu")) or "unknown hardware")
        differences += [] if hardware.lower() in device.lower() else [f"{device} instead of {hardware}"]
    return differences
