"""Summary of rounds: one row per case and machine, every metric with its interval."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from scalebench.analysis.heats import by_heat
from scalebench.analysis.pooling import Pooled, pooled
from scalebench.analysis.sessions import SessionRounds, Spread
from scalebench.analysis.stats import Estimate, across_sessions, of_rounds
from scalebench.analysis.tails import SHORTEST, tail
from scalebench.flags import word_of
from scalebench.machine.watched import is_watched
from scalebench.metrics import COUNTED, MEASURED
from scalebench.store.frame import CASE_COLUMNS, EXACTNESS, MAKING, compact
from scalebench.units import digits, interval

IDENTITY = ["machine", "case"]
TAILS = {quantile: f"latency_p{round(100 * quantile)}_s" for quantile in SHORTEST}
_OF_ROUNDS = [
    "used", "status", "session", "outcome", "ending", "notes", "watched", "canary_s", "laps", "heat", "turns_latency_s",
    "process_bytes", *MEASURED, *EXACTNESS, *MAKING,
]  # fmt: skip
"""Columns of which a summary has more than the first value."""
_OUTLIER_MADS = 5.0
_MAD_OF_NORMAL = 0.6744897501960817
"""Median absolute deviation of a standard normal distribution."""


def summarise(rounds: pd.DataFrame, shared: Pooled | None = None) -> pd.DataFrame:
    """Estimates over the used rounds.

    Args:
        rounds: ``rounds.with_standing``.
        shared: what its cases have in common, where it is known already.

    Returns: one row per machine and case: case columns, counted facts, ``status`` of the stop rule, ``n`` rounds
        used from ``sessions`` sessions, ``watched`` rounds that any check for disturbances watched, ``replaced`` rounds
        set aside (NaN where none was watched), ``noise`` (coefficient of variation of the canary over all rounds),
        ``process_bytes`` of the whole process, the worst ``relative_error`` and ``top1_agreement``, the longest
        ``prepare_s`` and ``load_s``, timed ``iterations``, ``relative_latency`` (times that of the reference case of
        its heats; NaN where it was measured alone), per measured metric ``<metric>``,
        ``<metric>_low``, ``<metric>_high``, ``<metric>_n``, tail latencies likewise with ``<tail>_why`` where there is
        none, and ``notes`` on doubts and the number of rounds that have them.
    """
    keep = [*IDENTITY, *CASE_COLUMNS, "protocol", "base", "depth", "width", *COUNTED]
    by_column = {str(name): rounds[name].tolist() for name in rounds}
    own = [name for name in _OF_ROUNDS if name in by_column]
    shared = shared or pooled(rounds, MEASURED, ratios=False)
    rows = []
    for indices in rounds.groupby(IDENTITY, sort=False).indices.values():
        group = {name: [by_column[name][index] for index in indices] for name in own}
        if any(group["used"]):
            first = indices[group["used"].index(True)]
            rows.append(_row(group, {name: by_column[name][first] for name in keep}, shared))
    values = [*MEASURED, *TAILS.values()]
    columns = [
        *keep, "status", "n", "sessions", "watched", "replaced", "noise", "process_bytes", "iterations",
        "relative_latency", "notes",
        *EXACTNESS, *MAKING,
        *(f"{name}_why" for name in TAILS.values()),
        *(f"{name}{end}" for name in values for end in ("", "_low", "_high", "_n")),
    ]  # fmt: skip
    return compact(pd.DataFrame(rows, columns=pd.Index(columns)))


def _row(group: Mapping[str, list[Any]], case: Mapping[str, Any], shared: Pooled) -> dict[str, Any]:
    """Summary of one case with its columns; ``group`` holds its rounds by column."""
    used = {name: list(compress(values, group["used"])) for name, values in group.items()}
    row = {**case, "status": used["status"][0], "n": len(used["used"]), "noise": variation(group["canary_s"])}
    ok = group["outcome"].count("ok")
    row["watched"] = sum(map(is_watched, compress(group["watched"], [end == "ok" for end in group["outcome"]])))
    row["replaced"] = ok - len(used["used"]) if row["watched"] or ok > len(used["used"]) else math.nan
    row["sessions"] = len(set(used["session"]))
    for metric in MEASURED:
        row |= _columns(metric, of_rounds(_sample(used, metric, case, shared)))
    for name, worst in zip((*EXACTNESS, *MAKING), (max, min, max, max), strict=True):
        row[name] = worst(_known(used[name]), default=math.nan)
    row["process_bytes"] = of_rounds(_known(used["process_bytes"])).value
    row |= {"iterations": sum(map(len, used["laps"]))}
    turns = by_heat(used["heat"], used["turns_latency_s"]) if "turns_latency_s" in used else {}
    row["relative_latency"] = of_rounds(SessionRounds({}, turns=turns).relative()).value
    row |= _tails(used["laps"], shared.spreads.get((row["machine"], "latency_s")), row["sessions"])
    endings = noted([] if ending == "ok" else [ending] for ending in group["ending"])
    doubts = [*endings, *noted(group["notes"]), *outliers(_known(used["latency_s"]))]
    return row | {"notes": "; ".join(doubts)}


def _sample(used: Mapping[str, list[Any]], metric: str, case: Mapping[str, Any], shared: Pooled) -> SessionRounds:
    by_session: dict[int, list[float]] = {}
    for session, value in zip(used["session"], used[metric], strict=True):
        if not math.isnan(value):
            by_session.setdefault(session, []).append(value)
    spread = shared.spreads.get((case["machine"], metric))
    return SessionRounds(by_session, spread, prior=shared.prior(case, metric))


def _known(values: Sequence[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)]


def variation(values: Sequence[float]) -> float:
    """Coefficient of variation; NaN below two values."""
    known = np.asarray(_known(values), dtype=float)
    return float(known.std(ddof=1) / known.mean()) if len(known) > 1 else math.nan


def outliers(medians: list[float]) -> list[str]:
    """Note on rounds more than five median absolute deviations off, with the estimate without them.

    The estimate itself keeps them: no round is dropped for its value.
    """
    if len(medians) < 4:
        return []
    middle = median(medians)
    distances = [abs(value - middle) for value in medians]
    spread = median(distances) / _MAD_OF_NORMAL
    near = [value for value, distance in zip(medians, distances, strict=True) if distance <= _OUTLIER_MADS * spread]
    if len(near) == len(medians) or spread == 0:
        return []
    without = of_rounds(near)
    text = f"{digits(without.value * 1e3)} ms {interval(without.low * 1e3, without.high * 1e3)}"
    return [f"outlier_round in {len(medians) - len(near)} of {len(medians)} rounds, latency without: {text}"]


def _columns(name: str, e: Estimate) -> dict[str, float]:
    return {**e.columns(name), f"{name}_n": e.n}


def _tails(laps: list[tuple[float, ...]], spread: Spread | None, sessions: int) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for quantile, name in TAILS.items():
        of_case = tail(laps, quantile)
        row[f"{name}_why"] = of_case.why and f"too_few_samples: {of_case.why}"
        if of_case.estimate is not None:
            row |= _columns(name, across_sessions(of_case.estimate, spread, sessions))
    return row


def noted(rounds: Iterable[Iterable[str]]) -> list[str]:
    """Words of the rounds' notes, each with the number of rounds that have it."""
    words = [{word_of(note) for note in notes} for notes in rounds]
    counts = Counter(word for own in words for word in own)
    return [f"{word} in {count} of {len(words)} rounds" for word, count in sorted(counts.items())]
