"""Is FLOPs a good guide to time?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from scalebench.analysis.analyse import Analysis
from scalebench.analysis.stats import Estimate, t_estimate
from scalebench.analysis.way import WAY
from scalebench.report.content import Chart
from scalebench.report.figures.curves import latency_against_macs
from scalebench.report.model_names import family_name, model_name, plural
from scalebench.report.questions.paired_ratio import Row, paired_ratio
from scalebench.report.questions.question import Answer, AnswerBasis, Question
from scalebench.report.ratio_words import bounds, figure, numbers, what_decides
from scalebench.report.settings import by_setting, ends, setting_of, unmeasured
from scalebench.suite.families import family_of

GOOD = 1.25
"""A guide that errs by no more is called good."""
FEWEST = 3
"""Models that stand for a family; where there are fewer, two models are compared instead."""
Errors = Mapping[str, Mapping[str, float]]
"""Relative error of a forecast for an unseen family, with its interval, by what it is made from."""


class FlopsGuide(Question):
    """Time per counted MAC of the slowest family over that of the fastest, and how well MACs forecast time."""

    name = "flops"
    text = "Is FLOPs a good guide to time?"
    details = "cases"
    needs = "two models that were timed and counted"

    def answer(self, evidence: AnswerBasis) -> Answer | None:
        """At the smallest batch, and for the same two at the largest; needs two models that were timed and counted."""
        analysis = evidence.analysis
        counted = _counted(analysis.cases)
        if counted.empty:
            return None
        rows = by_setting(counted)[0]
        by_batch = {batch: rows[rows["batch"] == batch] for batch in ends(rows["batch"])}
        first = min(by_batch)
        pair = _furthest(by_batch[first])
        ratios = {b: r for b, own in by_batch.items() if (r := pair.ratio_in(analysis, own)) is not None}
        errors = {b: e for b, own in by_batch.items() if (e := _errors(analysis.study.predictors, own))}
        later = [f"At batch {b} it is {figure(r.value)}x{bounds(r)}." for b, r in ratios.items() if b != first]
        forecasts = [_forecast(b, own) for b, own in errors.items()]
        second, *points = [*forecasts, *later, ""]
        return Answer(
            (_sentence(first, pair, ratios[first]), *filter(None, [second])),
            {
                "slower": pair.slower, "faster": pair.faster,
                "time_per_mac": {str(b): numbers(ratio) for b, ratio in ratios.items()},
                "errors": {str(b): dict(own) for b, own in errors.items()},
            },
            (*filter(None, points), *pair.chosen_from, *setting_of(counted, rows)),
            _closes(pair, ratios[first]),
        )  # fmt: skip

    def chart(self, evidence: AnswerBasis, answer: Answer) -> Chart | None:
        """Time against MACs, one panel per batch."""
        rows = by_setting(_counted(evidence.analysis.cases))[0]
        chart = latency_against_macs(rows[rows["batch"].isin(ends(rows["batch"]))])
        return replace(chart, note=f"{chart.note} {unmeasured(evidence.analysis.plan, rows)}".strip())


@dataclass(frozen=True)
class _Pair:
    """What takes longest and what takes least time per MAC.

    Attributes:
        slower, faster: families, or models where a family has too few of them.
        cases: of the two models.
        families: how many there are to choose from.
    """

    slower: str
    faster: str
    cases: tuple[Row, Row] | None = None
    families: int = 2

    @property
    def names(self) -> tuple[str, str]:
        """As a reader knows them."""
        if self.cases:
            return model_name(self.slower), model_name(self.faster)
        return plural(family_name(self.slower)), plural(family_name(self.faster))

    @property
    def chosen_from(self) -> tuple[str, ...]:
        """One line where the two were picked from several."""
        if self.families < 3:
            return ()
        slower, faster = self.names
        of = f"{self.families} families" + ("" if self.cases else f" with {FEWEST} models or more")
        return (f"{slower} and {faster} are the slowest and the fastest of {of}.",)

    def ratio_in(self, analysis: Analysis, rows: pd.DataFrame) -> Estimate | None:
        """Time per MAC of the slower over the faster one at the batch of these rows; None where one is missing."""
        if self.cases is None:
            return _of_families(rows, self.slower, self.faster)
        slower, faster = (_same_case(rows, case) for case in self.cases)
        if slower is None or faster is None:
            return None
        return paired_ratio(analysis, slower, faster, "latency_s").times(float(faster["macs"]) / float(slower["macs"]))


def _counted(cases: pd.DataFrame) -> pd.DataFrame:
    """Unscaled cases of configurations in which two models or more were timed and counted."""
    good = cases[~cases["model"].str.contains("[", regex=False)].dropna(subset=["latency_s", "macs"])
    return good[good.groupby(WAY)["model"].transform("nunique") > 1]


def _logs(rows: pd.DataFrame) -> pd.Series:
    """Log of the seconds per MAC of each model, over its resolutions, by family and model."""
    rate = rows["latency_s"].astype(float) / (rows["macs"].astype(float) * rows["batch"].astype(float))
    named = pd.DataFrame({"family": rows["model"].map(family_of), "model": rows["model"], "log": np.log(rate)})
    return named.groupby(["family", "model"])["log"].mean()


def _furthest(rows: pd.DataFrame) -> _Pair:
    logs = _logs(rows)
    means, sizes = logs.groupby("family").mean(), logs.groupby("family").size()
    large = means[sizes >= FEWEST]
    if len(large) > 1:
        return _Pair(str(large.idxmax()), str(large.idxmin()), families=len(large))
    by = rows["model"] if len(means) == 1 else rows["model"].map(family_of)
    ranked = logs.droplevel("family") if len(means) == 1 else means
    slow, fast = (rows[by == name].to_dict("records") for name in (ranked.idxmax(), ranked.idxmin()))
    # Of their models the two that are closest in MACs: the less they differ, the less does anything else.
    cases = min(product(slow, fast), key=lambda pair: abs(np.log(pair[0]["macs"] / pair[1]["macs"])))
    return _Pair(str(cases[0]["model"]), str(cases[1]["model"]), cases, len(means))


def _of_families(rows: pd.DataFrame, slower: str, faster: str) -> Estimate | None:
    """Ratio of geometric means over models, with Welch's interval: another model of the family may differ."""
    logs = _logs(rows)
    own = [logs[logs.index.get_level_values("family") == family].to_numpy(dtype=float) for family in (slower, faster)]
    if min(map(len, own)) < FEWEST:
        return None
    parts = [(float(values.var(ddof=1)) / len(values), len(values) - 1.0) for values in own]
    return t_estimate(float(own[0].mean() - own[1].mean()), parts, min(map(len, own)))


