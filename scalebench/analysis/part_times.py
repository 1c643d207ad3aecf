"""Cost by part of a model: rows by kind and by stage, with shares and intervals over rounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scalebench.analysis.sessions import spreads
from scalebench.analysis.stats import Estimate, across_sessions, of_rounds
from scalebench.analysis.way import WAY
from scalebench.record import Record
from scalebench.suite.case import BLOCKS
from scalebench.suite.kinds import BETWEEN, DEPTHWISE, KINDS

UNLIKE = 0.1
"""Spread of passes from which passes with and without hooks are not comparable."""
_ON_PAPER = ("params", "macs", "activations", "bytes")


@dataclass(frozen=True)
class PartRow:
    """One kind or one stage; parameters, MACs and activations are of one image."""

    key: str  # of the kind or of the stage
    params: int
    macs: int
    activations: int
    bytes_: int  # moved by one pass of the batch
    seconds: Estimate  # of one pass; of ``between`` the remainder of the whole, with the interval of the rounds' ones
    macs_share: float  # of the whole model, 0 to 1
    time_share: float
    intensity: float  # FLOP (two per multiply-add) per byte; NaN where nothing is moved
    peak_share: float  # FLOP/s over the fp32 matmul peak; NaN where it is not known, or there are no MACs


@dataclass(frozen=True)
class Breakdown:
    """Rounds of one model, summarised."""

    whole: Estimate  # seconds of a pass without hooks
    with_hooks: Estimate  # seconds of a pass with hooks
    hook_overhead_s: float  # seconds that the hooks of one part add
    spread: float  # largest interquartile range of a round's passes over their median
    kinds: tuple[PartRow, ...]  # in the order of ``KINDS``
    stages: tuple[PartRow, ...]  # in the order of the model; ``between`` last


def break_down(rounds: Sequence[Mapping[str, Any]], batch: int, peak_flops: float | None = None) -> Breakdown:
    """Put rounds together.

    Args:
        rounds: facts of each round, at least one: ``parts``, ``whole_s``, ``with_hooks_s``, ``hook_overhead_s``,
            ``pass_spread``.
        batch: images per pass.
        peak_flops: measured fp32 matmul peak, FLOP/s; None where it is not known.
    """
    order = list(KINDS)

    def rows(field: str, position: Callable[[str], int]) -> tuple[PartRow, ...]:
        keys = dict.fromkeys(part[field] for facts in rounds for part in facts["parts"])
        ordered = sorted(keys, key=position)  # stable, so stages stay in the order of the model
        return _rows(rounds, field, ordered, batch, peak_flops)

    return Breakdown(
        of_rounds([facts["whole_s"] for facts in rounds]),
        of_rounds([facts["with_hooks_s"] for facts in rounds]),
        of_rounds([facts["hook_overhead_s"] for facts in rounds]).value,
        max(facts["pass_spread"] for facts in rounds),
        rows("kind", order.index),
        rows("stage", lambda stage: stage == BETWEEN),
    )


def _rows(
    rounds: Sequence[Mapping[str, Any]], field: str, keys: Sequence[str], batch: int, peak: float | None
) -> tuple[PartRow, ...]:
    whole = of_rounds([facts["whole_s"] for facts in rounds]).value
    counts = {key: _sums(rounds[0], field, key) for key in keys}
    macs = sum(sums["macs"] for sums in counts.values())
    seconds = {key: of_rounds([_seconds(facts, field, key) for facts in rounds]) for key in keys}
    if BETWEEN in seconds:  # geometric means of the rows and of the whole would not add up
        e = seconds.pop(BETWEEN)
        rest = whole - sum(estimate.value for estimate in seconds.values())
        seconds[BETWEEN] = Estimate(rest, e.low + rest - e.value, e.high + rest - e.value, e.n)
    return tuple(_row(key, counts[key], seconds[key], (macs, whole), batch, peak) for key in keys)


def _row(
    key: str, counts: Mapping[str, int], seconds: Estimate, whole: tuple[int, float], batch: int, peak: float | None
) -> PartRow:
    macs, bytes_ = counts["macs"], counts["bytes"]
    flops = 2 * macs * batch
    speed = flops / seconds.value if flops and seconds.value > 0 else math.nan
    return PartRow(
        key, counts["params"], macs, counts["activations"], bytes_, seconds, macs / whole[0] if whole[0] else 0.0,
        seconds.value / whole[1], flops / bytes_ if bytes_ else math.nan, speed / peak if peak else math.nan,
    )  # fmt: skip


def _sums(facts: Mapping[str, Any], field: str, key: str) -> dict[str, int]:
    return {name: sum(part[name] for part in facts["parts"] if part[field] == key) for name in _ON_PAPER}


def _seconds(facts: Mapping[str, Any], field: str, key: str) -> float:
    return sum(float(part["seconds"]) for part in facts["parts"] if part[field] == key)


_CASE = ("model", "resolution", "case", *WAY)
COLUMNS = (*_CASE, "kind", "macs", "macs_share", "seconds", "seconds_low", "seconds_high", "time_share",
           "time_share_low", "time_share_high", "n")  # fmt: skip


def parts_frame(rounds: pd.DataFrame, records: Sequence[Record]) -> pd.DataFrame:
    """Kinds of parts of every case of mode ``blocks``, from its used rounds.

    Args:
        rounds: ``Analysis.rounds``.
        records: the measured records behind its rows, in the same order.

    Returns: one row per machine, case and kind with ``COLUMNS``; intervals are over rounds.
    """
    rows: list[dict[str, Any]] = []
    between = spreads(rounds, ["latency_s"])
    blocks = (rounds["mode"] == BLOCKS) & rounds["used"]
    for _, group in rounds.assign(index=range(len(rounds)))[blocks].groupby(["machine", "case"], sort=False):
        first = group.iloc[0]
        facts = [records[index].facts for index in group["index"] if "parts" in records[index].facts]
        spread, sessions = between.get((first["machine"], "latency_s")), group["session"].nunique()
        for row in _of_kinds(facts, int(first["batch"])) if facts else ():
            seconds = across_sessions(row.pop("seconds"), spread, sessions)
            rows.append({**{name: first[name] for name in _CASE}, **row, **seconds.columns("seconds")})
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def _of_kinds(rounds: Sequence[Mapping[str, Any]], batch: int) -> list[dict[str, Any]]:
    rows = []
    for row in break_down(rounds, batch).kinds:
        share = of_rounds([_seconds(facts, "kind", row.key) / facts["whole_s"] for facts in rounds])
        rows.append({
            "kind": row.key, "macs": row.macs, "macs_share": row.macs_share, "seconds": row.seconds,
            **share.columns("time_share"), "n": share.n,
        })  # fmt: skip
    return rows


def sentences(breakdown: Breakdown, most: int = 2) -> list[str]:
    """Sentences on squeeze-and-excitation and depthwise convolutions, where a model has them, then on the kinds whose
    share of the time is farthest above their share of the MACs."""
    groups: dict[str, list[PartRow]] = {}
    for row in breakdown.kinds:
        if row.key != BETWEEN:
            label = "depthwise convolutions" if row.key in DEPTHWISE else KINDS[row.key]
            groups.setdefault(label, []).append(row)
    shares = {name: (sum(r.macs_share for r in rows), sum(r.time_share for r in rows)) for name, rows in groups.items()}
    named = [name for name in (KINDS["se"], "depthwise convolutions") if name in shares]
    rest = sorted(shares.keys() - {*named}, key=lambda name: shares[name][0] - shares[name][1])
    chosen = [(name[0].upper() + name[1:], *shares[name]) for name in [*named, *rest][:most]]
    return [f"{name}: {_percent(macs)} of the MACs, {_percent(time)} of the time." for name, macs, time in chosen]


def _percent(share: float) -> str:
    """``0.2 %`` below ten, whole numbers above: intervals are too wide for more digits."""
    return f"{100 * share:.1f} %" if abs(share) < 0.0995 else f"{100 * share:.0f} %"
