"""The answer of a comparison's page: slower or faster, larger or smaller, by how much, in how many cases."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from scalebench.analysis.compare.comparison import Compared, Comparison
from scalebench.analysis.stats import Estimate
from scalebench.metrics import METRICS
from scalebench.report.comparison_text import banners, counted, standing, words
from scalebench.report.content import ANCHOR, Answered, Chart, Elsewhere
from scalebench.report.tables import SHOWN, number

EQUAL = 1.05
"""Ratios between its inverse and this are called equal."""
NAME = "comparison"


def comparison_answer(a: str, b: str, comparison: Comparison, chart: Chart | None) -> Answered:
    """How B compares with A.

    Args:
        a, b: names of the two.
        comparison: B over A.
        chart: ratios of latency.
    """
    by_metric = {name: [row for row in comparison.rows if row.metric == name] for name in comparison.means}
    ratios = {name: _ratio(rows, comparison.means[name]) for name, rows in by_metric.items()}
    sentences = {name: _sentence(name, ratios[name], len(rows), a, b) for name, rows in by_metric.items()}
    main = SHOWN[0] if SHOWN[0] in sentences else next(iter(sentences), "")
    counts = Counter(map(standing, by_metric.get(main, ())))
    return Answered(
        f"{ANCHOR}{NAME}",
        f"Is {b} {words(SHOWN[0])[0]} than {a}?",
        tuple(filter(None, (sentences.pop(main, "No case was measured on both sides."), _counts(main, counts)))),
        (*(f"{banner[0].upper()}{banner[1:]}." for banner in banners(comparison)), *sentences.values()),
        _closes(counts["inconclusive"]),
        chart,
        details=Elsewhere("ratios", ""),
        numbers={
            **{f"{name}_{end}": value for name, ratio in ratios.items() for end, value in
               (("ratio", ratio.value), ("low", ratio.low), ("high", ratio.high))},
            **{f"{name}_cases": len(rows) for name, rows in by_metric.items()}, "counts": dict(counts), "equal": EQUAL,
        },
    )  # fmt: skip


def _ratio(rows: Sequence[Compared], mean: Estimate) -> Estimate:
    """The mean over cases; the ratio itself, with its own interval, where there is a single case."""
    return rows[0].ratio if len(rows) == 1 else mean


def _sentence(metric: str, ratio: Estimate, cases: int, a: str, b: str) -> str:
    label = METRICS[metric].label
    over = f"over {cases} cases" if cases > 1 else "in the one case of both"
    if math.isnan(ratio.value):
        return f"{label.capitalize()} cannot be compared: every case is doubtful."
    if math.isnan(ratio.low) or math.isnan(ratio.high):
        return f"In {label}, {b} is {_size(metric, ratio.value)} than {a} {over}; there is no interval."
    if 1 / EQUAL <= ratio.low <= ratio.high <= EQUAL:
        return f"In {label}, {b} and {a} are equal within {100 * (EQUAL - 1):.0f} % {over}."
    ends = f"{number(ratio.low)} to {number(ratio.high)}"
    if ratio.low <= 1 <= ratio.high:
        return f"In {label} it is undecided: that of {b} is {ends} times that of {a} {over}."
    sizes = [_factor(end) for end in (ratio.low, ratio.high)]
    size = f"{number(min(sizes))} to {number(max(sizes))}"
    return f"In {label}, {b} is {_size(metric, ratio.value)} than {a} ({size}) {over}."


def _factor(ratio: float) -> float:
    return max(ratio, 1 / ratio)


def _size(metric: str, ratio: float) -> str:
    """``1.40x slower``."""
    worse = (ratio > 1) == (METRICS[metric].better == "lower")
    return f"{number(_factor(ratio))}x {words(metric)[0 if worse else 1]}"


def _counts(metric: str, counts: Counter[str]) -> str:
    return f"Case by case, {counted(metric, counts)}." if counts.total() > 1 else ""


def _closes(undecided: int) -> str:
    if not undecided:
        return ""
    them = "interval" if undecided == 1 else f"{undecided} undecided intervals"
    return f"More rounds on both sides would narrow the {them}."
