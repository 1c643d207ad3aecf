"""Literal counts of models."""

from __future__ import annotations

from scalebench.record import Record
from scalebench.suite.case import Case
from tests.report.questions.literal_rounds import MACHINE


def count(model: str, side: int, gmacs: float) -> Record:
    """Counted facts; parameters and activations follow the MACs."""
    facts = {"macs": round(gmacs * 1e9), "params": round(gmacs * 1e7), "activations": round(gmacs * 1e7)}
    return Record("a_suite", Case(model, side).counted(), 0, "ok", "2026-11-28T08:00:00+00:00", MACHINE, facts=facts)
