"""The interactive chart: what can be chosen, and the Vega-Lite specification that the browser draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from scalebench.metrics import COUNTED, MEASURED, METRICS
from scalebench.report.content import Explorer
from scalebench.report.looks import COLOURS, MARKERS, drawn_family, look
from scalebench.suite.case import AXES, KEY_AXES

_METRICS = {name: METRICS[name].heading for name in (*COUNTED, *MEASURED) if METRICS[name].kind != "estimated"}
_INTERVALS = {**{name: METRICS[name].title for name in MEASURED}, "latency_p99_s": "p99 latency"}
"""Metrics with an interval, with their titles."""
NUMBERS = {
    **_METRICS, "latency_p99_s": "p99 latency, ms per batch", "latency_image_s": "latency, ms per image",
    "resolution": "resolution, px", "pixels": "pixels, thousands", "batch": "batch",
    "utilisation": "utilisation of the roof, %",
}  # fmt: skip
"""Fields that can be an axis, with their titles."""
_AXES = {name: AXES[name].heading for name in KEY_AXES if name != "batch"}
WORDS = {
    "family": "family", "model": "model", "size": "resolution", "batch_size": "batch", **_AXES,
    "setting": "further settings", "machine": "machine", "scaled": "scaled or not", "ended": "ended",
    "limited": "limited by",
}  # fmt: skip
"""Fields that can be a colour, a facet or a filter, with their titles."""
ALWAYS = ("family", "precision", "machine", "runtime")
FILTERS = tuple(dict.fromkeys((*ALWAYS, "batch_size", *_AXES, "setting", "scaled")))
TITLES = {
    **WORDS, **NUMBERS, "n": "n, rounds", "kind": "kind", "notes": "noted",
    **{f"{name}_{end}": f"{title}, 95 % {end}" for name, title in _INTERVALS.items() for end in ("low", "high")},
}  # fmt: skip
"""Every field with its title."""
_LIMIT = "latency_s"
_SHAPES = [marker.replace(" ", "-") for marker in MARKERS.values()]
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
    numbers = tuple(name for name in NUMBERS if _on_log_axis(frame[name]))
    words = tuple(name for name in WORDS if frame[name].astype(str).ne("").any())
    start = {"x": "macs" if "macs" in numbers else "resolution", "y": _LIMIT, "color": "family", "facet": ""}
    filled = [name for name in TITLES if frame[name].notna().any() and frame[name].ne("").any()]
    channels = _channels(numbers, words, sorted(frame["family"].unique()))
    return Explorer(
        columns={name: frame[name].tolist() for name in filled},
        titles={name: TITLES[name] for name in filled},
        axes=tuple((name, TITLES[name]) for name in numbers),
        kinds=tuple((name, TITLES[name]) for name in words),
        filters=_filters(frame),
        lines={name: (f"{name}_low", f"{name}_high") for name in _INTERVALS if name in numbers},
        spec=_spec(channels, start),
        channels=channels,
        limit=_LIMIT,
        start=start,
    )


def _filters(frame: pd.DataFrame) -> dict[str, tuple[tuple[str, str], ...]]:
    """Values to choose from: the fields of ``ALWAYS``, and others where there is a choice."""
    filters = {}
    for name in FILTERS:
        values = sorted(frame[name].unique(), key=lambda text: (len(text), text) if text.isdecimal() else (0, text))
        if len(values) > 1 or name in ALWAYS:
            filters[name] = tuple((value, value or "(none)") for value in values)
    return filters


def explorer_frame(cases: pd.DataFrame, placed: pd.DataFrame) -> pd.DataFrame:
    """One row per case with every field of the chart, numbers in the unit of their titles, five digits each."""
    ms = METRICS["latency_s"].factor
    factors = {**{name: METRICS[name].factor for name in _METRICS}, "latency_p99_s": ms}
    numbers = {
        **{name: cases[name] / factor for name, factor in factors.items()},
        **{f"{name}_{end}": cases[f"{name}_{end}"] / factors[name] for name in _INTERVALS for end in ("low", "high")},
        "latency_image_s": cases["latency_s"] / cases["batch"] / ms,
        "resolution": cases["resolution"], "pixels": cases["resolution"].astype(float) ** 2 / 1e3,
        "batch": cases["batch"], "n": cases["n"],
        "utilisation": 100 * _column(placed.reindex(cases.index), "utilisation"),
    }  # fmt: skip
    words = {
        "family": cases["model"].map(drawn_family), "model": cases["model"], "size": cases["resolution"],
        "batch_size": cases["batch"], "scaled": cases["model"].str.contains("[", regex=False).map(_scaled),
        "ended": cases["status"], "limited": _column(placed.reindex(cases.index), "label"), "notes": cases["notes"],
        "kind": pd.Series("measured", index=cases.index),
        **{name: cases[name] for name in (*_AXES, "setting", "machine")},
    }  # fmt: skip
    shown = pd.DataFrame({name: _rounded(values) for name, values in numbers.items()})
    shown = shown.assign(**{name: values.fillna("").astype(str) for name, values in words.items()})
    return shown[list(TITLES)]


def _on_log_axis(values: pd.Series) -> bool:
    """Whether there are values, all above zero: energy above idle may not be."""
    numbers = values.dropna().astype(float)
    return bool(len(numbers)) and bool((numbers > 0).all())


def _column(placed: pd.DataFrame, name: str) -> pd.Series:
    return placed[name] if name in placed else pd.Series(float("nan"), index=placed.index)


def _scaled(scaled: bool) -> str:
    return "scaled" if scaled else "as published"


def _rounded(values: pd.Series) -> pd.Series:
    """Five significant digits, whole numbers as they are; None where there is none."""
    numbers = values.astype(float)
    short = numbers.map(lambda value: float(f"{value:.5g}"))
    return short.astype(object).where(numbers.notna() & numbers.abs().ne(float("inf")), None)


def _channels(numbers: tuple[str, ...], words: tuple[str, ...], families: list[str]) -> dict[str, dict[str, Any]]:
    """Encodings by channel and field."""
    axis: dict[str, Any] = {
        "type": "quantitative",
        "scale": {"type": "log", "nice": False, "padding": 12},
        "axis": {"format": "~g", "labelOverlap": True},
    }
    looks = {family: look(family) for family in families}
    colours = {family: style.colour for family, style in looks.items()}
    shapes = {family: style.shape.replace(" ", "-") for family, style in looks.items()}
    places = {name: _field(name, axis) for name in numbers}
    return {
        "x": places,
        "y": places,
        "color": {name: _field(name, _kind(name, COLOURS, colours)) for name in words},
        "shape": {name: _field(name, _kind(name, _SHAPES, shapes)) for name in words},
        "facet": {name: _field(name, {"type": "nominal", "columns": 2}) for name in words},
    }


def _field(name: str, encoding: Mapping[str, Any]) -> dict[str, Any]:
    return {"field": name, "title": TITLES[name], **encoding}


def _kind(name: str, values: Sequence[str], of_family: Mapping[str, str]) -> dict[str, Any]:
    """A family has the same look whatever else is shown."""
    scale = {"domain": list(of_family), "range": list(of_family.values())}
    return {"type": "nominal", "scale": scale if name == "family" else {"range": list(values)}}


def _spec(channels: Mapping[str, Mapping[str, Any]], start: Mapping[str, str]) -> dict[str, Any]:
    """Points with their intervals, zoomed by wheel and moved by dragging; a tooltip is worded once it is needed."""
    x, y = (channels[axis][start[axis]] for axis in ("x", "y"))
    colour, shape = (channels[channel][start["color"]] for channel in ("color", "shape"))
    low, high = (f"{start['y']}_{end}" for end in ("low", "high"))
    whiskers = {
        "name": "whiskers",
        "mark": {"type": "rule", "opacity": 0.5},
        "encoding": {"x": x, "y": {"field": low, "type": "quantitative"}, "y2": {"field": high}, "color": colour},
    }
    points = {
        "name": "points",
        "mark": {"type": "point", "size": 60, "strokeWidth": 1.6, "opacity": 1, "tooltip": {"content": "data"}},
        "encoding": {"x": x, "y": y, "color": colour, "shape": shape},
    }
    zoom = {"name": "zoom", "select": {"type": "interval"}, "bind": "scales", "views": ["points"]}
    return {"data": {"name": DATA}, "layer": [whiskers, points], "params": [zoom], "height": 420, "config": {}}
