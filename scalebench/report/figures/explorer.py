"""The interactive chart: what can be chosen, and the specification that the browser draws.

Altair makes every encoding, so that each is checked against Vega-Lite's schema here; the page only puts together what
was checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from scalebench.report.content import Explorer
from scalebench.report.labels import FAMILIES, SCALES, family

NUMBERS = {
    "macs": "counted MACs, G per image", "params": "parameters, millions",
    "activations": "activations, millions per image", "resolution": "resolution, px", "pixels": "pixels, thousands",
    "batch": "batch", "latency": "latency, ms per batch", "latency_per_image": "latency, ms per image",
    "p99": "p99 latency, ms per batch", "throughput": "throughput, images per s", "memory": "memory, MiB",
    "energy": "energy, J per image", "utilisation": "utilisation of the roof, %",
}  # fmt: skip
"""Fields that can be an axis, with their titles."""
WORDS = {
    "family": "family", "model": "model", "size": "resolution", "batch_size": "batch", "precision": "precision",
    "layout": "layout", "runtime": "runtime", "device": "device", "threads": "threads", "machine": "machine",
    "scaled": "scaled or not", "ended": "ended", "limited": "limited by",
}  # fmt: skip
"""Fields that can be a colour, a facet or a filter, with their titles."""
ALWAYS = ("family", "precision", "machine", "runtime")
FILTERS = (*ALWAYS, "batch_size", "layout", "device", "threads", "scaled")
_INTERVALS = {
    "latency": "latency_s", "throughput": "throughput_ips", "memory": "memory_bytes", "p99": "latency_p99_s",
}  # fmt: skip
TITLES = {
    **WORDS, **NUMBERS, "n": "n, rounds", "kind": "kind", "notes": "noted",
    **{f"{name}_{end}": f"{NUMBERS[name].split(',')[0]}, 95 % {end}"
       for name in _INTERVALS for end in ("low", "high")},
}  # fmt: skip
"""Every field with its title."""
_LIMIT = "latency"
_COLOURS = [style.colour for style in FAMILIES.values()]
_SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left"]
DATA = "cases"
"""Name under which the page hands the rows to the chart."""


def explorer(cases: pd.DataFrame, placed: pd.DataFrame) -> Explorer | None:
    """The chart of all measured cases, one point each; None where nothing was measured.

    Args:
        cases: ``summary.summarise``.
        placed: ``Analysis.roofline``, the same cases under their machine's roof.
    """
    good = cases[cases["latency_s"].notna()]
    if good.empty:
        return None
    frame = explorer_frame(good, placed)
    numbers = tuple(name for name in NUMBERS if frame[name].notna().any())
    words = tuple(name for name in WORDS if frame[name].astype(str).ne("").any())
    start = {"x": "macs" if "macs" in numbers else "resolution", "y": "latency", "color": "family", "facet": ""}
    filled = [name for name in TITLES if frame[name].notna().any() and frame[name].ne("").any()]
    channels = _channels(numbers, words)
    return Explorer(
        columns={name: frame[name].tolist() for name in filled},
        titles={name: TITLES[name] for name in filled},
        axes=tuple((name, TITLES[name]) for name in numbers),
        kinds=tuple((name, TITLES[name]) for name in words),
        filters=_filters(frame),
        lines={name: (f"{name}_low", f"{name}_high") for name in _INTERVALS if name in numbers},
        spec=_spec(channels, start, filled),
        channels=channels,
        limit=_LIMIT,
        start=start,
    )


def _filters(frame: pd.DataFrame) -> dict[str, tuple[tuple[str, str], ...]]:
    """Values to choose from: what buyers ask for first is always there, the rest where there is a choice."""
    found = {}
    for name in FILTERS:
        values = sorted(frame[name].unique(), key=lambda text: (len(text), text) if text.isdecimal() else (0, text))
        if len(values) > 1 or name in ALWAYS:
            found[name] = tuple((value, value or "(none)") for value in values)
    return found


def explorer_frame(cases: pd.DataFrame, placed: pd.DataFrame) -> pd.DataFrame:
    """One row per case with every field of the chart, numbers in the unit of their titles, five digits each."""
    ms, mib = SCALES["latency_s"].factor, SCALES["memory_bytes"].factor
    factors = {"latency_s": ms, "throughput_ips": 1.0, "memory_bytes": mib, "latency_p99_s": ms}
    known = placed.reindex(cases.index)
    numbers = {
        "macs": cases["macs"] / 1e9, "params": cases["params"] / 1e6, "activations": cases["activations"] / 1e6,
        "resolution": cases["resolution"], "pixels": cases["resolution"].astype(float) ** 2 / 1e3,
        "batch": cases["batch"], "latency_per_image": cases["latency_s"] / cases["batch"] / ms,
        "energy": cases["energy_j"], "utilisation": 100 * _column(known, "utilisation"), "n": cases["n"],
        **{f"{short}{end}": cases[f"{metric}{end}"] / factors[metric]
           for short, metric in _INTERVALS.items() for end in ("", "_low", "_high")},
    }  # fmt: skip
    words = {
        "family": cases["model"].map(family), "model": cases["model"], "size": cases["resolution"],
        "batch_size": cases["batch"], "scaled": cases["model"].str.contains("[", regex=False).map(_scaled),
        "ended": cases["status"], "limited": _column(known, "label"), "notes": cases["notes"],
        "kind": pd.Series("measured", index=cases.index),
        **{name: cases[name] for name in ("precision", "layout", "runtime", "device", "threads", "machine")},
    }  # fmt: skip
    shown = pd.DataFrame({name: _rounded(values) for name, values in numbers.items()})
    shown = shown.assign(**{name: values.fillna("").astype(str) for name, values in words.items()})
    return shown[list(TITLES)]


def _column(placed: pd.DataFrame, name: str) -> pd.Series:
    return placed[name] if name in placed else pd.Series(float("nan"), index=placed.index)


def _scaled(scaled: bool) -> str:
    return "scaled" if scaled else "as published"


def _rounded(values: pd.Series) -> pd.Series:
    """Five significant digits, whole numbers as they are; None where there is none."""
    numbers = values.astype(float)
    short = numbers.map(lambda value: float(f"{value:.5g}"))
    return short.astype(object).where(numbers.notna() & numbers.abs().ne(float("inf")), None)


def _channels(numbers: tuple[str, ...], words: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Checked encodings by channel and field."""
    axis: dict[str, Any] = {
        "type": "quantitative",
        "scale": alt.Scale(type="log", nice=False, padding=12),
        "axis": alt.Axis(format="~g", labelOverlap=True),
    }
    kind: dict[str, Any] = {"type": "nominal"}
    return {
        "x": {name: alt.X(name, title=TITLES[name], **axis).to_dict() for name in numbers},
        "y": {name: alt.Y(name, title=TITLES[name], **axis).to_dict() for name in numbers},
        "color": {
            name: alt.Color(name, title=TITLES[name], scale=_scale(name, _COLOURS), **kind).to_dict() for name in words
        },
        "shape": {
            name: alt.Shape(name, title=TITLES[name], scale=_scale(name, _SHAPES), **kind).to_dict() for name in words
        },
        "facet": {name: alt.Facet(name, title=TITLES[name], columns=2, **kind).to_dict() for name in words},
    }


