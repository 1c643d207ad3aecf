"""Studies over many models of many families: what predicts time, and by which law."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from scalebench.analysis.clusters import too_few
from scalebench.analysis.configurations import by_configuration
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
    """Frames, all empty where too few models or families were measured."""

    predictors: pd.DataFrame = field(default_factory=pd.DataFrame)  # see ``predictors.predictors``
    residuals: pd.DataFrame = field(default_factory=pd.DataFrame)  # see ``residuals.family_residuals``
    ranks: pd.DataFrame = field(default_factory=pd.DataFrame)  # see ``ranks.rank_agreement``
    laws: pd.DataFrame = field(default_factory=pd.DataFrame)  # see ``laws_of_time``


def study(cases: pd.DataFrame, rounds: pd.DataFrame) -> Study:
    """Study the unscaled cases of every configuration that has enough of them.

    Args:
        cases: ``summary.summarise``.
        rounds: those behind the cases, for the intervals of laws.
    """
    groups = [own for _, own in by_configuration(cases) if not too_few(study_table(own)["family"].tolist())]
    if not groups:
        return Study()
    enough = pd.concat(groups)
    return Study(predictors(enough), family_residuals(enough), rank_agreement(enough), laws_of_time(enough, rounds))


def laws_of_time(cases: pd.DataFrame, rounds: pd.DataFrame) -> pd.DataFrame:
    """Every law of time per image against counted MACs, per configuration.

    Returns: columns ``LAW_COLUMNS``, least leave-one-out ``error`` (rms of logs) first; ``chosen`` is the simplest of
        those tied with the best. ``parameters`` map names to (value, low, high), bootstrapped over families and
        rounds for the chosen law only.
    """
    rows = []
    for configuration, own in by_configuration(cases):
        table = study_table(own)
        candidates = choose(table["macs"].tolist(), table["time_s"].tolist(), families=table["family"].tolist())
        best = winner(candidates)
        for candidate in candidates:
            times = _rounds(table, rounds) if candidate is best else None
            rows.append({**configuration, **_row(candidate, candidate is best, table, times)})
    return pd.DataFrame(rows, columns=pd.Index(LAW_COLUMNS))


def _row(candidate: ScoredLaw, chosen: bool, table: pd.DataFrame, times: list[list[float]] | None) -> dict[str, Any]:
    fit = candidate.fit
    parameters: dict[str, tuple[float, float, float]] = {
        name: (value, np.nan, np.nan) for name, value in fit.parameters.items()
    }
    if times is not None:
        estimates = bootstrap(fit.law, table["macs"].tolist(), times, table["family"].tolist()).parameters
        parameters = {name: (e.value, e.low, e.high) for name, e in estimates.items()}
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
