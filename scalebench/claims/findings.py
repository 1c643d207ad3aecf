"""How each kind of part is worked out: analysis in, findings out. Adding a claim needs no code when its kind exists."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scalebench.analysis.fits import power_law
from scalebench.analysis.run import Analysis
from scalebench.analysis.stats import Estimate, exact, mean_ratio, ratio
from scalebench.analysis.summary import WAY
from scalebench.claims.registry import (
    Constant,
    CountExponent,
    CountRatio,
    CountSeries,
    CountSpread,
    GroupRatio,
    MeasuredRatio,
)
from scalebench.metrics import METRICS
from scalebench.suite.plan import Group
from scalebench.suite.scaling import compound_constant
from scalebench.suite.variant import parse_at

UNKNOWN = Estimate(math.nan, math.nan, math.nan, 0)
Way = tuple[Any, ...]
"""Values of ``WAY``; empty for what holds on paper, on any machine."""


@dataclass(frozen=True)
class Finding:
    """One number a claim is judged by.

    Attributes:
        label: what it is.
        estimate: with interval; NaN where nothing was measured.
        way: how and where it was measured; empty for a count.
    """

    label: str
    estimate: Estimate
    way: Way = ()


def find(part: Any, analysis: Analysis) -> list[Finding]:
    """Findings of one part of a claim: one per model, per method, and per way of running."""
    return list(_KINDS[type(part)](part, analysis))


def _constant(part: Constant, _: Analysis) -> Iterator[Finding]:
    yield Finding(part.label, exact({"compound_constant": compound_constant}[part.quantity]()))


def _count_ratio(part: CountRatio, analysis: Analysis) -> Iterator[Finding]:
    over, under = (_counted(analysis, text, part.metric) for text in (part.over, part.under))
    yield Finding(part.label, exact(over / under, 2) if math.isfinite(over / under) else UNKNOWN)


def _count_spread(part: CountSpread, analysis: Analysis) -> Iterator[Finding]:
    values = [_counted(analysis, text, part.metric) for text in part.models]
    known = not any(math.isnan(v) for v in values)
    yield Finding(part.label, exact(max(values) / min(values), len(values)) if known else UNKNOWN)


def _count_exponent(part: CountExponent, analysis: Analysis) -> Iterator[Finding]:
    x = [_abscissa(analysis, text, part.against) for text in part.models]
    y = [_counted(analysis, text, part.metric) for text in part.models]
    fit = power_law(x, y) if all(map(math.isfinite, (*x, *y))) else None
    against = METRICS["macs"].label if part.against == "macs" else part.against
    label = f"exponent of {METRICS[part.metric].label} against {against}"
    yield Finding(f"{label}, {part.label}", fit.exponent if fit else UNKNOWN)


def _count_series(part: CountSeries, analysis: Analysis) -> Iterator[Finding]:
    base = _counted(analysis, part.base, part.metric) if part.base else 1.0
    for text, printed in part.models.items():
        value = _counted(analysis, text, part.metric) / base / printed
        yield Finding(part.label.format(model=text), exact(value) if math.isfinite(value) else UNKNOWN)


def _measured_ratio(part: MeasuredRatio, analysis: Analysis) -> Iterator[Finding]:
    for way, rounds in _ways(analysis, part.batch):
        over, under = (_rounds_of(rounds, *parse_at(text), part.metric) for text in (part.over, part.under))
        if over and under:
            yield Finding(part.label, ratio(over, under), way)


def _group_ratio(part: GroupRatio, analysis: Analysis) -> Iterator[Finding]:
    groups = [group for group in analysis.plan.groups if group.base == part.base]
    for way, rounds in _ways(analysis, part.batch):
        pairs = {against: _pairs(groups, rounds, part, against) for against in part.against}
        if any(ours and theirs for found in pairs.values() for ours, theirs in found):
            for against, found in pairs.items():
                # One target that failed, often the largest, must not turn into a verdict on the rest.
                complete = bool(found) and all(ours and theirs for ours, theirs in found)
                estimate = mean_ratio(found) if complete else UNKNOWN
                yield Finding(part.label.format(against=against), estimate, way)


def _pairs(
    groups: Sequence[Group], rounds: pd.DataFrame, part: GroupRatio, against: str
) -> list[tuple[list[float], list[float]]]:
    """Rounds of the method and of the one it is held against, for every group that has both."""
    found = []
    for group in groups:
        by_method = {m.method: m for m in group.members}
        if {part.method, against} <= by_method.keys():
            ours, theirs = (
                _rounds_of(rounds, group.variant(m), m.resolution, part.metric)
                for m in (by_method[part.method], by_method[against])
            )
            found.append((ours, theirs))
    return found


def _counted(analysis: Analysis, text: str, metric: str) -> float:
    variant, resolution = parse_at(text)
    counts = analysis.counts
    row = counts[(counts["model"] == variant.name) & (counts["resolution"] == resolution)]
    value = row[metric].iloc[0] if len(row) else None
    return math.nan if value is None else float(value)


def _abscissa(analysis: Analysis, text: str, against: str) -> float:
    variant, resolution = parse_at(text)
    if against == "macs":
        return _counted(analysis, text, "macs")
    return float(resolution or 0) if against == "resolution" else float(getattr(variant, against))


def _ways(analysis: Analysis, batch: int) -> Iterator[tuple[Way, pd.DataFrame]]:
    rounds = analysis.rounds
    good = rounds[rounds["used"] & (rounds["batch"] == batch)]
    for way, found in good.groupby(WAY, sort=False):
        yield tuple(way), found


def _rounds_of(rounds: pd.DataFrame, variant: Any, resolution: int | None, metric: str) -> list[float]:
    rows = rounds[(rounds["model"] == variant.name) & (rounds["resolution"] == resolution)]
    return [float(value) for value in rows[metric].dropna()]


_KINDS: dict[type, Callable[[Any, Analysis], Iterator[Finding]]] = {
    Constant: _constant,
    CountRatio: _count_ratio,
    CountSpread: _count_spread,
    CountExponent: _count_exponent,
    CountSeries: _count_series,
    MeasuredRatio: _measured_ratio,
    GroupRatio: _group_ratio,
}
