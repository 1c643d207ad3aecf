"""Names, units and colours as the report shows them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from scalebench import units
from scalebench.analysis.way import WAY
from scalebench.claims.judge import way_text

GREY = "#949494"
LONGEST = 26


@dataclass(frozen=True)
class Scale:
    """How a metric is shown: stored value over ``factor``, in ``unit``."""

    title: str
    unit: str
    factor: float

    @property
    def heading(self) -> str:
        """Column heading and axis title."""
        return f"{self.title}, {self.unit}" if self.unit else self.title


SCALES = {
    "params": Scale("parameters", "millions", 1e6),
    "macs": Scale("counted MACs", "G per image", 1e9),
    "activations": Scale("activations", "millions per image", 1e6),
    "latency_s": Scale("latency", "ms per batch", 1e-3),
    "throughput_ips": Scale("throughput", "images per s", 1.0),
    "memory_bytes": Scale("memory", "MiB", 2.0**20),
}


@dataclass(frozen=True)
class Look:
    """Colour, marker and dash of a family; the three always go together. Hollow markers are scaled models."""

    colour: str
    marker: str
    dash: str
    hollow: bool = False


FAMILIES = {
    "ResNet": Look("#0173b2", "o", "-"),
    "EfficientNet": Look("#029e73", "s", "--"),
    "ConvNeXt": Look("#d55e00", "^", "-."),
    "EfficientNetV2": Look("#cc78bc", "D", ":"),
    "other": Look(GREY, "X", "-"),
}
_STARTS = (
    ("efficientnetv2", "EfficientNetV2"),
    ("efficientnet", "EfficientNet"),
    ("resnet", "ResNet"),
    ("convnext", "ConvNeXt"),
)


def family(model: str) -> str:
    """Family of a written model name, scaled or not."""
    plain = model.removeprefix("tf_")
    return next((name for start, name in _STARTS if plain.startswith(start)), "other")


def series(model: str) -> str:
    """Family, with ``, scaled`` after it where multipliers were applied."""
    return f"{family(model)}, scaled" if "[" in model else family(model)


def look(name: str) -> Look:
    """Look of a series: scaled ones share their family's marker, in grey."""
    plain = FAMILIES[name.removesuffix(", scaled")]
    return Look(GREY, plain.marker, plain.dash, hollow=True) if name.endswith(", scaled") else plain


def way_label(row: Any) -> str:
    """``machine, batch 1, fp32 eager, cpu, 2 threads`` of a frame's row or group key in the order of ``WAY``."""
    values = dict(zip(WAY, row, strict=True)) if isinstance(row, tuple) else {name: row[name] for name in WAY}
    return f"{values['machine']}, {way_text(values)}"


def sorted_ways(frame: pd.DataFrame) -> list[tuple[tuple[Any, ...], pd.DataFrame]]:
    """Rows of each way of running, in order of machine and batch."""
    return [(tuple(key), group) for key, group in frame.groupby(WAY, sort=True)]


def without_batch(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Rows of all batches that are else run in one way, by that way in words."""
    names = [name for name in WAY if name != "batch"]
    groups = [(dict(zip(names, key, strict=True)), group) for key, group in frame.groupby(names, sort=True)]
    return [(f"{way['machine']}, {way_text(way)}", group) for way, group in groups]


def plain(value: float) -> str:
    """A round number without digits that say nothing: ``2``, ``0.5``."""
    text = units.digits(value)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def short(text: str, longest: int = LONGEST) -> str:
    """Text for a drawing: printable, and cut in the middle where it is long."""
    clean = "".join("\ufffd" if unicodedata.category(c)[0] == "C" else c for c in text)
    keep = longest // 2 - 1
    return clean if len(clean) <= longest else f"{clean[:keep]}…{clean[-keep:]}"


def point_label(model: str, resolution: int) -> str:
    """Label of one case in a drawing: ``b0@224`` for an EfficientNet, the model's own name otherwise."""
    return short(f"{model.removeprefix('efficientnet_')}@{resolution}")


def when(first: str, last: str) -> str:
    """``2026-11-24, 00:07 to 00:49 UTC`` of two ISO 8601 times in UTC; the texts themselves where they are none."""
    try:
        start, end = (datetime.fromisoformat(text) for text in (first, last))
    except ValueError:
        return f"{first} to {last}"
    day = "" if start.date() == end.date() else f"{end:%Y-%m-%d}, "
    return f"{start:%Y-%m-%d}, {start:%H:%M} to {day}{end:%H:%M} UTC"


def listed(items: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
