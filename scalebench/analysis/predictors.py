"""What predicts time: counted quantities and their combinations against measured latency per image.

The answer depends on the statistic (linear or on logarithms, values or ranks), on the range of models and on the
machine, so each is computed separately: Pearson as Dollar, Singh and Girshick (arXiv:2103.06877) use it, Pearson on
logarithms, Spearman, and the error of predicting a family from all others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize

from scalebench.analysis.clusters import Indices, bootstrapped, too_few
from scalebench.analysis.configurations import by_configuration
from scalebench.analysis.stats import Estimate
from scalebench.analysis.way import WAY
from scalebench.suite.families import family_of

Statistic = Literal["pearson", "pearson_log", "spearman"]
STATISTICS: tuple[Statistic, ...] = ("pearson", "pearson_log", "spearman")
SINGLE = ("params", "macs", "activations", "bytes")
COMBINED: dict[str, tuple[str, ...]] = {
    "macs + activations": ("macs", "activations"),
    "macs + activations + params": ("macs", "activations", "params"),
}
"""Products of powers: linear on logarithms."""
REGNET = "a macs + b sqrt(macs)"
COLUMNS = [
    *WAY, "predictor", "n", "families",
    *(f"{name}{end}" for name in (*STATISTICS, "error") for end in ("", "_low", "_high")),
]  # fmt: skip

Values = npt.NDArray[np.float64]
Fit = Callable[[Indices], Callable[[Indices], Values]]
"""Rows to learn from in; a function from rows to predicted seconds out."""


def study_table(cases: pd.DataFrame) -> pd.DataFrame:
    """Unscaled cases of one configuration that were timed and fully counted.

    A model at several resolutions is several cases; they share a family, which is what intervals resample.

    Returns: columns ``model, resolution, family``, the quantities of ``SINGLE``, ``memory_bytes`` and ``time_s`` per
        image. ``bytes`` is what a pass has to move at least once: fp32 activations, and weights shared by the batch.
    """
    needed = ["latency_s", "macs", "activations", "params", "weight_bytes"]
    unscaled = cases[~cases["model"].str.contains("[", regex=False)].dropna(subset=needed)
    batch = unscaled["batch"].astype(float)
    return unscaled.assign(
        family=unscaled["model"].map(family_of),
        time_s=unscaled["latency_s"] / batch,
        bytes=4 * unscaled["activations"].astype(float) + unscaled["weight_bytes"].astype(float) / batch,
    )


def predictors(cases: pd.DataFrame) -> pd.DataFrame:
    """How well each quantity predicts time, per configuration.

    Args:
        cases: ``summary.summarise``.

    Returns: one row per configuration and predictor, columns ``COLUMNS``. ``error`` is the typical factor by which
        predictions from all other families miss a family's times, minus one: exp(rms of log errors) - 1. Intervals
        resample families. A combination's correlations are those of its predictions for families left out. There are
        no rows below eight cases or five families.
    """
    rows = []
    for configuration, own in by_configuration(cases):
        table = study_table(own)
        families = table["family"].tolist()
        if not too_few(families):
            identity = {**configuration, "n": len(table), "families": len(set(families))}
            rows += [{**identity, "predictor": name, **numbers} for name, numbers in _scores(table, families)]
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def advantage(cases: pd.DataFrame, better: str, than: str, statistic: Statistic) -> Estimate:
    """Correlation of one quantity with time, minus that of another, over the cases of one configuration.

    Returns: the difference with its interval over resampled families; NaN where there are too few cases.
    """
    table = study_table(cases)
    time, x, y = (_column(table, name) for name in ("time_s", better, than))

    def difference(rows: Indices) -> float:
        return correlation(x[rows], time[rows], statistic) - correlation(y[rows], time[rows], statistic)

    return bootstrapped(difference, table["family"].tolist())


def correlation(x: Values, y: Values, statistic: Statistic) -> float:
    """One of ``STATISTICS``; NaN where a side does not vary."""
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return math.nan
    if statistic == "spearman":
        from scipy import stats  # half a second, and few suites have enough families

        x, y = stats.rankdata(x), stats.rankdata(y)
    elif statistic == "pearson_log":
        x, y = np.log(x), np.log(y)
    return float(np.corrcoef(x, y)[0, 1])


def _scores(table: pd.DataFrame, families: Sequence[str]) -> Iterator[tuple[str, dict[str, float]]]:
    time = _column(table, "time_s")
    fits = {name: _on_logs(table, names) for name, names in {**{n: (n,) for n in SINGLE}, **COMBINED}.items()}
    for name, fit in {**fits, REGNET: _regnet(table)}.items():
        predicted = leave_one_family_out(families, fit)
        x, squares = _column(table, name) if name in SINGLE else predicted, np.log(predicted / time) ** 2
        numbers: dict[str, float] = {}
        for statistic in STATISTICS:
            correlated = partial(_correlation_of_rows, x, time, statistic)
            numbers |= bootstrapped(correlated, families).columns(statistic)
        yield name, numbers | bootstrapped(partial(_error_of_rows, squares), families).columns("error")


def _correlation_of_rows(x: Values, y: Values, statistic: Statistic, rows: Indices) -> float:
    return correlation(x[rows], y[rows], statistic)


def _error_of_rows(squares: Values, rows: Indices) -> float:
    return math.expm1(math.sqrt(float(np.mean(squares[rows]))))


def leave_one_family_out(families: Sequence[str], fit: Fit) -> Values:
    """Predictions for every case by a fit to all families but its own; ``families`` of every row."""
    labels = np.asarray(families)
    predicted = np.full(len(labels), math.nan)
    for name in dict.fromkeys(families):
        own = np.flatnonzero(labels == name)
        predicted[own] = fit(np.flatnonzero(labels != name))(own)
    return predicted


def _on_logs(table: pd.DataFrame, names: Sequence[str]) -> Fit:
    """Least squares of log time on the logs of the quantities."""
    x = np.column_stack([np.ones(len(table)), *(np.log(_column(table, name)) for name in names)])
    y = np.log(_column(table, "time_s"))

    def fit(rows: Indices) -> Callable[[Indices], Values]:
        weights = np.linalg.lstsq(x[rows], y[rows], rcond=None)[0]
        return lambda others: np.asarray(np.exp(x[others] @ weights), dtype=float)

    return fit


def _regnet(table: pd.DataFrame) -> Fit:
    """t = a F + b sqrt(F), neither negative, with least relative errors (arXiv:2003.13678, section 4)."""
    macs, time = _column(table, "macs"), _column(table, "time_s")
    x = np.column_stack([macs, np.sqrt(macs)])

    def fit(rows: Indices) -> Callable[[Indices], Values]:
        scale = x[rows].max(axis=0)
        weights, _ = optimize.nnls(x[rows] / scale / time[rows, None], np.ones(len(rows)))
        return lambda others: np.asarray(x[others] / scale @ weights, dtype=float)

    return fit


def _column(table: pd.DataFrame, name: str) -> Values:
    return table[name].to_numpy(dtype=float)