def _same_case(rows: pd.DataFrame, case: Row) -> Row | None:
    same = rows[(rows["model"] == case["model"]) & (rows["resolution"] == case["resolution"])]
    return None if same.empty else same.iloc[0].to_dict()


def _word(ratio: Estimate) -> str:
    if ratio.low > GOOD:
        return "No"
    return "Yes" if ratio.high <= GOOD else "Undecided"


def _sentence(batch: int, pair: _Pair, ratio: Estimate) -> str:
    slower, faster = pair.names
    verb = "takes" if pair.cases else "take"
    size = f"{figure(ratio.value)}x as long as {faster} for the same FLOPs{bounds(ratio)}"
    return f"{_word(ratio)}: at batch {batch}, {slower} {verb} {size}."


def _closes(pair: _Pair, ratio: Estimate) -> str:
    if _word(ratio) != "Undecided":
        return ""
    if not math.isfinite(ratio.low):
        return what_decides([ratio])
    more = "rounds" if pair.cases else "models of both families"
    return f"More {more} would narrow the interval, which holds {GOOD}, the bound of a good guide."


def _errors(predictors: pd.DataFrame, rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Errors of forecasts from MACs and from activations in the configuration of the rows."""
    if predictors.empty:
        return {}
    own = predictors[(predictors[WAY] == rows.iloc[0][WAY]).all(axis=1)]
    return {
        row["predictor"]: {"error": row["error"], "low": row["error_low"], "high": row["error_high"]}
        for row in own.to_dict("records") if row["predictor"] in ("macs", "activations")
    }  # fmt: skip


def _forecast(batch: int, errors: Errors) -> str:
    macs, activations = errors["macs"], errors["activations"]
    first, second = (f"{100 * e['error']:.0f} % ({100 * e['low']:.0f} to {100 * e['high']:.0f})"
                     for e in (macs, activations))  # fmt: skip
    if activations["high"] < macs["low"]:
        return f"At batch {batch}, activations predict time better than FLOPs: errors of {second} against {first}."
    if macs["high"] < activations["low"]:
        return f"At batch {batch}, FLOPs predict time better than activations: errors of {first} against {second}."
    errors_of_both = f"errs by {first}, from activations by {second}"
    return f"At batch {batch}, time predicted from FLOPs {errors_of_both}: neither clearly wins."
