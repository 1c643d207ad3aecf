"""What does accuracy cost here?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pandas as pd

from scalebench import units
from scalebench.analysis.accuracy_fronts import BEST
from scalebench.analysis.analyse import Analysis
from scalebench.analysis.stats import Estimate
from scalebench.report.content import Chart, Elsewhere
from scalebench.report.figures.accuracy_front import CLAIMED, TIME, accuracy_against_time
from scalebench.report.model_names import model_name, plural
from scalebench.report.questions.paired_ratio import paired_ratio
from scalebench.report.questions.question import Answer, AnswerBasis, Question
from scalebench.report.ratio_words import figure, judged_bounds, numbers, outcome, what_decides
from scalebench.report.settings import by_setting, setting_of, unmeasured

NEAR = 1.5
"""Points of top-1 within which two models are about as accurate."""
Model = dict[Any, Any]


class AccuracyCost(Question):
    """Published top-1 against measured time per image."""

    name = "accuracy"
    text = "What does accuracy cost here?"
    details = "accuracy"
    needs = "two models with a published accuracy at their resolution"

    def answer(self, evidence: AnswerBasis) -> Answer | None:
        """At the smallest batch; needs two models with a published accuracy and all counted costs."""
        sets = list(_sets(evidence.analysis.fronts))
        if not sets:
            return None
        rows = sets[0]
        faster, slower, ratio = _pair(evidence.analysis, rows)
        best = [
            f"With each model's best published weights: {_costs(*_pair(evidence.analysis, others), of='')}"
            for others in sets[1:]
        ]
        return Answer(
            (_costs(faster, slower, ratio), *_lead(rows)),
            {
                "set": rows["set"].iloc[0], "batch": int(rows["batch"].iloc[0]), "compared": len(rows),
                "faster": _numbers(faster), "slower": _numbers(slower), "time": numbers(ratio),
                "front": rows.loc[rows["front"].astype(bool), "model"].tolist(),
                "unsure": int((~rows["sure"].astype(bool)).sum()),
            },
            (*best, *setting_of(_timed(evidence.analysis.fronts), rows)),
            what_decides([ratio]) or _closes(rows),
        )  # fmt: skip

    def chart(self, evidence: AnswerBasis, answer: Answer) -> Chart | None:
        """Top-1 against time, at the smallest and the largest batch."""
        rows = _timed(evidence.analysis.fronts)
        rows = by_setting(rows[rows["set"] == answer.numbers["set"]])[0]
        table = Elsewhere(self.details, "Accuracy at the cost measured here")
        return accuracy_against_time(rows, table, unmeasured(evidence.analysis.plan, rows))


def _timed(fronts: pd.DataFrame) -> pd.DataFrame:
    """Models that were compared by time, in the sets that answer, each in its configuration."""
    if fronts.empty:
        return fronts
    return fronts[(fronts["axis"] == TIME) & fronts["front"].notna() & fronts["set"].isin([CLAIMED, BEST])]


def _sets(fronts: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Models of each set at the plainest configuration's smallest batch; sets of several families come first.

    The table of the paper comes before the best published figures, whose training recipes differ.
    """
    rows = _timed(fronts)
    sets = [by_setting(rows[rows["set"] == name])[0] for name in (CLAIMED, BEST) if (rows["set"] == name).any()]
    smallest = [own[own["batch"] == own["batch"].min()] for own in sets]
    yield from sorted(smallest, key=lambda own: own["family"].nunique() == 1)


def _pair(analysis: Analysis, rows: pd.DataFrame) -> tuple[Model, Model, Estimate]:
    """A faster and a slower model that are about as accurate, of different families where there are several.

    First choice is a model that is at least as accurate as the slower one. Of several pairs the one of closest
    accuracy is taken; of one family alone, the fastest and the slowest model.
    """
    models = rows.to_dict("records")
    pairs = [(a, b) for a, b in permutations(models, 2) if a["family"] != b["family"] and a["cost"] <= b["cost"]]
    if pairs:
        faster, slower = min(pairs, key=lambda pair: _rank(*pair))
    else:
        faster, *_, slower = sorted(models, key=lambda model: float(model["cost"]))
    return faster, slower, paired_ratio(analysis, slower, faster, "latency_s")


def _rank(faster: Model, slower: Model) -> tuple[bool, bool, float]:
    gap = faster["top1"] - slower["top1"]
    return abs(gap) > NEAR, abs(gap) <= NEAR and gap < 0, abs(gap)


def _costs(faster: Model, slower: Model, ratio: Estimate, of: str = " ImageNet top-1 (published)") -> str:
    """``For 76 to 77.1 % ImageNet top-1 (published), A takes 23 ms and B 73 ms: 3.17x as long (3.00 to 3.40)``."""
    (name, top1, time), (other, its_top1, its_time) = (
        (model_name(str(m["model"])), f"{round(m['top1'], 1):g}", units.seconds(m["cost"])) for m in (faster, slower)
    )
    longer = "the same within 5 %"
    if outcome(ratio) != "equal":
        turns = "side by side " if ratio.pairing == "paired" else ""  # not the quotient of the two times
        longer = f"{turns}{figure(ratio.value)}x as long{judged_bounds(ratio)}"
    if abs(faster["top1"] - slower["top1"]) > NEAR:
        return f"{name} reaches {top1} %{of} in {time}, {other} {its_top1} % in {its_time}: {longer}."
    low, high = sorted([top1, its_top1], key=float)
    span = low if low == high else f"{low} to {high}"
    start = "For" if of else "for"
    return f"{start} {span} %{of}, {name} takes {time} and {other} {its_time}: {longer}."


def _numbers(model: Model) -> dict[str, Any]:
    return {"model": model["model"], "top1": float(model["top1"]), "time_s": float(model["cost"])}


def _closes(rows: pd.DataFrame) -> str:
    sure = rows.loc[rows["front"].astype(bool), "sure"].astype(bool)
    return "" if sure.all() else "More rounds would narrow the times of the undecided models."


def _lead(rows: pd.DataFrame) -> Iterator[str]:
    """Which family has the models that nothing beats in both accuracy and time, from which accuracy on."""
    if rows["family"].nunique() == 1:
        return
    front = rows[rows["front"].astype(bool)].sort_values("top1")
    leader = str(front["family"].iloc[-1])
    others = front[front["family"] != leader]
    unsure = int((~front["sure"].astype(bool)).sum())
    doubt = f"; for {unsure} of {len(front)} models this is undecided" if unsure else ""
    if others.empty:
        yield f"Whatever the accuracy, the fastest model that reaches it is one of the {plural(leader)}{doubt}."
    else:
        accuracy = f"{others['top1'].iloc[-1]:.3g}"
        yield f"Above {accuracy} %, the fastest model for each accuracy is one of the {plural(leader)}{doubt}."
