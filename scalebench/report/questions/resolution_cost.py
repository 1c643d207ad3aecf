"""What does resolution cost?"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import pandas as pd

from scalebench.analysis.analyse import Analysis
from scalebench.analysis.stats import Estimate
from scalebench.analysis.way import WAY
from scalebench.report.content import Chart
from scalebench.report.figures.curves import resolution_curves
from scalebench.report.model_names import model_name
from scalebench.report.questions.paired_ratio import paired_ratio
from scalebench.report.questions.question import Answer, AnswerBasis, Question
from scalebench.report.ratio_words import figure, judged_bounds, numbers, what_decides
from scalebench.report.settings import by_setting, ends, setting_of, unmeasured
from scalebench.suite.families import family_of

FROM = 224
"""Usual side, px: of several doublings the one that starts nearest to it is reported."""
CLOSEST, FURTHEST = 1.4, 2.9
"""Ratios of two measured sides from which a doubling is interpolated."""
MOST_LINES = 6
_OF_CASE = [*WAY, "model", "resolution"]


@dataclass(frozen=True)
class Doubling:
    """What twice the side costs.

    Attributes:
        small, large: measured sides in px, between which it was interpolated.
        factors: of the time and, where it was measured, of the memory.
    """

    small: int
    large: int
    factors: Mapping[str, Estimate]


class ResolutionCost(Question):
    """Time and memory at twice the side of the image."""

    name = "resolution"
    text = "What does resolution cost?"
    details = "cases"
    needs = "a model at two resolutions about a doubling apart"

    def answer(self, evidence: AnswerBasis) -> Answer | None:
        """At the smallest batch, and in a line at the largest; needs a model at two sides that far apart."""
        curves = _curves(evidence.analysis.cases)
        if curves.empty:
            return None
        rows = by_setting(curves)[0]
        by_batch = {
            batch: {str(model): _doubling(evidence.analysis, own) for model, own in at.groupby("model", sort=False)}
            for batch in ends(rows["batch"]) for at in [rows[rows["batch"] == batch].sort_values("macs")[_OF_CASE]]
        }  # fmt: skip
        first, *others = by_batch
        models = by_batch[first]
        named = _named(rows[rows["batch"] == first], models)
        later = [f"At batch {b}: {_each(by_batch[b], named, 'time', 'the time')}." for b in others
                 if set(named) <= set(by_batch[b])]  # fmt: skip
        lines = [
            f"{model_name(model)}: {', '.join(_factor(e, f'the {of}') for of, e in own.factors.items())}."
            for model, own in sorted(models.items(), key=lambda item: family_of(item[0])) if model not in named
        ]  # fmt: skip
        return Answer(
            (
                f"Doubling the side of the image costs {_each(models, named, 'time', 'the time')}.",
                *([f"Memory grows {_each(models, named, 'memory')}."] if _have_memory(models, named) else []),
            ),
            {"batches": {str(b): {m: _numbers(own) for m, own in of.items()} for b, of in by_batch.items()}},
            (*later, *lines[:MOST_LINES], *setting_of(curves, rows)),
            what_decides(ratio for model in named for ratio in models[model].factors.values()),
        )  # fmt: skip

    def chart(self, evidence: AnswerBasis, answer: Answer) -> Chart | None:
        """Time and memory against resolution, each at the smallest and the largest batch."""
        rows = by_setting(_curves(evidence.analysis.cases))[0]
        chart = resolution_curves(rows[rows["batch"].isin(ends(rows["batch"]))])
        return replace(chart, note=f"{chart.note} {unmeasured(evidence.analysis.plan, rows)}".strip())


def _curves(cases: pd.DataFrame) -> pd.DataFrame:
    """Unscaled models with two sides or more between which a doubling can be interpolated."""
    good = cases[~cases["model"].str.contains("[", regex=False)].dropna(subset=["latency_s"])
    if good.empty:
        return good
    wide = [own for _, own in good.groupby([*WAY, "model"], sort=False) if _pairs(own)]
    return pd.concat(wide) if wide else good.iloc[:0]


def _pairs(rows: pd.DataFrame) -> list[tuple[int, int]]:
    sides = sorted({int(side) for side in rows["resolution"]})
    return [(small, large) for small, large in combinations(sides, 2) if CLOSEST <= large / small <= FURTHEST]


def _doubling(analysis: Analysis, rows: pd.DataFrame) -> Doubling:
    """Factors between the two measured sides nearest to a doubling; a power law between them gives the rest."""
    small, large = min(_pairs(rows), key=lambda pair: (round(abs(math.log2(pair[1] / pair[0]) - 1), 1),
                                                       abs(pair[0] - FROM)))  # fmt: skip
    by_side: dict[int, Mapping[Hashable, Any]] = {int(row["resolution"]): row for row in rows.to_dict("records")}
    power = 1 / math.log2(large / small)
    ratios = {
        of: paired_ratio(analysis, by_side[large], by_side[small], metric)
        for of, metric in (("time", "latency_s"), ("memory", "memory_bytes"))
    }
    return Doubling(small, large, {of: _to_power(ratio, power) for of, ratio in ratios.items() if ratio.n})


def _to_power(ratio: Estimate, power: float) -> Estimate:
    value, low, high = (end**power for end in (ratio.value, ratio.low, ratio.high))
    return Estimate(value, low, high, ratio.n, freedom=ratio.freedom)


def _named(rows: pd.DataFrame, models: Mapping[str, Doubling]) -> list[str]:
    """One model of each family, the middle one by MACs; of more than two the ones with least and most growth."""
    macs = rows.groupby("model")["macs"].min().sort_values(kind="stable")
    by_family: dict[str, list[str]] = {}
    for model in macs.index:
        by_family.setdefault(family_of(str(model)), []).append(str(model))
    middle = [names[(len(names) - 1) // 2] for names in by_family.values()]
    middle.sort(key=lambda model: models[model].factors["time"].value)
    return middle if len(middle) < 3 else [middle[0], middle[-1]]


def _have_memory(models: Mapping[str, Doubling], named: list[str]) -> bool:
    return all("memory" in models[model].factors for model in named)


def _each(models: Mapping[str, Doubling], named: list[str], what: str, of: str = "") -> str:
    """``3.40x the time for A (3.10 to 3.70) and 3.90x for B (3.60 to 4.20)``."""
    parts: list[str] = []
    for model in named:
        ratio = models[model].factors[what]
        unit = f" {of}" if of and not parts else ""
        parts.append(f"{figure(ratio.value)}x{unit} for {model_name(model)}{judged_bounds(ratio)}")
    return " and ".join(parts)


def _factor(ratio: Estimate, of: str) -> str:
    return f"{figure(ratio.value)}x {of}{judged_bounds(ratio)}"


def _numbers(doubling: Doubling) -> dict[str, Any]:
    sides = {"from": doubling.small, "to": doubling.large}
    return {**sides, **{of: numbers(ratio) for of, ratio in doubling.factors.items()}}
