"""Ratios and times straight from the laps in committed records, without the package's analysis."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from statistics import fmean, geometric_mean, median
from typing import Any

from scalebench.analysis.analyse import analyse
from scalebench.flags import is_bad
from scalebench.record import Record
from scalebench.report.questions.question import AnswerBasis
from scalebench.store.jsonl import Results, read_results, result_files
from tests.report.questions.literal_rounds import REFERENCE


@cache
def _stored(suite: str) -> Results:
    return read_results(result_files([REFERENCE / suite]))


@cache
def committed(suite: str) -> AnswerBasis:
    """What committed records say, without verdicts and study."""
    stored = _stored(suite)
    return AnswerBasis(analyse(stored.plans[-1], stored.records))


def good_rounds(suite: str, model: str, resolution: int, batch: int) -> list[Record]:
    """Successful rounds of eager fp32 inference without a flag that sets them aside."""
    return [
        record for record in _stored(suite).records
        if (record.case.model, record.case.resolution, record.case.batch) == (model, resolution, batch)
        and (record.case.mode, record.case.runtime, record.case.precision) == ("inference", "eager", "fp32")
        and record.outcome == "ok" and not (is_bad(record.notes) and not record.heat)
    ]  # fmt: skip


def counted_macs(suite: str, model: str, resolution: int) -> float:
    """MACs as the count on paper stored them."""
    return next(
        float(record.facts["macs"]) for record in _stored(suite).records
        if (record.case.mode, record.case.model, record.case.resolution) == ("count", model, resolution)
        and record.outcome == "ok"
    )  # fmt: skip


def seconds(rounds: Sequence[Record]) -> float:
    """Geometric mean over rounds of the median lap."""
    return geometric_mean([median(record.samples["latency_s"]) for record in rounds])


def time_ratio(over: Sequence[Record], under: Sequence[Record]) -> float:
    """Over heats that both share the median ratio of their turns, else the ratio of ``seconds``."""
    logs = list(_by_heat(over, under))
    return math.exp(fmean(logs)) if len(logs) > 1 else seconds(over) / seconds(under)


def memory_ratio(over: Sequence[Record], under: Sequence[Record]) -> float:
    """Ratio of geometric means of the growth of the resident peak."""
    return geometric_mean(_facts(over)) / geometric_mean(_facts(under))


def _facts(rounds: Sequence[Record]) -> list[float]:
    return [float(record.facts["memory_bytes"]) for record in rounds]


def _by_heat(over: Sequence[Record], under: Sequence[Record]) -> Iterator[float]:
    heats = {record.heat: _turns(record) for record in under if record.heat}
    for record in over:
        other: dict[int, Any] = heats.get(record.heat, {})
        logs = [math.log(own / other[turn]) for turn, own in _turns(record).items() if turn in other]
        if logs:
            yield median(logs)


def _turns(record: Record) -> dict[int, float]:
    laps: dict[int, list[float]] = {}
    for turn, lap in zip(record.turns, record.samples["latency_s"] if record.turns else (), strict=True):
        laps.setdefault(turn, []).append(lap)
    return {turn: median(own) for turn, own in laps.items()}
