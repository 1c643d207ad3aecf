"""Verdicts on claims from an analysis. An interval that spans the threshold is inconclusive."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scalebench.analysis.analyse import Analysis
from scalebench.analysis.stats import LEVEL, exact
from scalebench.analysis.way import WAY
from scalebench.claims.base_part import UNKNOWN, BasePart, Configuration, Finding
from scalebench.claims.judged_parts import DECISIVE_ALONE, Judged, Word, combine, corrected, decide, decisive
from scalebench.claims.launches import launch_bound, launch_sentences
from scalebench.claims.registry import Claim
from scalebench.claims.why import interchanged, sentences
from scalebench.suite.case import AXES, configuration_text
from scalebench.suite.device_kinds import kind_of

ON_PAPER = "on paper"
_DECIDED: tuple[Word, ...] = ("supported", "refuted", "not reproduced here")
ERROR = (1 - LEVEL) / 2
"""Chance that a verdict is false whose true effect lies on the bound."""


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
    differences: tuple[str, ...] = ()  # of configuration and machine from the source's, in words

    @property
    def chosen_from(self) -> int:
        """Measured parts among which the effect was chosen; one, or none, is no choice."""
        shown = self.decisive
        return sum(part.sampled for part in self.parts) if shown is not None and shown.sampled else 0

    @property
    def by_chance(self) -> bool:
        """Whether it is decided and chance had a part in it; not by counts alone."""
        deciding = [part.sampled for part in self.parts if part.word == self.verdict]
        alone = self.verdict in DECISIVE_ALONE[self.claim.rule]
        return self.verdict in _DECIDED and (all if alone else any)(deciding)

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


def expected_false(verdicts: Iterable[Verdict]) -> tuple[int, float]:
    """Verdicts that measurements decided, and how many of them would be false if all effects lay on their bounds."""
    decided = sum(verdict.by_chance for verdict in verdicts)
    return decided, ERROR * decided


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


def _verdict(
    claim: Claim, configuration: Configuration, findings: Sequence[Sequence[Finding]], analysis: Analysis
) -> Verdict:
    values = dict(zip(WAY, configuration, strict=False))
    differences = _differences(claim, values, analysis)
    alone = [
        _judged(finding, part, bool(differences), () if claim.launches else launch_bound(part, configuration, analysis))
        for part, own in zip(claim.parts, findings, strict=True)
        for finding in _findings_in(configuration, part, own)
    ]
    judged = corrected(alone, claim.rule)
    word = combine([part.word for part in judged], claim.rule)
    shown = decisive([part for part in judged if part.word == word], word, claim.rule)
    e = shown.estimate
    reason = [claim.reason] if claim.reason and word == "refuted" else []
    remarks = [*sentences(word, shown, judged, claim.rule), *reason, *interchanged(claim, judged)]
    remarks += launch_sentences(judged)
    if differences:
        remarks.append(f"Conditions differ from the source's: {', '.join(differences)}.")
    return Verdict(
        claim, word, e.value, e.low, e.high, e.n,
        str(values.get("machine", "any machine" if claim.measured and analysis.machines else ON_PAPER)),
        configuration_text(values),
        " ".join(remarks), tuple(judged), e.exact, tuple(differences),
    )  # fmt: skip


def _judged(finding: Finding, part: BasePart, elsewhere: bool, launches: tuple[str, ...]) -> Judged:
    """One finding decided; a measurement ``elsewhere`` than at the source's conditions refutes nothing.

    ``launches`` are cases behind it whose times are those of launches: they decide nothing about arithmetic.
    """
    low, high = _widened(part.bounds, finding)
    word, as_printed = decide(finding.estimate, low, high), _as_printed(finding, part)
    if word == "refuted" and finding.configuration and elsewhere:
        word = as_printed = "not reproduced here"
    if launches and finding.configuration and word in _DECIDED:
        return Judged(finding.label, finding.estimate, low, high, "inconclusive", finding.misfit, launch_bound=launches)
    rounded = None if as_printed == word else as_printed
    return Judged(finding.label, finding.estimate, low, high, word, finding.misfit, rounded)


def _widened(bounds: tuple[float, float], finding: Finding) -> tuple[float, float]:
    return bounds[0] * finding.rounding[0], bounds[1] * finding.rounding[1]


def _as_printed(finding: Finding, part: BasePart) -> Word:
    """The verdict if the printed digits were all there are."""
    e = finding.estimate
    return decide(exact(e.value, e.n) if e.exact else e, *part.bounds_as_printed)


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
        device = str((cpu if kind_of(str(values["device"])).on_host else facts.get("gpu")) or "unknown hardware")
        differences += [] if hardware.lower() in device.lower() else [f"{device} instead of {hardware}"]
    return differences
