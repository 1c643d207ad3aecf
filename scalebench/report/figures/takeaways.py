"""One sentence per figure, computed from its data, with the numbers in it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pandas as pd

from scalebench.analysis.matched import REFERENCE
from scalebench.analysis.way import WAY
from scalebench.metrics import METRICS
from scalebench.report.labels import by_configuration, configuration_label
from scalebench.report.tables import number, span
from scalebench.suite.families import family_of


@dataclass(frozen=True)
class Takeaway:
    """A sentence and the unrounded figures in it."""

    text: str
    numbers: dict[str, float] = field(default_factory=dict)


def of_compute(cases: pd.DataFrame) -> Takeaway:
    """Which family takes longest per counted MAC; ``cases`` as in ``summary.summarise``."""
    plain = cases[~cases["model"].str.contains("[", regex=False)]
    rate = plain["latency_s"] / (plain["macs"] * plain["batch"])
    table = plain.assign(rate=rate, family=plain["model"].map(family_of))
    medians = table.pivot_table(index=WAY, columns="family", values="rate", aggfunc="median").dropna()
    scope = f" ({len(table)} unscaled cases, {_configurations(table)})"
    if medians.empty or medians.shape[1] < 2:
        ratio = float(table["rate"].max() / table["rate"].min()) if len(table) else math.nan
        return Takeaway(
            f"Latency per counted MAC differs by up to {number(ratio)} times between models{scope}.",
            {"largest_over_smallest": ratio},
        )
    first = medians.iloc[0]
    slow, fast = first.idxmax(), first.idxmin()
    ratios = medians[slow] / medians[fast]
    low, high = float(ratios.min()), float(ratios.max())
    size = f"{number(low)}" if len(ratios) == 1 else f"{number(low)} to {number(high)}"
    text = f"Per counted MAC, {slow} takes {size} times as long as {fast}, comparing medians over models{scope}."
    return Takeaway(text, {"lowest": low, "highest": high})


def of_resolution(curves: pd.DataFrame, metric: str) -> Takeaway:
    """Steepest and flattest model; ``curves`` holds only models with two or more resolutions."""
    several = curves["machine"].nunique() > 1
    powers: list[tuple[float, str]] = []
    for _, rows in by_configuration(curves):
        machine, batch = rows.iloc[0][["machine", "batch"]]
        place = f"batch {batch}, {machine}" if several else f"batch {batch}"
        for model, group in rows.groupby("model"):
            ends = group.sort_values("resolution").iloc[[0, -1]]
            (small, large), (first, last) = ends["resolution"].tolist(), ends[metric].tolist()
            power = math.log(last / first) / math.log((large / small) ** 2)
            powers.append((power, f"{model}, {place}, {small} to {large} px"))
    powers.sort(key=lambda item: (abs(item[0]), item[1]))
    (flat, where_flat), (steep, where_steep) = powers[0], powers[-1]
    start = f"{METRICS[metric].label.capitalize()} changes with the number of pixels to the power"
    if len(powers) == 1:
        return Takeaway(f"{start} {number(steep)} ({where_steep}).", {"power": steep})
    text = f"{start} {number(steep)} at the steepest ({where_steep}) and {number(flat)} at the flattest ({where_flat})."
    return Takeaway(text, {"steepest": steep, "flattest": flat})


def of_groups(rows: pd.DataFrame) -> Takeaway:
    """How often a method costs more or less latency than compound; ``rows`` as in ``analysis.matched``."""
    metric = "latency_s" if (rows["metric"] == "latency_s").any() else str(rows["metric"].iloc[0])
    every = rows[(rows["metric"] == metric) & rows["ratio"].notna()]
    certain = every.dropna(subset=["low", "high"])
    certain = certain[certain["method"] != REFERENCE]
    if certain.empty:
        return Takeaway(f"{len(every)} members of matched groups were measured, too few rounds for an interval.")
    more, less = int((certain["low"] > 1).sum()), int((certain["high"] < 1).sum())
    far = max(certain.to_dict("records"), key=lambda row: abs(math.log(row["ratio"])))
    label = METRICS[metric].label
    text = (
        f"Of {len(certain)} comparisons with compound scaling at equal counted compute, {more} have more {label}, "
        f"{less} less, and in {len(certain) - more - less} the 95 % interval includes no difference; furthest is "
        f"{far['base']} by {far['method']} at {far['target']:g} times its MACs: {number(far['ratio'])} times "
        f"the {label} (interval {span(far['low'], far['high'], far['n'])}, n = {far['n']}, {configuration_label(far)})."
    )
    numbers = {name: float(far[name]) for name in ("target", "ratio", "low", "high", "n")}
    return Takeaway(text, {**numbers, "comparisons": float(len(certain)), "more": float(more), "less": float(less)})


def _configurations(frame: pd.DataFrame) -> str:
    count = len(frame.drop_duplicates(WAY))
    return "1 configuration" if count == 1 else f"{count} configurations, never averaged"
