"""Section: what each scaling method costs against compound at equal counted MACs, measured and on paper."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scalebench.analysis.matched import MEMBER, REFERENCE
from scalebench.metrics import METRICS
from scalebench.report.content import Column, Section, Table
from scalebench.report.labels import listed, plain, sorted_ways, way_label
from scalebench.report.tables import SHOWN, capped, number, span

TITLE = "Compound against single axis"
ON_PAPER = ("peak_bytes_training", "peak_bytes_inference", "activations", "params")
WAYS = "ways of running"
_KINDS = {"latency_s": "time", "memory_bytes": "memory", "peak_bytes_training": "training memory, on paper"}
_HOW = (
    "Figures are times the cost of compound at equal counted MACs; ways of running are counted and never averaged. The "
    "cheapest and the dearest are picked from several methods, so their intervals flatter the difference."
)
_N = Column("n, rounds", number=True)
_TARGET = Column("target, times the base's MACs", number=True)


def versus_section(groups_measured: pd.DataFrame, counted: pd.DataFrame, explained: pd.DataFrame) -> Section:
    """Ratios to compound by base, target and method, and what they follow.

    Args:
        groups_measured: ``matched.compare_groups``.
        counted: ``matched.counted_ratios``.
        explained: ``matched.explained``.
    """
    measured, paper = _others(groups_measured), _others(counted)
    if measured.empty and paper.empty:
        why = "No group has both its compound member and another one, so there is nothing to compare."
        return Section("axes", TITLE, (why,))
    found = [*_extremes(measured), *_extremes(paper)]
    text = [_HOW] + [
        _of_base(*key, [e for e in found if (e.base, e.target) == key])
        for key in dict.fromkeys((e.base, e.target) for e in found)
    ]
    tables = (_ratios_table(measured, paper), _extremes_table(found), _explained_table(explained))
    text += ["Nothing was measured, so all ratios are on paper."] if measured.empty else []
    return Section("axes", TITLE, (*text, *_of_explained(explained)), (), tuple(t for t in tables if t.rows))


def _others(ratios: pd.DataFrame) -> pd.DataFrame:
    return ratios[(ratios["method"] != REFERENCE) & ratios["ratio"].notna()]


@dataclass(frozen=True)
class _Extremes:
    """Cheapest and dearest method of one base by one metric, at the largest target, one way of running."""

    base: str
    target: float
    metric: str
    place: str
    cheapest: Mapping[str, Any]
    dearest: Mapping[str, Any]


def _extremes(ratios: pd.DataFrame) -> Iterator[_Extremes]:
    """Of each base, metric and way; compound, at 1 by definition, can be either."""
    itself: dict[Any, Any] = {"method": REFERENCE, "ratio": 1.0, "low": math.nan, "high": math.nan, "n": 0}
    here = ratios[ratios["metric"].isin(_KINDS)]
    largest = here[here["target"] == here.groupby("base")["target"].transform("max")]
    for _, rows in largest.groupby(["base", "metric"], sort=False):
        ways = (
            [(way_label(way), mine) for way, mine in sorted_ways(rows)] if "machine" in rows else [("on paper", rows)]
        )
        for place, mine in ways:
            members = sorted([itself, *mine.to_dict("records")], key=lambda row: float(row["ratio"]))
            first = mine.iloc[0]
            yield _Extremes(first["base"], float(first["target"]), first["metric"], place, members[0], members[-1])


def _of_base(base: str, target: float, found: Sequence[_Extremes]) -> str:
    """Which method is cheapest and dearest, in how many ways of running, and how often the interval agrees."""
    parts = [
        f"in {kind}, cheapest is {_named([e.cheapest for e in mine])}, dearest {_named([e.dearest for e in mine])}"
        for metric, kind in _KINDS.items()
        if (mine := [e for e in found if e.metric == metric])
    ]
    return f"{base} at {plain(target)} times its MACs: {'; '.join(parts)}."


def _named(rows: Sequence[Mapping[str, Any]]) -> str:
    """``fast (0.889, interval [0.515, 1.54], in 1 of 2) and width (0.631 to 0.7, ...)``."""
    methods = dict.fromkeys(str(row["method"]) for row in rows)
    named = []
    for method in methods:
        mine = [row for row in rows if row["method"] == method]
        share = f"in {len(mine)} of {len(rows)}" if len(methods) > 1 else ""
        inside = ", ".join(filter(None, [_size(mine), share]))
        named.append(f"{method} ({inside})" if inside else method)
    return listed(named)


def _size(rows: Sequence[Mapping[str, Any]]) -> str:
    """Ratios with their interval, or how often it leaves 1 out; nothing for compound, which is 1 by definition."""
    ratios = _range([row["ratio"] for row in rows])
    if rows[0]["method"] == REFERENCE:
        return ""
    if "low" not in rows[0]:  # on paper
        return ratios
    if len(rows) == 1:
        return f"{ratios}, interval {span(rows[0]['low'], rows[0]['high'], rows[0]['n'])}"
    clear = sum(row["high"] < 1 or row["low"] > 1 for row in rows)
    return f"{ratios}, interval clear of 1 in {clear} of {len(rows)}"


def _range(values: Sequence[float]) -> str:
    low, high = number(min(values)), number(max(values))
    return low if low == high else f"{low} to {high}"


def _ratios_table(measured: pd.DataFrame, paper: pd.DataFrame) -> Table:
    """One row per member and way of running; what is on paper is the same in every way."""
    columns = [
        Column("base"), _TARGET, Column("method"),
        *(c for name in SHOWN for c in (Column(f"{METRICS[name].label}, times compound", number=True),
                                        Column("95 % interval", number=True))), _N,
        *(Column(f"{METRICS[name].label} ({METRICS[name].kind}), times compound", number=True) for name in ON_PAPER),
        Column("machine and way of running"),
    ]  # fmt: skip
    known = paper.set_index([*MEMBER, "metric"])["ratio"].to_dict()
    places = [(way_label(way), here) for way, here in sorted_ways(measured)] or [("on paper only", paper)]
    rows = [
        [
            first["base"], plain(first["target"]), first["method"],
            *_measured_cells(here),
            *(number(known.get((*member, name), math.nan)) for name in ON_PAPER), place,
        ]
        for place, every in places
        for member, here in every.groupby(MEMBER, sort=False)
        for first in here.iloc[:1].to_dict("records")
    ]  # fmt: skip
    caption = "Ratio of each method to compound at equal counted MACs; counted and estimated ones vary with no round"
    return capped(caption, columns, rows)


def _measured_cells(here: pd.DataFrame) -> list[str]:
    by_metric = {str(row["metric"]): row for row in here.to_dict("records")}
    cells: list[str] = []
    for name in SHOWN:
        row = by_metric.get(name)
        cells += [number(row["ratio"]), span(row["low"], row["high"], row["n"])] if row else ["-", "-"]
    rounds = {str(int(by_metric[name]["n"])) for name in SHOWN if name in by_metric}
    return [*cells, " or ".join(sorted(rounds)) or "-"]


def _extremes_table(found: Sequence[_Extremes]) -> Table:
    columns = [
        Column("base"), _TARGET, Column("cost"),
        *(c for word in ("cheapest", "dearest")
          for c in (Column(word), Column("times compound", number=True), Column("95 % interval", number=True), _N)),
        Column("machine and way of running"),
    ]  # fmt: skip
    rows = [
        [e.base, plain(e.target), METRICS[e.metric].label, *_end_cells(e.cheapest), *_end_cells(e.dearest), e.place]
        for e in found
    ]
    return capped("Cheapest and dearest method of each base at its largest target", columns, rows)


def _end_cells(row: Mapping[str, Any]) -> list[str]:
    rounds = row.get("n", 0)
    interval = span(row["low"], row["high"], rounds) if rounds else "-"
    return [row["method"], number(row["ratio"]), interval, str(rounds) if rounds else "-"]


def _explained_table(explained: pd.DataFrame) -> Table:
    columns = [
        Column("measured"), Column("against, on paper"),
        Column("rank correlation, no unit", number=True), Column("95 % interval", number=True),
        Column("correlation of logarithms, no unit", number=True), Column("95 % interval", number=True),
        Column("n, members", number=True), Column("rank correlation of the two on paper", number=True),
        Column("machine and way of running"), Column("noted"),
    ]  # fmt: skip
    rows = [
        [
            METRICS[row["metric"]].label, METRICS[row["predictor"]].label,
            *(cell for name in ("spearman", "pearson")
              for cell in (number(row[name]), span(row[f"{name}_low"], row[f"{name}_high"], row["n"]))),
            str(row["n"]), number(row["tied"]), way_label(row), row["why"],
        ]
        for row in explained.to_dict("records")
    ]  # fmt: skip
    return capped("How far measured ratios to compound follow those on paper, over all members", columns, rows)


def _of_explained(explained: pd.DataFrame) -> list[str]:
    """One sentence per measured metric, and what keeps it from being a cause."""
    known = explained[explained["spearman"].notna()]
    if known.empty:
        return [f"What explains the ratios is open: {why}." for why in explained["why"].unique()[:1]]
    sentences = [
        f"{METRICS[str(metric)].label.capitalize()} relative to compound: "
        + "; ".join(_follows(str(name), mine) for name, mine in here.groupby("predictor", sort=False))
        + f" ({_members(here)})."
        for metric, here in known.groupby("metric", sort=False)
    ]
    tied = known["tied"].dropna()
    if len(tied):
        sentences.append(
            "The members of a group share their compound member, so these intervals are rather too narrow; "
            f"activations and parameters are related themselves (rank correlation {_range(tied.tolist())}), so part of "
            "what one explains may be due to the other."
        )
    return sentences


def _follows(predictor: str, here: pd.DataFrame) -> str:
    counts = {
        "rises": int((here["spearman_low"] > 0).sum()),
        "falls": int((here["spearman_high"] < 0).sum()),
    }
    counts["is not told apart from no relation"] = len(here) - sum(counts.values())
    words = [f"{word} in {count}" for word, count in counts.items() if count]
    return (
        f"with {METRICS[predictor].label} it {listed(words)} of {len(here)} {WAYS} "
        f"(rank correlation {_range(here['spearman'].tolist())})"
    )


def _members(here: pd.DataFrame) -> str:
    return f"n = {_range([float(n) for n in here['n']])} members".replace(".0", "")
