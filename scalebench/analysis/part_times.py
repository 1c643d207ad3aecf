"""Where the cost goes: rounds of timed parts -> rows by kind and by stage, with shares and intervals over rounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scalebench.analysis.stats import Estimate, of_rounds
from scalebench.analysis.way import WAY
from scalebench.record import Record
from scalebench.suite.case import BLOCKS
from scalebench.suite.kinds import BETWEEN, DEPTHWISE, KINDS

UNLIKE = 0.1
"""Spread of passes from which on passes with and without hooks are no longer alike."""
_ON_PAPER = ("params", "macs", "activations", "bytes")


@dataclass(frozen=True)
class PartRow:
    """One kind or one stage.

    Attributes:
        key: word of the kind or of the stage.
        params, macs, activations: of one image.
        bytes_: moved by one pass of the batch.
        seconds: of one pass. Those of ``between`` are what the other rows leave of the whole; its interval is as wide
            as that of the rounds' remainders.
        macs_share, time_share: of the whole model, 0 to 1.
        intensity: FLOP (two per multiply-add) per byte; NaN where nothing is moved.
        peak_share: FLOP/s over the fp32 matmul peak; NaN where it is not known, or the row multiplies nothing.
    """

    key: str
    params: int
    macs: int
    activations: int
    bytes_: int
    seconds: Estimate
    macs_share: float
    time_share: float
    intensity: float
    peak_share: float


@dataclass(frozen=True)
class Breakdown:
    """What rounds say together.

    Attributes:
        whole: seconds of a pass without hooks.
        with_hooks: seconds of a pass with them.
        hook_overhead_s: seconds that the hooks of one part add.
        spread: widest interquartile range of a round's passes over their median.
        kinds: in the order of ``KINDS``.
        stages: in the order of the model; ``between`` last.
    """

    whole: Estimate
    with_hooks: Estimate
    hook_overhead_s: float
    spread: float
    kinds: tuple[PartRow, ...]
    stages: tuple[PartRow, ...]


def break_down(rounds: Sequence[Mapping[str, Any]], batch: int, peak_flops: float | None = None) -> Breakdown:
    """Put rounds together.

    Args:
        rounds: facts of each round, at least one: ``parts``, ``whole_s``, ``with_hooks_s``, ``hook_overhead_s``,
            ``pass_spread``.
        batch: images per pass.
        peak_flops: measured fp32 matmul peak, FLOP/s; None where it is not known.
    """
    order = list(KINDS)

    def rows(field: str, place: Callable[[str], int]) -> tuple[PartRow, ...]:
        found = dict.fromkeys(part[field] for facts in rounds for part in facts["parts"])
        ordered = sorted(found, key=place)  # stages come in the order of the model, and a stable sort leaves them so
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
    paper = {key: _sums(rounds[0], field, key) for key in keys}
    macs = sum(found["macs"] for found in paper.values())
    seconds = {key: of_rounds([_seconds(facts, field, key) for facts in rounds]) for key in keys}
    if BETWEEN in seconds:  # geometric means of the rows and of the whole would not sum up
        rest = whole - sum(found.value for key, found in seconds.items() if key != BETWEEN)
        shift = rest - seconds[BETWEEN].value
        own = seconds[BETWEEN]
        seconds[BETWEEN] = Estimate(rest, own.low + shift, own.high + shift, own.n)
    return tuple(_row(key, paper[key], seconds[key], (macs, whole), batch, peak) for key in keys)


def _row(
    key: str, paper: Mapping[str, int], seconds: Estimate, whole: tuple[int, float], batch: int, peak: float | None
) -> PartRow:
    flops = 2 * paper["macs"] * batch
    speed = flops / seconds.value if flops and seconds.value > 0 else math.nan
    return PartRow(
        key,
        paper["params"],
        paper["macs"],
        paper["activations"],
        paper["bytes"],
        seconds,
        paper["macs"] / whole[0] if whole[0] else 0.0,
        seconds.value / whole[1],
        flops / paper["bytes"] if paper["bytes"] else math.nan,
        speed / peak if peak else math.nan,
    )


def _sums(facts: Mapping[str, Any], field: str, key: str) -> dict[str, int]:
    return {name: sum(part[name] for part in facts["parts"] if part[field] == key) for name in _ON_PAPER}


def _seconds(facts: Mapping[str, Any], field: str, key: str) -> float:
    return sum(float(part["seconds"]) for part in facts["parts"] if part[field] == key)


_CASE = ("model", "resolution", "case", *WAY)
COLUMNS = (*_CASE, "kind", "macs", "macs_share", "seconds", "seconds_low", "seconds_high", "time_share",
           "time_share_low", "time_share_high", "n")  # fmt: skip


def parts_frame(rounds: pd.DataFrame, records: Sequence[Record]) -> pd.DataFrame:
    """Kinds of parts of every case of mode ``blocks``, from the rounds that are used.

    Args:
        rounds: ``Analysis.rounds``.
        records: the measured records behind its rows, in the same order.

    Returns: one row per machine, case and kind with ``COLUMNS``; intervals are over rounds.
    """
    rows: list[dict[str, Any]] = []
    blocks = (rounds["mode"] == BLOCKS) & rounds["used"]
    for group in rounds.assign(place=range(len(rounds)))[blocks].groupby(["machine", "case"], sort=False):
        first, places = group[1].iloc[0], group[1]["place"]
        facts = [records[place].facts for place in places if "parts" in records[place].facts]
        if facts:
            rows += [{**{name: first[name] for name in _CASE}, **row} for row in _of_kinds(facts, int(first["batch"]))]
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def _of_kinds(rounds: Sequence[Mapping[str, Any]], batch: int) -> list[dict[str, Any]]:
    found = []
    for row in break_down(rounds, batch).kinds:
        share = of_rounds([_seconds(facts, "kind", row.key) / facts["whole_s"] for facts in rounds])
        found.append({
            "kind": row.key, "macs": row.macs, "macs_share": row.macs_share, "seconds": row.seconds.value,
            "seconds_low": row.seconds.low, "seconds_high": row.seconds.high, "time_share": share.value,
            "time_share_low": share.low, "time_share_high": share.high, "n": share.n,
        })  # fmt: skip
    return found


def sentences(found: Breakdown, most: int = 2) -> list[str]:
    """What stands out, in words: squeeze-and-excitation and depthwise convolutions, where a model has them, then the
    kinds whose share of the time is farthest above their share of the MACs."""
    groups: dict[str, list[PartRow]] = {}
    for row in found.kinds:
        if row.key != BETWEEN:
            label = "depthwise convolutions" if row.key in DEPTHWISE else KINDS[row.key]
            groups.setdefault(label, []).append(row)
    shares = {name: (sum(r.macs_share for r in rows), sum(r.time_share for r in rows)) for name, rows in groups.items()}
    named = [name for name in (KINDS["se"], "depthwise convolutions") if name in shares]
    rest = sorted(shares.keys() - {*named}, key=lambda name: shares[name][0] - shares[name][1])
    chosen = [(name[0].upper() + name[1:], *shares[name]) for name in [*named, *rest][:most]]
    return [f"{name}: {_percent(macs)} of the MACs, {_percent(time)} of the time." for name, macs, time in chosen]


def _percent(share: float) -> str:
    """``0.2 %`` below ten, whole numbers above: more digits than the intervals bear would be noise."""
    return f"{100 * share:.1f} %" if abs(share) < 0.0995 else f"{100 * share:.0f} %"
