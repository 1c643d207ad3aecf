"""The input pipeline: what it delivers per core, and from which model on it is the bottleneck."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from scalebench.report.content import Column, Section, Table
from scalebench.report.figures.feeding import per_core
from scalebench.report.labels import listed, way_label
from scalebench.report.tables import capped, filled, number, span

ID, TITLE = "inputs", "The input pipeline"
_PIPELINE = ["machine", "camera"]
_MS = 1e-3


def inputs_section(found: pd.DataFrame, feeding: pd.DataFrame) -> Section:
    """The finding, the figure, and the tables.

    Args:
        found: ``analysis.inputs.inputs``, with rows.
        feeding: ``analysis.inputs.feeding``.
    """
    said = tuple(_finding(found, feeding))
    method = (
        "One process with one thread decodes a JPEG from memory, resizes all of it to a square, and normalises it to "
        "float32; reading from a disk and handing the tensor to another process or device are not part of it. The "
        "photographs are synthetic, at quality 90."
    )
    chart = per_core(found, feeding, _rates_table(found))
    return Section(ID, TITLE, (*said, method), (chart,), filled(_feeding_table(feeding)))


def _finding(found: pd.DataFrame, feeding: pd.DataFrame) -> Iterator[str]:
    """One sentence per machine and camera."""
    pairs = dict(iter(feeding.groupby(["prepared_on", "camera"])))
    for (machine, camera), here in found.groupby(_PIPELINE):
        fed = pairs.get((machine, camera))
        if fed is None:
            best = here.nlargest(1, "per_core_ips").iloc[0]
            yield (
                f"{machine}, photographs of {camera}: {best['decoder']} prepares most, {number(best['per_core_ips'])} "
                f"images/s per core at {best['resolution']} px; no model was measured at these sizes."
            )
            continue
        yield _verdict(f"{machine}, photographs of {camera}", _with_fastest(fed))


def _verdict(where: str, fed: pd.DataFrame) -> str:
    names = [f"{row['model']}@{row['resolution']}" for row in fed.to_dict("records")]
    outrun = sorted({name for name, word in zip(names, fed["bottleneck"], strict=True) if word == "input"})
    most = fed.nlargest(1, "cores").iloc[0]
    counts = fed["bottleneck"].value_counts()
    text = f"the model is no longer the bottleneck in {counts.get('input', 0)} of {len(fed)} model cases"
    if outrun:
        text += f" ({listed(outrun[:3])}{f' and {len(outrun) - 3} more' if len(outrun) > 3 else ''})"
    open_ = f", not decided in {counts['not decided']}" if "not decided" in counts else ""
    return (
        f"{where}, prepared by the fastest decoder: {text}{open_}. The most cores are needed by {most['model']}@"
        f"{most['resolution']}, {number(most['cores'])} {_interval(most)} of {most['decoder']} for "
        f"{number(most['model_ips'])} images/s ({most['device']}, batch {most['batch']}), where there are "
        f"{_there(most)}."
    )


def _interval(row: pd.Series) -> str:
    found = span(row["cores_low"], row["cores_high"], row["n"])
    return f"(95 % interval {found})"


def _there(row: pd.Series) -> str:
    return "an unknown number" if pd.isna(row["cores_there"]) else f"{int(row['cores_there'])}"


def _with_fastest(feeding: pd.DataFrame) -> pd.DataFrame:
    """For each model case and camera the decoder with the highest rate."""
    keys = [name for name in feeding if name not in _OF_DECODER]
    best = feeding.groupby(keys, dropna=False)["per_core_ips"].transform("max")
    kept: pd.DataFrame = feeding[feeding["per_core_ips"] == best]
    return kept


_OF_DECODER = {"decoder", "processes", "per_core_ips", "cores", "cores_low", "cores_high", "n", "bottleneck"}


def _feeding_table(feeding: pd.DataFrame) -> Table:
    columns = [
        Column("model"), Column("resolution, px", number=True), Column("images per s", number=True),
        Column("camera"), Column("fastest decoder"), Column("images per s and core", number=True),
        Column("cores that feed it", number=True), Column("95 % interval", number=True),
        Column("cores there", number=True), Column("bottleneck"), Column("n, rounds", number=True),
        Column("machine and way of running"),
    ]  # fmt: skip
    rows = [
        [
            row["model"], str(row["resolution"]), number(row["model_ips"]), row["camera"], row["decoder"],
            number(row["per_core_ips"]), number(row["cores"]), span(row["cores_low"], row["cores_high"], row["n"]),
            "-" if pd.isna(row["cores_there"]) else str(int(row["cores_there"])), row["bottleneck"], str(row["n"]),
            way_label(row),
        ]
        for row in _with_fastest(feeding).sort_values("cores", ascending=False).to_dict("records")
    ]  # fmt: skip
    return capped(
        "Cores that prepare images as fast as a model takes them; on the CPU, cores there are those the model holds",
        columns, rows,
    )  # fmt: skip


def _rates_table(found: pd.DataFrame) -> Table:
    columns = [
        Column("decoder"), Column("camera"), Column("resolution, px", number=True),
        Column("processes at once", number=True), Column("images per s and core", number=True),
        Column("95 % interval", number=True), Column("images per s, all", number=True),
        *(Column(f"{step}, ms per image", number=True) for step in ("decoding", "resizing", "normalising")),
        Column("JPEG, bytes per pixel", number=True), Column("n, rounds", number=True), Column("machine"),
    ]  # fmt: skip
    rows = [
        [
            row["decoder"], row["camera"], str(row["resolution"]), str(row["processes"]),
            number(row["per_core_ips"]), span(row["per_core_ips_low"], row["per_core_ips_high"], row["n"]),
            number(row["throughput_ips"]),
            *(number(row[name], _MS) for name in ("decode_s", "resize_s", "normalise_s")),
            number(row["jpeg_bytes_per_pixel"]), str(row["n"]), row["machine"],
        ]
        for row in found.sort_values([*_PIPELINE, "resolution", "processes", "per_core_ips"]).to_dict("records")
    ]  # fmt: skip
    return capped("What each decoder prepares; the steps are those of one process alone", columns, rows)
