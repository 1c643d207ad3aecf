"""Rounds -> one row per case and machine, every metric with its interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from scalebench.analysis.stats import Estimate, of_rounds
from scalebench.analysis.tails import NEEDED, tail
from scalebench.flags import word_of
from scalebench.metrics import COUNTED, MEASURED
from scalebench.store.frame import CASE_COLUMNS
from scalebench.units import digits, interval

IDENTITY = ["machine", "case"]
TAILS = {quantile: f"latency_p{round(100 * quantile)}_s" for quantile in NEEDED}
_OUTLIER_MADS = 5.0


def summarise(rounds: pd.DataFrame) -> pd.DataFrame:
    """Estimates over the rounds that count.

    Args:
        rounds: ``rounds.with_standing``.

    Returns: one row per machine and case: case columns, counted facts, ``status`` of the stop rule, ``n`` rounds
        used, ``replaced`` rounds set aside, ``noise`` (coefficient of variation of the canary over all rounds),
        ``process_bytes`` of the whole process, timed ``iterations``, per measured metric ``<metric>``,
        ``<metric>_low``, ``<metric>_high``, ``<metric>_n``, tail latencies likewise with ``<tail>_why`` where there is
        none, and ``notes`` on what was doubtful in how many rounds.
    """
    keep = [*IDENTITY, *CASE_COLUMNS, "protocol", "base", "depth", "width", *COUNTED]
    rows = []
    for _, group in rounds.groupby(IDENTITY, sort=False):
        used = group[group["used"]]
        if not len(used):
            continue
        row: dict[str, Any] = {name: used[name].iloc[0] for name in keep}
        row |= {"status": used["status"].iloc[0], "n": len(used), "noise": variation(group["canary_s"])}
        row["replaced"] = int((group["outcome"] == "ok").sum()) - len(used)
        for metric in MEASURED:
            row |= _named(metric, of_rounds(used[metric].dropna().tolist()))
        row["process_bytes"] = of_rounds(used["process_bytes"].dropna().tolist()).value
        row |= {"iterations": int(used["laps"].map(len).sum()), **_tails(used["laps"].tolist())}
        doubts = [*_endings(group["ending"]), *_notes(group["notes"]), *outliers(used["latency_s"].dropna().tolist())]
        row["notes"] = "; ".join(doubts)
        rows.append(row)
    values = [*MEASURED, *TAILS.values()]
    columns = [
        *keep, "status", "n", "replaced", "noise", "process_bytes", "iterations", "notes",
        *(f"{name}_why" for name in TAILS.values()),
        *(f"{name}{end}" for name in values for end in ("", "_low", "_high", "_n")),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=pd.Index(columns))


def variation(values: pd.Series) -> float:
    """Coefficient of variation; NaN below two values."""
    known = values.dropna()
    return float(known.std(ddof=1) / known.mean()) if len(known) > 1 else float("nan")


def outliers(medians: list[float]) -> list[str]:
    """Says that a round lies more than five median absolute deviations off, and what remains without it.

    No round is dropped for its value: the headline keeps them all.
    """
    values = np.asarray(medians, dtype=float)
    if len(values) < 4:
        return []
    spread = float(stats.median_abs_deviation(values, scale="normal"))
    near = np.abs(values - np.median(values)) <= _OUTLIER_MADS * spread
    if near.all() or spread == 0:
        return []
    without = of_rounds(values[near].tolist())
    text = f"{digits(without.value * 1e3)} ms {interval(without.low * 1e3, without.high * 1e3)}"
    return [f"outlier_round in {int((~near).sum())} of {len(values)} rounds, latency without: {text}"]


def _named(name: str, found: Estimate) -> dict[str, float]:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high, f"{name}_n": found.n}


def _tails(laps: list[tuple[float, ...]]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for quantile, name in TAILS.items():
        found = tail(laps, quantile)
        row[f"{name}_why"] = found.why and f"{found.why}: {found.n} of {NEEDED[quantile]}"
        if found.estimate is not None:
            row |= {**_named(name, found.estimate), f"{name}_n": found.n}
    return row


def _endings(endings: Iterable[str]) -> list[str]:
    every = list(endings)
    return [
        f"{word} in {count} of {len(every)} rounds" for word, count in sorted(Counter(every).items()) if word != "ok"
    ]


def _notes(rounds: Iterable[Iterable[str]]) -> list[str]:
    every = list(rounds)
    counted = Counter(word for notes in every for word in {word_of(note) for note in notes})
    return [f"{word} in {count} of {len(every)} rounds" for word, count in sorted(counted.items())]
