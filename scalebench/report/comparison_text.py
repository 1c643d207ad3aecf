"""A comparison in words: its headline, its rows, and what a reader has to know about them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from scalebench.analysis.fingerprint import changes
from scalebench.analysis.stats import Estimate
from scalebench.metrics import METRICS
from scalebench.report.labels import listed
from scalebench.suite.case import KEY_AXES, Case
from scalebench.units import digits, interval, percent

if TYPE_CHECKING:
    from scalebench.analysis.compare.comparison import Compared, Comparison

HEADINGS = ("case", "metric", "A", "B", "B / A", "95 % interval", "check", "n", "verdict")
NUMERIC = frozenset({"A", "B", "B / A", "95 % interval", "n"})
HOW = (
    "ratios are B / A of geometric means over n rounds, with Welch's 95 % interval widened by the noise between runs",
    "check: Hodges-Lehmann ratio and Mann-Whitney's U",
)
_WORDS = {"s per batch": ("slower", "faster"), "images per s": ("slower", "faster"), "byte": ("larger", "smaller")}
_SHOWN = 10
"""Cases of one side that are named; a set that grew would bury its verdict under them."""


def headline(comparison: Comparison) -> str:
    """The verdict in one line: ``1 of 14 cases slower in latency, geometric mean +2.1 % [-0.3 %, +4.9 %]``."""
    parts = []
    for metric, mean in comparison.means.items():
        rows, label = [row for row in comparison.rows if row.metric == metric], METRICS[metric].label
        if len(rows) == 1:
            parts.append(f"{_verdict(rows[0])} in {label}, {_change(rows[0].ratio)}")
            continue
        worse = sum(row.gated for row in rows) or "none"
        parts.append(f"{worse} of {len(rows)} cases {words(metric)[0]} in {label}, geometric mean {_change(mean)}")
    open_ = sum(row.verdict == "inconclusive" for row in comparison.rows)
    parts += [f"{open_} inconclusive"] if open_ and len(comparison.rows) > 1 else []
    parts += [f"{len(comparison.failed)} without a number"] if comparison.failed else []
    return "; ".join(parts) or "nothing could be compared"


def _change(ratio: Estimate) -> str:
    if math.isnan(ratio.value):
        return "unknown: every case is doubtful"
    ends = "no interval" if math.isnan(ratio.low) else f"[{percent(ratio.low - 1)}, {percent(ratio.high - 1)}]"
    return f"{percent(ratio.value - 1)} {ends}"


def banners(comparison: Comparison) -> list[str]:
    """What a reader has to know before the numbers."""
    return [difference.banner for difference in comparison.differences if difference.banner]


def remarks(comparison: Comparison) -> list[str]:
    """Cases that are in no row, and what was left out."""
    lists = (("only in A", comparison.only_a), ("only in B", comparison.only_b), ("not compared", comparison.failed))
    return [line for what, names in lists for line in _listed(what, names)] + list(comparison.notes)


def _listed(what: str, names: Sequence[str]) -> list[str]:
    more = [f"{what}: {len(names) - _SHOWN} more; --json has all"] if len(names) > _SHOWN else []
    return [f"{what}: {name}" for name in names[:_SHOWN]] + more


def places(comparison: Comparison) -> list[str]:
    """Machines behind the rows, with the noise and the margin that held there."""
    noisy = dict.fromkeys((row.machine, row.noise, row.noise_from, row.margin) for row in comparison.rows if row.noise)
    lines = [
        f"{machine}: noise between runs {_share(noise)} ({source}), margin {_share(margin)}"
        for machine, noise, source, margin in noisy
    ]
    quiet = dict.fromkeys((row.machine, row.margin) for row in comparison.rows if not row.noise)
    return lines + [f"{machine}: margin {_share(margin)} without noise between runs" for machine, margin in quiet]


def _share(fraction: float) -> str:
    return f"{digits(100 * fraction, 2)} %"


def document(comparison: Comparison) -> dict[str, Any]:
    """Content of ``--json``."""
    rows = []
    for row in comparison.rows:
        content = asdict(row)
        content["a"], content["b"] = ({**asdict(case), "key": case.key} for case in (row.a, row.b))
        content["verdict"] = word(row)
        rows.append({"case": title(row.a, row.b), **content})
    return {
        "headline": headline(comparison),
        "banners": banners(comparison),
        "differences": [asdict(difference) for difference in comparison.differences],
        "rows": rows,
        "means": {metric: asdict(mean) for metric, mean in comparison.means.items()},
        "only_a": list(comparison.only_a),
        "only_b": list(comparison.only_b),
        "failed": list(comparison.failed),
        "notes": list(comparison.notes),
    }


def cells(row: Compared) -> list[str]:
    """One line of the table, in the order of its headings."""
    show = METRICS[row.metric].show
    return [
        title(row.a, row.b), METRICS[row.metric].label, show(row.before.value), show(row.after.value),
        digits(row.ratio.value, 4), interval(row.ratio.low, row.ratio.high, significant=4), _check(row),
        f"{row.before.n} + {row.after.n}", _verdict(row),
    ]  # fmt: skip


def title(a: Case, b: Case) -> str:
    """The case's label, and what of it differs between the sides."""
    names = f"{a.model}@{a.resolution}", f"{b.model}@{b.resolution}"
    differences = changes(*({name: getattr(case, name) for name in KEY_AXES} for case in (a, b)))
    label = a.label if names[0] == names[1] else f"{names[0]} -> {names[1]}{a.label.removeprefix(names[0])}"
    return label + (f" ({', '.join(map(str, differences))})" if differences else "")


def words(metric: str) -> tuple[str, str]:
    """What worse and better are called for a metric."""
    return _WORDS.get(METRICS[metric].unit, ("worse", "better"))


def word(row: Compared) -> str:
    """The verdict of one row in the words of its metric."""
    worse, better = words(row.metric)
    return {"worse": worse, "better": better}.get(row.verdict, row.verdict)


def counted(metric: str, counts: Counter[str]) -> str:
    """How many rows of a metric have each verdict of ``standing``: ``1 is faster and 7 are undecided``."""
    worse, better = words(metric)
    names = {"worse": worse, "better": better, "same": "the same", "inconclusive": "undecided"}
    return listed([f"{n} {'is' if n == 1 else 'are'} {name}" for key, name in names.items() if (n := counts[key])])


def standing(row: Compared) -> str:
    """The verdict of a row as one of many: ``worse`` only where that holds after Holm's correction."""
    return "inconclusive" if row.verdict == "worse" and not row.gated else row.verdict


def _verdict(row: Compared) -> str:
    verdict = word(row)
    if row.doubts:
        return f"{verdict}, not gated: {'; '.join(row.doubts)}"
    return f"{verdict}, not after Holm" if row.verdict == "worse" and not row.gated else verdict


def _check(row: Compared) -> str:
    ratio = digits(row.check.ratio, 4)
    if not math.isnan(row.check.p):
        return f"HL {ratio}, U p = {row.check.p:.2g}"
    ends = interval(row.check.low, row.check.high, significant=4)
    return f"median {ratio} {'' if math.isnan(row.check.low) else ends}".rstrip()
