"""Counts models on paper: parameters, MACs, activations, static memory, structure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scalebench.execute.client import Worker
from scalebench.execute.counting import Paper
from scalebench.execute.events import Counted, Listener, silent
from scalebench.execute.planner import catalogue, count_all
from scalebench.suite.case import COUNT, Case
from scalebench.suite.expand import check_size, matching_variants, native
from scalebench.suite.model_facts import Known, Spec
from scalebench.suite.variant import parse_at

PEAKS = ("inference", "training")
"""Modes whose static memory can be counted."""


@dataclass(frozen=True)
class CountedModel:
    """A counted model.

    Attributes:
        case: model and resolution.
        facts: what was counted, or ``{"error": message}``.
        check: fvcore's count of the same; empty where it was not asked for.
    """

    case: Case
    facts: Mapping[str, Any]
    check: Mapping[str, Any]

    @property
    def label(self) -> str:
        """``resnet50@224``."""
        return self.case.label


def count_models(
    names: Sequence[str], peaks: Sequence[str] = PEAKS, *, check: bool = False, announce: Listener = silent
) -> list[CountedModel]:
    """Count models; what cannot be counted says why.

    Args:
        names: names, variants or globs, each with ``@RES`` or at its native resolution.
        peaks: modes whose static memory is wanted.
        check: count again with fvcore on real tensors.
        announce: hears how far it is.

    Raises:
        UnknownNameError: no such model, or a resolution that it cannot take.
    """
    with Worker() as worker:
        paper = Paper(worker)
        cases = cases_of(names, catalogue(paper))
        facts = count_all(dict.fromkeys(cases, peaks), paper, lambda *step: announce(Counted(*step)))
        questions = [{"ask": "check", "model": case.model, "resolution": case.resolution} for case in cases]
        checks = paper.ask(questions) if check else [{} for _ in cases]
    return [CountedModel(case, facts[case], _check(facts[case], c)) for case, c in zip(cases, checks, strict=True)]


def cases_of(names: Sequence[str], known: Mapping[str, Known]) -> list[Case]:
    """Counting cases of names, variants and globs, each at the size written or its native one; none twice.

    Raises:
        UnknownNameError: no such model, or a resolution that it cannot take.
    """
    cases: dict[Case, None] = {}
    for name in names:
        pattern, resolution = _split(name)
        for variant in matching_variants(pattern, known):
            spec = Spec(variant, resolution or native(variant, known))
            check_size(spec, known)
            cases[Case(variant.name, spec.resolution, mode=COUNT, device="meta")] = None
    return list(cases)


def _split(text: str) -> tuple[str, int | None]:
    """Name or glob, and resolution."""
    if not any(mark in text for mark in "*?"):
        variant, resolution = parse_at(text)
        return variant.name, resolution
    pattern, mark, pixels = text.rpartition("@")
    return (pattern, parse_at(f"model@{pixels}")[1]) if mark else (text, None)


def _check(facts: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    if "ok" in answer and "macs" in facts:
        counts = answer["ok"]
        return {**counts, "difference": counts["macs"] / facts["macs"] - 1 if facts["macs"] else None}
    return {"error": answer["error"]["message"]} if "error" in answer else {}
