"""The report's JSON: every number of the page is in it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from scalebench.analysis.analyse import Analysis
from scalebench.claims.judge import Verdict, expected_false
from scalebench.claims.judged_parts import Judged
from scalebench.flags import FLAGS
from scalebench.metrics import METRICS
from scalebench.report.rounds_to_decide import rounds_to_decide
from scalebench.report.trust import checks_of
from scalebench.store.jsonl import Results
from scalebench.suite.case import COUNT


def build_document(analysis: Analysis, verdicts: Sequence[Verdict], stored: Results) -> dict[str, Any]:
    """Plain content of ``reports/<suite>.json``; numbers unrounded, in SI units.

    Keys: ``suite, title, measured, sessions, machines, verdicts, expected_false, fits, groups, cases, counts, checks,
    failures, missing, notes, problems, metrics, suite_text, files, short, rounds, matched, memory, roofline, peaks,
    flags, protocols, counted_groups, explained, recount, accuracy, accuracies, training_study, fronts, inputs, feeding,
    optimised, fitting, parts, predictors, residuals, ranks, laws``;
    ``Findings.document`` adds ``closing`` and ``change``, ``write_report`` ``answers``, ``asked``, ``headline``,
    ``figures`` and ``made_from``.
    """
    started = sorted(record.started for record in stored.records if record.case.mode != COUNT)
    return {
        "suite": analysis.plan.suite,
        "title": analysis.plan.title,
        "measured": {"rounds": len(started), "first": (started or [""])[0], "last": (started or [""])[-1]},
        "sessions": dict(analysis.sessions),
        "machines": {label: asdict(environment) for label, environment in analysis.machines.items()},
        "verdicts": [verdict_document(verdict) for verdict in verdicts],
        "expected_false": dict(zip(("decided", "false"), expected_false(verdicts), strict=True)),
        "fits": _rows(analysis.exponents),
        "groups": _rows(analysis.groups),
        "cases": _rows(analysis.cases),
        "counts": _rows(analysis.counts.drop(columns=["work"])),
        "checks": checks_of(analysis.rounds),
        "memory": _rows(analysis.memory),
        "roofline": _rows(analysis.roofline),
        "peaks": [asdict(ability) for ability in analysis.abilities],
        "failures": [{**asdict(f), "case": f.case.label} for f in analysis.failures],
        "missing": [case.label for case in analysis.missing],
        "short": [case.label for case in analysis.short],
        "rounds": analysis.plan.rounds,
        "counted_groups": _rows(analysis.counted_groups),
        "explained": _rows(analysis.explained),
        "recount": _rows(analysis.recount),
        "accuracy": _rows(analysis.accuracy),
        "accuracies": [row.content() for row in analysis.accuracies],
        "training_study": analysis.training and analysis.training.content(),
        "fronts": _rows(analysis.fronts),
        "inputs": _rows(analysis.inputs),
        "optimised": _rows(analysis.optimised),
        "fitting": _rows(analysis.fitting),
        "parts": _rows(analysis.parts),
        "feeding": _rows(analysis.feeding),
        **{name: _rows(getattr(analysis.study, name)) for name in ("predictors", "residuals", "ranks", "laws")},
        "matched": [asdict(group) for group in analysis.plan.groups],
        "notes": list(analysis.plan.notes),
        "problems": [*stored.problems, *_left_out(analysis)],
        "flags": {word: asdict(flag) for word, flag in FLAGS.items()},
        "protocols": [asdict(p) for p in dict.fromkeys(case.protocol for case in analysis.plan.cases)],
        "metrics": {m.name: {"label": m.label, "unit": m.unit, "how": m.how} for m in METRICS.values()},
        "suite_text": analysis.plan.text,
        "files": [{"name": p.name, "sha256": hashlib.sha256(p.read_bytes()).hexdigest()} for p in stored.files],
    }


def _left_out(analysis: Analysis) -> list[str]:
    count = analysis.left_out
    return [f"{count} records of cases that are no longer in the suite were left out"] if count else []


def verdict_document(verdict: Verdict) -> dict[str, Any]:
    """Plain content of one verdict with its claim and parts."""
    return {
        "claim": verdict.claim.id,
        "sentence": verdict.claim.claim,
        "stance": verdict.claim.stance,
        "source": verdict.claim.source,
        "published": verdict.claim.published,
        "conditions": verdict.claim.conditions,
        "verdict": verdict.verdict,
        "effect": verdict.effect,
        "low": verdict.low,
        "high": verdict.high,
        "n": verdict.n,
        "chosen_from": verdict.chosen_from,
        "machine": verdict.machine,
        "way": verdict.way,
        "why": verdict.why,
        "rounds_to_decide": rounds_to_decide(verdict),
        "parts": [_part(part) for part in verdict.parts],
    }


def _part(part: Judged) -> dict[str, Any]:
    e = part.estimate
    effect = {"effect": e.value, "low": e.low, "high": e.high, "n": e.n, "freedom": e.freedom, "pairing": e.pairing}
    bounds = {"allowed_low": part.low, "allowed_high": part.high, "misfit": part.misfit}
    correction = {"decides_at": part.level, "uncorrected": part.uncorrected, "as_printed": part.rounded}
    return {"label": part.label, "verdict": part.word, **effect, **bounds, **correction}


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    names = [str(name) for name in frame]
    return [dict(zip(names, row, strict=True)) for row in zip(*(frame[name].tolist() for name in frame), strict=True)]
