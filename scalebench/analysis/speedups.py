"""Every way of running a model against the plain one, eager fp32: how much faster, how exact, and when it pays."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from scalebench.analysis.stats import ratio

SAME = ["machine", "device", "mode", "batch", "model", "resolution"]
"""What both sides share; runtime, precision, layout, threads and copies are the way of running."""
PLAIN = {"runtime": "eager", "precision": "fp32", "layout": "contiguous"}
COLUMNS = [
    *SAME, "precision", "layout", "runtime", "threads", "setting", "protocol", "speedup", "speedup_low",
    "speedup_high", "memory", "relative_error", "top1_agreement", "prepare_s", "break_even", "n",
]  # fmt: skip


def optimised(rounds: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """Ratios of each way to the plain one of the same model, batch and device, at the most threads of one copy.

    Args:
        rounds: ``rounds.with_standing``.
        cases: ``summary.summarise``.

    Returns: columns ``COLUMNS``. ``speedup`` is throughput over the plain way's, with a 95 % interval; ``memory`` its
        memory over the plain way's; ``break_even`` the images after which preparing has paid for itself, at the plain
        way's throughput: prepare_s / (1 / plain - 1 / this), infinite where it never does.
    """
    used = rounds[rounds["used"]]
    rows: list[dict[str, Any]] = []
    for _, here in cases.groupby(SAME, sort=False):
        plain = _plain(here)
        if plain is None or len(here) < 2:
            continue
        base = _speeds(used, plain)
        others = (row for row in here.to_dict("records") if row["case"] != plain["case"])
        rows += [_row(row, plain, _speeds(used, row), base) for row in others]
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def _plain(here: pd.DataFrame) -> dict[str, Any] | None:
    """The plain case with one copy and the most threads; None where none was measured."""
    alike = here[(here["instances"] == 1) & (here[list(PLAIN)] == pd.Series(PLAIN)).all(axis=1)]
    found = alike.sort_values("threads").to_dict("records")
    return {str(name): value for name, value in found[-1].items()} if found else None


def _speeds(used: pd.DataFrame, row: Any) -> list[float]:
    mine = used[(used["case"] == row["case"]) & (used["machine"] == row["machine"])]
    return [float(value) for value in mine["throughput_ips"].dropna()]


def _row(row: Any, plain: Any, speeds: list[float], base: list[float]) -> dict[str, Any]:
    e = ratio(speeds, base)
    saved = 1 / plain["throughput_ips"] - 1 / row["throughput_ips"]
    prepared = row["prepare_s"]
    pays = math.nan if math.isnan(prepared) else prepared / saved if saved > 0 else math.inf
    return {
        **{name: row[name] for name in COLUMNS if name in row},
        "speedup": e.value, "speedup_low": e.low, "speedup_high": e.high, "n": e.n,
        "memory": row["memory_bytes"] / plain["memory_bytes"], "break_even": pays,
    }  # fmt: skip
