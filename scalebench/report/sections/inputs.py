"""The input pipeline: what it delivers per core, and for which models it is the bottleneck."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from scalebench.report.content import Section, Table
from scalebench.report.figures.feeding import per_core
from scalebench.report.model_names import model_name
from scalebench.report.tables import (
    CONFIGURATION,
    MODEL,
    ROUNDS,
    Field,
    build_table,
    count,
    entry,
    estimate,
    filled,
    number,
    value,
)

ID, TITLE = "inputs", "The input pipeline"
_PIPELINE = ["machine", "camera"]
_MS = 1e-3


def inputs_section(inputs: pd.DataFrame, feeding: pd.DataFrame) -> Section:
    """The result, the figure, and the tables.

    Args:
        inputs: ``analysis.inputs.inputs``, with rows.
        feeding: ``analysis.inputs.feeding``.
    """
    method = (
        "One process with one thread decodes a JPEG from memory, resizes it to a square, and normalises it to float32. "
        "Reading from a disk and passing the tensor to another process or device are not included. The photographs "
        "are synthetic, at quality 90."
    )
    chart = per_core(inputs, feeding, _rates_table(inputs))
    return Section(ID, TITLE, (*_sentences(inputs, feeding), method), (chart,), filled(_feeding_table(feeding)))


def _sentences(inputs: pd.DataFrame, feeding: pd.DataFrame) -> Iterator[str]:
    """One sentence per machine and camera."""
    fed_models = dict(iter(feeding.groupby(["prepared_on", "camera"])))
    for (machine, camera), rates in inputs.groupby(_PIPELINE):
        place, models = f"{machine}, photographs of {camera}", fed_models.get((machine, camera))
        if models is None:
            best = rates.nlargest(1, "per_core_ips").iloc[0]
            yield (
                f"{place}: {best['decoder']} is fastest, with {number(best['per_core_ips'])} images/s per core at "
                f"{best['resolution']} px. No model was measured at these sizes."
            )
        else:
            yield _bottlenecks(place, _with_fastest(models))


def _bottlenecks(place: str, models: pd.DataFrame) -> str:
    most = models.nlargest(1, "cores").iloc[0]
    counts = models["bottleneck"].value_counts()
    open_ = f" In {counts['not decided']} it is undecided." if "not decided" in counts else ""
    cores = "an unknown number of" if pd.isna(most["cores_there"]) else int(most["cores_there"])
    known = math.isfinite(most["cores_low"]) and math.isfinite(most["cores_high"])
    bounds = f"{number(most['cores_low'])} to {number(most['cores_high'])}" if known else "no interval"
    return (
        f"{place}: the input pipeline is the bottleneck in {counts.get('input', 0)} of {len(models)} model cases."
        f"{open_} Most cores are needed by {model_name(most['model'])} at {most['resolution']} px: "
        f"{number(most['cores'])} ({bounds}). It takes {number(most['model_ips'])} images/s on {most['device']} at "
        f"batch {most['batch']}, prepared by {most['decoder']}. There are {cores} cores."
    )


def _with_fastest(feeding: pd.DataFrame) -> pd.DataFrame:
    """For each model case and camera the decoder with the highest rate."""
    keys = [name for name in feeding if name not in _OF_DECODER]
    best = feeding.groupby(keys, dropna=False)["per_core_ips"].transform("max")
    kept: pd.DataFrame = feeding[feeding["per_core_ips"] == best]
    return kept


_OF_DECODER = {"decoder", "processes", "per_core_ips", "cores", "cores_low", "cores_high", "n", "bottleneck"}


def _feeding_table(feeding: pd.DataFrame) -> Table:
    return build_table(
        "Cores that prepare images as fast as a model takes them; on the CPU, the available cores are the model's",
        _with_fastest(feeding).sort_values("cores", ascending=False), *MODEL, value("model_ips", "images per s"),
        entry("camera"), entry("decoder", "fastest decoder"), value("per_core_ips", "images per s and core"),
        *estimate("cores", "cores needed"), Field("cores available", _available, number=True), entry("bottleneck"),
        ROUNDS, CONFIGURATION,
    )  # fmt: skip


def _available(row: Mapping[Any, Any]) -> str:
    return "-" if pd.isna(row["cores_there"]) else str(int(row["cores_there"]))


def _rates_table(inputs: pd.DataFrame) -> Table:
    return build_table(
        "What each decoder prepares; the steps are those of one process alone",
        inputs.sort_values([*_PIPELINE, "resolution", "processes", "per_core_ips"]), entry("decoder"), entry("camera"),
        MODEL[1], count("processes", "processes at once"), *estimate("per_core_ips", "images per s and core"),
        value("throughput_ips", "images per s, all"), value("decode_s", "decoding, ms per image", _MS),
        value("resize_s", "resizing, ms per image", _MS), value("normalise_s", "normalising, ms per image", _MS),
        value("jpeg_bytes_per_pixel", "JPEG, bytes per pixel"), ROUNDS, entry("machine"),
    )  # fmt: skip
