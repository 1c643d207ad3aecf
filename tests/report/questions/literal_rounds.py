"""Literal rounds of single cases, and the evidence in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from scalebench.analysis.analyse import analyse
from scalebench.claims.judge import Verdict
from scalebench.record import Environment, Record
from scalebench.report.findings import Findings, find
from scalebench.report.questions.question import AnswerBasis
from scalebench.store.jsonl import read_results, result_files
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Plan

MACHINE = Environment("epyc", "hw", "sw", {"device": "cpu"})
REFERENCE = Path(__file__).parents[3] / "results" / "reference"
STEADY, NOISY = (1.0, 1.01, 1.02), (0.7, 1.0, 1.5)
"""Factors of three rounds."""


def rounds(case: Case, latency_s: float, factors: Sequence[float] = STEADY, **facts: Any) -> list[Record]:
    """A round of the case per factor; its throughput follows from the latency."""
    return [
        Record(
            "a_suite", case, number, "ok", f"2026-11-28T09:00:{number:02d}+00:00", MACHINE,
            facts={"latency_s": latency_s * factor, "throughput_ips": case.batch / latency_s / factor,
                   "memory_bytes": 2.0**27, **facts},
        )
        for number, factor in enumerate(factors)
    ]  # fmt: skip


def evidence(records: Sequence[Record], verdicts: Sequence[Verdict] = (), **plan: Any) -> AnswerBasis:
    """What the records say; ``plan`` has limits and scene."""
    cases = tuple(dict.fromkeys(record.case for record in records))
    empty = Plan("a_suite", "", "schema: 1\n", cases, (), (), (), 3)
    return AnswerBasis(analyse(replace(empty, **plan), list(records)), verdicts)


@cache
def reference(suite: str) -> tuple[Findings, AnswerBasis]:
    """Findings in committed records, and the same as evidence."""
    findings = find(read_results(result_files([REFERENCE / suite])), study=False)
    return findings, AnswerBasis(findings.analysis, findings.verdicts)


def words(sentence: str) -> int:
    """How many words a sentence has."""
    return len(sentence.split())
