"""Tables that say how far a number can be trusted: how its case ended, tails, memory three ways, the roofline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from scalebench import units
from scalebench.analysis.summary import TAILS
from scalebench.flags import FLAGS
from scalebench.machine.ability import Ability
from scalebench.metrics import METRICS
from scalebench.report.content import Column, Table
from scalebench.report.labels import way_label
from scalebench.report.tables import capped, number, ordered, span

_MIB = METRICS["memory_bytes"].factor
_N = Column("n, rounds", number=True)
_WAY = Column("machine and way of running")
_MODEL = (Column("model"), Column("resolution, px", number=True))


def trust_table(cases: pd.DataFrame) -> Table:
    """How each case came to its end, how wide its interval is, and what was doubtful."""
    columns = [
        *_MODEL, Column("ended"), _N, Column("set aside, rounds", number=True),
        Column("half-width of latency, %", number=True), Column("half-width of throughput, %", number=True),
        Column("noise of the canary, %", number=True), _WAY, Column("noted"),
    ]  # fmt: skip
    rows = [
        [
            *_model(row), row["status"], str(row["n"]), str(row["replaced"]), half_width(row, "latency_s"),
            half_width(row, "throughput_ips"), number(100 * row["noise"]), way_label(row), row["notes"],
        ]
        for row in ordered(cases).to_dict("records")
    ]  # fmt: skip
    return capped("How each case ended; half-widths of the 95 % interval are relative to the value", columns, rows)


def tails_table(cases: pd.DataFrame) -> Table:
    """Tail latencies of all iterations, or why there are none."""
    scale = METRICS["latency_s"]
    columns = [*_MODEL]
    for quantile in TAILS:
        name = f"p{round(100 * quantile)}"
        columns += [Column(f"{name} {scale.heading}", number=True), Column(f"95 % interval of {name}")]
    columns += [Column("n, iterations", number=True), _WAY]
    rows = [
        [
            *_model(row),
            *(cell for name in TAILS.values() for cell in _tail_cells(row, name)),
            _iterations(row), way_label(row),
        ]
        for row in ordered(cases).to_dict("records")
    ]  # fmt: skip
    return capped("Tail latencies over the iterations of all rounds; intervals by resampling rounds", columns, rows)


def memory_table(memory: pd.DataFrame) -> Table:
    """Measured, of the whole process, and estimated without a device, side by side; ``analysis.memory``."""
    columns = [
        *_MODEL, Column("measured, MiB", number=True), Column("95 % interval", number=True), _N,
        Column("whole process, MiB", number=True), Column("static estimate, MiB", number=True),
        Column("measured over static, no unit", number=True), _WAY, Column("the gap"),
    ]  # fmt: skip
    rows = [
        [
            *_model(row), number(row["memory_bytes"], _MIB),
            span(row["memory_bytes_low"], row["memory_bytes_high"], row["memory_bytes_n"], _MIB),
            str(row["memory_bytes_n"]),
            number(row["process_bytes"], _MIB), number(row["static_bytes"], _MIB), number(row["gap"]),
            way_label(row), row["why"],
        ]
        for row in ordered(memory).to_dict("records")
    ]  # fmt: skip
    return capped("Memory: measured, of the whole process, and estimated without a device", columns, rows)


def roofline_table(placed: pd.DataFrame) -> Table:
    """Where each case lies under the machine's own roof; ``analysis.roofline``."""
    ms = METRICS["latency_s"].factor
    columns = [
        *_MODEL, Column("latency, ms per batch", number=True), Column("95 % interval", number=True), _N,
        Column("least time, ms", number=True),
        Column("utilisation, %", number=True), Column("intensity, FLOPs per byte", number=True),
        Column("ridge, FLOPs per byte", number=True), Column("limited by"), _WAY, Column("noted"),
    ]  # fmt: skip
    rows = [
        [
            *_model(row), number(row["latency_s"], ms), span(row["latency_s_low"], row["latency_s_high"], row["n"], ms),
            str(row["n"]), number(row["t_min_s"], ms), number(100 * row["utilisation"]),
            number(row["intensity"]), number(row["ridge"]), row["label"], way_label(row),
            "; ".join(filter(None, ("roofline_violation" if row["violation"] else "", row["why"]))),
        ]
        for row in ordered(placed).to_dict("records")
    ]  # fmt: skip
    return capped("Every case under the measured roof of its machine", columns, rows)


def peaks_table(abilities: Sequence[Ability]) -> Table:
    """What the machines can do at most, as last measured."""
    newest = {(a.machine, a.sw_key, a.device, a.threads): a for a in abilities}
    columns = [
        Column("machine"), Column("measured, UTC"), Column("device"),
        Column("threads", number=True), Column("peak"),
        Column("best, G per s", number=True), Column("sustained, G per s", number=True), Column("unit"),
        Column("n, repetitions", number=True), Column("reached with"), Column("noted"),
    ]  # fmt: skip
    rows = [
        [
            a.machine, a.started, a.device, str(a.threads), name, number(peak.best, 1e9),
            number(peak.sustained, 1e9), peak.unit, str(peak.reps), peak.shape, peak.note,
        ]
        for a in newest.values()
        for name, peak in [*a.matmul.items(), *a.bandwidth.items()]
    ]  # fmt: skip
    return capped("Measured peaks: matrix products by precision, and memory bandwidth", columns, rows)


def flags_table() -> Table:
    """What the words in the column 'noted' mean."""
    columns = [Column("word"), Column("severity"), Column("meaning"), Column("threshold")]
    rows = [[flag.word, flag.severity, flag.meaning, flag.threshold] for flag in FLAGS.values()]
    return capped("Flags of a round; a round with a bad one is replaced by another", columns, rows)


def half_width(row: Mapping[Any, Any], metric: str) -> str:
    """Relative half-width of an interval, per cent with two digits; ``-`` where there is none."""
    value = (row[f"{metric}_high"] - row[f"{metric}_low"]) / 2 / row[metric]
    return units.digits(100 * value, 2) if math.isfinite(value) else "-"


def _model(row: Mapping[Any, Any]) -> tuple[str, str]:
    return row["model"], str(row["resolution"])


def _tail_cells(row: Mapping[Any, Any], name: str) -> tuple[str, str]:
    factor = METRICS["latency_s"].factor
    if row[f"{name}_why"]:
        return "not established", row[f"{name}_why"].replace("_", " ")
    return number(row[name], factor), span(row[f"{name}_low"], row[f"{name}_high"], row["n"], factor)


def _iterations(row: Mapping[Any, Any]) -> str:
    return str(int(row["iterations"]))
