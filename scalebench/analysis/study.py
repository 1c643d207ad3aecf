"""What many models of many families say together: what predicts time, and by which law."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from scalebench.analysis.clusters import too_few
from scalebench.analysis.laws.bootstrap import bootstrap
from scalebench.analysis.laws.choice import ScoredLaw, choose, winner
from scalebench.analysis.predictors import predictors, study_table
from scalebench.analysis.ranks import rank_agreement
from scalebench.analysis.residuals import family_residuals
from scalebench.analysis.way import WAY

LAW_COLUMNS = [
    *WAY, "law", "formula", "n", "error", "extrapolation", "tied", "chosen", "parameters", "converged", "agreeing",
    "starts", "why",
]  # fmt: skip


@dataclass(frozen=True)
class Study:
    """Frames, all empty where too few models of too few families were measured.

    Attributes:
        predictors: see ``predictors.predictors``.
        residuals: see ``residuals.family_residuals``.
        ranks: see ``ranks.rank_agreement``.
        laws: see ``laws_of_time``.
    """

    predictors: pd.DataFrame = field(default_factory=pd.DataFrame)
    residuals: pd.DataFrame = field(default_factory=pd.DataFrame)
    ranks: pd.DataFrame = field(default_factory=pd.DataFrame)
    laws: pd.DataFrame = field(default_factory=pd.DataFrame)


def study(cases: pd.DataFrame, rounds: pd.DataFrame) -> Study:
    """Study the unscaled cases of every way of running that has enough of them.

    Args:
        cases: ``summary.summarise``.
        rounds: those behind the cases, for the intervals of laws.
    """
    ways = [here for _, here in cases.groupby(WAY, sort=False) if not too_few(study_table(here)["family"].tolist())]
    if not ways:
        return Study()
    enough = pd.concat(ways)
    return Study(predictors(enough), family_residuals(enough), rank_agreement(enough), laws_of_time(enough, rounds))


def laws_of_time(cases: pd.DataFrame, rounds: pd.DataFrame) -> pd.DataFrame:
    """Every law of time per image against counted MACs, per way of running.

    Returns: columns ``LAW_COLUMNS``, least leave-one-out ``error`` (rms of logs) first; ``chosen`` is the simplest of
        those tied with the best, and its ``parameters`` map names to (value, low, high), bootstrapped over cases and
        rounds; the others' have no interval.
    """
    rows = []
    for way, here in cases.groupby(WAY, sort=False):
        table = study_table(here)
        candidates = choose(table["macs"].tolist(), table["time_s"].tolist())
        best = winner(candidates)
        for candidate in candidates:
            times = _rounds(table, rounds) if candidate is best else None
            rows.append({**dict(zip(WAY, way, strict=True)), **_row(candidate, candidate is best, table, times)})
    return pd.DataFrame(rows, columns=pd.Index(LAW_COLUMNS))


def _row(candidate: ScoredLaw, chosen: bool, table: pd.DataFrame, times: list[list[float]] | None) -> dict[str, Any]:
    fit = candidate.fit
    parameters: dict[str, tuple[float, float, float]] = {
        name: (value, np.nan, np.nan) for name, value in fit.parameters.items()
    }
    if times is not None:
        found = bootstrap(fit.law, table["macs"].tolist(), times).parameters
        parameters = {name: (e.value, e.low, e.high) for name, e in found.items()}
    return {
        "law": fit.law.name, "formula": fit.law.formula, "n": fit.n, "error": candidate.error,
        "extrapolation": candidate.extrapolation, "tied": candidate.tied, "chosen": chosen, "parameters": parameters,
        "converged": fit.converged, "agreeing": fit.agreeing, "starts": fit.starts, "why": fit.why,
    }  # fmt: skip


def _rounds(table: pd.DataFrame, rounds: pd.DataFrame) -> list[list[float]]:
    """Seconds per image of every used round of each case of the table."""
    used = rounds[rounds["used"] & rounds["latency_s"].notna()]
    by_case = {key: group["latency_s"].tolist() for key, group in used.groupby(["machine", "case"])}
    keys = zip(table["machine"], table["case"], table["batch"], strict=True)
    return [[value / batch for value in by_case[machine, case]] for machine, case, batch in keys]
