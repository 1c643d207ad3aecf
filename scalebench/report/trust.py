"""Tables that say how far a number can be trusted: how its case ended, tails, memory three ways, the roofline."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import pandas as pd

from scalebench import units
from scalebench.analysis.summary import TAILS
from scalebench.flags import word_of
from scalebench.machine.ability import Ability
from scalebench.machine.watched import VERIFICATION, WATCHES
from scalebench.metrics import METRICS
from scalebench.report.content import Table
from scalebench.report.tables import (
    CONFIGURATION,
    MODEL,
    PERCENT,
    ROUNDS,
    Field,
    build_table,
    count,
    entry,
    measured,
    number,
    ordered,
    span,
    value,
)

_MS, _MIB = METRICS["latency_s"].factor, METRICS["memory_bytes"].factor


def trust_table(cases: pd.DataFrame) -> Table:
    """How each case came to its end, how wide its interval is, and what was doubtful."""
    return build_table(
        "How each case ended; half-widths of the 95 % interval are relative to the value", ordered(cases),
        *MODEL, entry("status", "ended"), ROUNDS, count("watched", "watched, rounds"),
        Field("set aside, rounds", set_aside, number=True),
        Field("half-width of latency, %", lambda row: half_width(row, "latency_s"), number=True),
        Field("half-width of throughput, %", lambda row: half_width(row, "throughput_ips"), number=True),
        value("noise", "noise of the canary, %", PERCENT), CONFIGURATION, entry("notes", "noted"),
    )  # fmt: skip


def set_aside(row: Mapping[Any, Any]) -> str:
    """Rounds that were set aside; no zero where no check ran."""
    return f"{row['replaced']:.0f}" if math.isfinite(row["replaced"]) else "not watched"


def checks_of(rounds: pd.DataFrame) -> list[dict[str, Any]]:
    """Per check: good rounds that it watched, that it did not watch, and that it flagged (None where it watched none).

    Args:
        rounds: ``store.frame.rounds_frame``.
    """
    good = rounds[rounds["outcome"].isin(["ok", "wrong"])]
    counts = [Counter(chain.from_iterable(good[side])) for side in ("watched", "unwatched")]
    words = [{word_of(note) for note in notes} for notes in good["notes"] if notes]
    rows = []
    for watch in WATCHES:
        watched, unwatched = (by_name[watch.name] for by_name in counts)
        flagged = sum(not own.isdisjoint(watch.flags) for own in words)
        if watch.name == VERIFICATION:
            flagged = int((good["outcome"] == "wrong").sum())
        if watched or unwatched:
            row = {"check": watch.name, "watched": watched, "unwatched": unwatched}
            rows.append(row | {"flagged": flagged if watched else None})
    return rows


def checks_table(rounds: pd.DataFrame) -> Table:
    """Which checks watched how many rounds."""
    return build_table(
        "Checks of the rounds: a round that a check did not watch may have been disturbed", checks_of(rounds),
        entry("check"), count("watched", "watched, rounds"), count("unwatched", "not watched, rounds"),
        Field("flagged, rounds", lambda row: "not watched" if row["flagged"] is None else row["flagged"], number=True),
    )  # fmt: skip


def tails_table(cases: pd.DataFrame) -> Table:
    """Tail latencies of the cases that have any."""
    tails = [field for quantile, name in TAILS.items() for field in _tail(f"p{round(100 * quantile)}", name)]
    iterations = Field("n, iterations", lambda row: int(row["iterations"]), number=True)
    caption = "Tail latencies: geometric means over rounds of each round's quantile, with t-intervals"
    return build_table(caption, ordered(cases[~_without_tail(cases)]), *MODEL, *tails, iterations, CONFIGURATION)


def tails_note(cases: pd.DataFrame) -> tuple[str, ...]:
    """How many cases have no tail latency."""
    n = int(_without_tail(cases).sum())
    why = "their rounds have too few iterations"
    return (f"Tail latencies are not established for {n} of {len(cases)} cases: {why}.",) if n else ()


def _without_tail(cases: pd.DataFrame) -> pd.Series:
    return (cases[[f"{name}_why" for name in TAILS.values()]] != "").all(axis=1)


def _tail(title: str, name: str) -> tuple[Field, Field]:
    def latency(row: Mapping[str, Any]) -> str:
        return "not established" if row[f"{name}_why"] else number(row[name], _MS)

    def interval(row: Mapping[str, Any]) -> str:
        if reason := row[f"{name}_why"]:
            return str(reason).replace("_", " ")
        return span(row[f"{name}_low"], row[f"{name}_high"], row["n"], _MS)

    heading = f"{title} {METRICS['latency_s'].heading}"
    return Field(heading, latency, number=True), Field(f"95 % interval of {title}", interval)


def memory_table(memory: pd.DataFrame) -> Table:
    """Measured, of the whole process, and estimated without a device, side by side; ``analysis.memory``."""
    return build_table(
        "Memory: measured, of the whole process, and estimated without a device", ordered(memory), *MODEL,
        value("memory_bytes", "measured, MiB", _MIB), measured("memory_bytes", n="memory_bytes_n")[1],
        count("memory_bytes_n", ROUNDS.label), value("process_bytes", "whole process, MiB", _MIB),
        value("static_bytes", "static estimate, MiB", _MIB), value("gap", "measured over static, no unit"),
        CONFIGURATION, entry("why", "the gap"),
    )  # fmt: skip


def roofline_table(placed: pd.DataFrame) -> Table:
    """Where each case lies under the machine's own roof; ``analysis.roofline``."""
    return build_table(
        "Every case under the measured roof of its machine", ordered(placed), *MODEL, *measured("latency_s"), ROUNDS,
        value("t_min_s", "least time, ms", _MS), value("utilisation", "utilisation, %", PERCENT),
        value("intensity", "intensity, FLOPs per byte"), value("ridge", "ridge, FLOPs per byte"),
        entry("label", "limited by"), CONFIGURATION, Field("noted", _roofline_notes),
    )  # fmt: skip


def _roofline_notes(row: Mapping[str, Any]) -> str:
    return "; ".join(filter(None, ("roofline_violation" if row["violation"] else "", row["why"])))


def peaks_table(abilities: Sequence[Ability]) -> Table:
    """What the machines can do at most, as last measured."""
    newest = {(a.machine, a.sw_key, a.device, a.threads): a for a in abilities}
    return build_table(
        "Measured peaks: matrix products by precision, and memory bandwidth",
        [
            {**vars(a), **vars(peak), "peak": name}
            for a in newest.values()
            for name, peak in [*a.matmul.items(), *a.bandwidth.items()]
        ],
        entry("machine"), entry("started", "measured, UTC"), entry("device"), count("threads", "threads"),
        entry("peak"), value("best", "best, G per s", 1e9), value("sustained", "sustained, G per s", 1e9),
        entry("unit"), count("reps", "n, repetitions"), entry("shape", "reached with"), entry("note", "noted"),
    )  # fmt: skip


def half_width(row: Mapping[Any, Any], metric: str) -> str:
    """Relative half-width of an interval, per cent with two digits; ``-`` where there is none."""
    value = (row[f"{metric}_high"] - row[f"{metric}_low"]) / 2 / row[metric]
    return units.digits(100 * value, 2) if math.isfinite(value) else "-"