def _scale(name: str, range_: list[str]) -> alt.Scale:
    """A family keeps its look whoever else is shown."""
    if name == "family":
        return alt.Scale(domain=list(FAMILIES), range=range_[: len(FAMILIES)])
    return alt.Scale(range=range_)


def _spec(channels: Mapping[str, Mapping[str, Any]], start: Mapping[str, str], fields: list[str]) -> dict[str, Any]:
    """Points with their intervals, zoomed by wheel and moved by dragging."""
    x, y = (channels[axis][start[axis]] for axis in ("x", "y"))
    colour, shape = (channels[channel][start["color"]] for channel in ("color", "shape"))
    whiskers = alt.Chart(name="whiskers").mark_rule(opacity=0.5).encode(
        x=alt.X.from_dict(x), y=alt.Y(f"{start['y']}_low", type="quantitative"), y2=alt.Y2(f"{start['y']}_high"),
        color=alt.Color.from_dict(colour),
    )  # fmt: skip
    points = alt.Chart(name="points").mark_point(size=60, strokeWidth=1.6, opacity=1).encode(
        x=alt.X.from_dict(x), y=alt.Y.from_dict(y), color=alt.Color.from_dict(colour), shape=alt.Shape.from_dict(shape),
        tooltip=[_tooltip(name) for name in fields],
    )  # fmt: skip
    zoom = alt.selection_interval(name="zoom", bind="scales")
    content: dict[str, Any] = alt.layer(whiskers, points.add_params(zoom), data=alt.NamedData(DATA)).to_dict()
    return {**content, "height": 420, "config": {}}


def _tooltip(name: str) -> alt.Tooltip:
    if name in WORDS or name in ("kind", "notes"):
        return alt.Tooltip(name, title=TITLES[name], type="nominal")
    return alt.Tooltip(name, title=TITLES[name], type="quantitative", format=".4~g")
