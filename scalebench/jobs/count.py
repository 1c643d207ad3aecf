"""Counts models on paper: parameters, MACs, activations, static memory, structure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scalebench.execute.client import Worker
from scalebench.execute.counting import Paper
from scalebench.execute.events import Listener, silent
from scalebench.execute.planner import catalogue, count_all
from scalebench.jobs.named_cases import COUNTING, expand_names
from scalebench.suite.case import Case

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
    names: Sequence[str], peaks: Sequence[str] = PEAKS[:1], *, check: bool = False, announce: Listener = silent
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
        cases = expand_names(names, catalogue(paper), COUNTING)
        facts = count_all(dict.fromkeys(cases, peaks), paper, announce)
        questions = [{"ask": "check", "model": case.model, "resolution": case.resolution} for case in cases]
        checks = paper.ask(questions) if check else [{} for _ in cases]
    return [CountedModel(case, facts[case], _check(facts[case], c)) for case, c in zip(cases, checks, strict=True)]


def _check(facts: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    if "ok" in answer and "macs" in facts:
        counts = answer["ok"]
        return {**counts, "difference": counts["macs"] / facts["macs"] - 1 if facts["macs"] else None}
    return {"error": answer["error"]["message"]} if "error" in answer else {}
