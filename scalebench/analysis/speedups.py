"""Every configuration of a model against eager fp32: how much faster, how exact, and when it pays."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from scalebench.analysis.pooling import Pooled, sample
from scalebench.analysis.sessions import SessionRounds
from scalebench.analysis.stats import ratio

SAME = ["machine", "device", "mode", "batch", "model", "resolution"]
"""Equal on both sides; runtime, precision, layout, threads and copies may differ."""
PLAIN = {"runtime": "eager", "precision": "fp32", "layout": "contiguous"}
COLUMNS = [
    *SAME, "precision", "layout", "runtime", "threads", "setting", "protocol", "speedup", "speedup_low",
    "speedup_high", "memory", "relative_error", "top1_agreement", "prepare_s", "break_even", "n",
]  # fmt: skip


def optimised(rounds: pd.DataFrame, cases: pd.DataFrame, shared: Pooled) -> pd.DataFrame:
    """Ratios of each configuration to the plain one, which has one copy and the most threads.

    Args:
        rounds: ``rounds.with_standing``.
        cases: ``summary.summarise``.
        shared: ``pooling.pooled`` of the rounds.

    Returns: columns ``COLUMNS``. ``speedup`` is throughput over the plain one's, with a 95 % interval; ``memory`` is
        relative to the plain one's; ``break_even`` is the number of images after which preparing has paid for itself:
        prepare_s / (1 / plain - 1 / this), infinite where it never does.
    """
    rows: list[dict[str, Any]] = []
    several = cases[cases.groupby(SAME, sort=False)["case"].transform("size") > 1]
    if several.empty:
        return pd.DataFrame(rows, columns=pd.Index(COLUMNS))
    used = rounds[rounds["used"]]
    for _, group in several.groupby(SAME, sort=False):
        if plain := plain_case(group):
            base = _speeds(used, plain, shared)
            others = (row for row in group.to_dict("records") if row["case"] != plain["case"])
            rows += [_row(row, plain, _speeds(used, row, shared), base) for row in others]
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def plain_case(group: pd.DataFrame) -> Any:
    """The plain case with one copy and the most threads; None where none was measured.

    Of several settings it is the shortest in words: plain SGD rather than AdamW or checkpointing.

    Args:
        group: rows of ``summary.summarise`` that agree in ``SAME``.
    """
    plain = group[(group["instances"] == 1) & (group[list(PLAIN)] == pd.Series(PLAIN)).all(axis=1)]
    return min(plain.to_dict("records"), key=lambda row: (-row["threads"], len(row["setting"])), default=None)


def _speeds(used: pd.DataFrame, row: Any, shared: Pooled) -> SessionRounds:
    rounds = used[(used["case"] == row["case"]) & (used["machine"] == row["machine"])]
    return sample(rounds, "throughput_ips", shared)


def _row(row: Any, plain: Any, speeds: SessionRounds, base: SessionRounds) -> dict[str, Any]:
    e = ratio(speeds, base)
    saved = 1 / plain["throughput_ips"] - 1 / row["throughput_ips"]
    prepare_s = row["prepare_s"]
    break_even = math.nan if math.isnan(prepare_s) else prepare_s / saved if saved > 0 else math.inf
    return {
        **{name: row[name] for name in COLUMNS if name in row}, **e.columns("speedup"), "n": e.n,
        "memory": row["memory_bytes"] / plain["memory_bytes"], "break_even": break_even,
    }  # fmt: skip
