"""What does the way of running change?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from statistics import geometric_mean
from typing import Any

import pandas as pd

from scalebench.analysis.analyse import Analysis
from scalebench.analysis.pooling import sample
from scalebench.analysis.sessions import SessionRounds
from scalebench.analysis.speedups import PLAIN, SAME, plain_case
from scalebench.analysis.stats import Estimate, ratio, ratio_of_ratios
from scalebench.report.configuration_names import configuration_name
from scalebench.report.content import Chart, Elsewhere
from scalebench.report.figures.speedup_dots import PANEL, speedup_dots
from scalebench.report.labels import listed
from scalebench.report.model_names import model_name
from scalebench.report.questions.question import Answer, AnswerBasis, Question
from scalebench.report.ratio_words import figure, inverse, numbers, outcome, times
from scalebench.report.sections.optimised import ID, TITLE

_COMPARED = ("efficientnet_b0", "resnet50")
"""The models that an answer names where both were measured."""
_SLOWEST = 3
"""Slower configurations that are named; the figure has all."""
_RUN = ["precision", "layout", "runtime", "threads", "setting"]
Row = dict[Any, Any]


class Configurations(Question):
    """Runtimes, precisions and layouts against eager fp32."""

    name = "configurations"
    text = "What does the way of running change?"
    details = ID
    needs = "a model measured in eager fp32 and in another configuration"

    def answer(self, evidence: AnswerBasis) -> Answer | None:
        """Of the machine, mode and batch with most comparisons; needs one configuration beside eager fp32."""
        analysis = evidence.analysis
        if analysis.optimised.empty:
            return None
        rows = _named(max((own for _, own in analysis.optimised.groupby(PANEL, sort=False)), key=len))
        exact = rows[rows["precision"] == PLAIN["precision"]]
        exact_best, best = _best(exact), _best(rows)
        shown = exact_best if _faster(exact_best) else best
        pair = _pair(shown)
        lead, lead_numbers = _lead(analysis, pair)
        ratios = [_speedup(row) for row in rows.to_dict("records")]
        counts = {word: [outcome(e) for e in ratios].count(word) for word in ("more", "less", "equal", "undecided")}
        return Answer(
            (_gain(pair), *lead),
            {
                "configuration": configuration_name(pair[0]), "runtime": pair[0]["runtime"], "lead": lead_numbers,
                "speedups": {row["name"]: numbers(_speedup(row)) for row in pair}, "comparisons": counts,
            },
            tuple(_points(rows, shown, best)),
            _closes(counts["undecided"], len(ratios)),
        )  # fmt: skip

    def chart(self, evidence: AnswerBasis, answer: Answer) -> Chart | None:
        """Configurations by model."""
        return speedup_dots(evidence.analysis.optimised, Elsewhere(ID, TITLE))


def _closes(undecided: int, comparisons: int) -> str:
    if not undecided:
        return ""
    are = "is" if undecided == 1 else "are"
    return f"More rounds: {undecided} of {comparisons} comparisons with eager fp32 {are} undecided."


def _best(rows: pd.DataFrame) -> list[Row]:
    """Rows of the configuration that is faster for most models; of several the one by the largest factor."""
    runs = [own.to_dict("records") for _, own in rows.groupby(_RUN, sort=False)]
    return max(runs, key=lambda own: (len(_faster(own)), geometric_mean(row["speedup"] for row in own)), default=[])


def _faster(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if outcome(_speedup(row)) == "more"]


def _speedup(row: Row) -> Estimate:
    return Estimate(row["speedup"], row["speedup_low"], row["speedup_high"], int(row["n"]))


def _pair(rows: Sequence[Row]) -> list[Row]:
    """Two models to name: ``_COMPARED``, or those that gain most and least; one where there is no other."""
    first, second = ([row for row in rows if row["model"] == model] for model in _COMPARED)
    if first and second:
        nearest = min(product(first, second), key=lambda pair: abs(pair[0]["resolution"] - pair[1]["resolution"]))
        return list(nearest)
    ends = sorted(rows, key=lambda row: -row["speedup"])
    return ends[:1] if len(rows) == 1 else [ends[0], ends[-1]]


def _gain(pair: Sequence[Row]) -> str:
    """How much faster the configuration makes each of the models."""
    name = _capital(configuration_name(pair[0]))
    if not _faster(pair):
        gains = [f"{row['name']} {times(_speedup(row))}" for row in pair]
        return f"No configuration is clearly faster than eager fp32; {name} runs {listed(gains)} as fast."
    faster = [f"{row['name']} {times(_speedup(row))}" for row in _faster(pair)]
    others = "".join(f"; {row['name']} is {_change(row)}" for row in pair if row not in _faster(pair))
    return f"{name} makes {listed(faster)} faster than eager fp32{others}."


def _change(row: Row) -> str:
    """What is not faster: ``1.57x (1.17 to 2.11) slower``, ``undecided, 1.03x (0.85 to 1.24)``."""
    e = _speedup(row)
    word = outcome(e)
    if word == "less":
        return f"{times(inverse(e))} slower"
    return "as fast within 5 %" if word == "equal" else f"undecided, {times(e)}"


def _named(rows: pd.DataFrame) -> pd.DataFrame:
    """The same with ``name``: of the model, with the resolution where it has several."""
    several = rows.groupby("model")["resolution"].transform("nunique") > 1
    sizes = rows["resolution"].map(" at {} px".format).where(several, "")
    return rows.assign(name=rows["model"].map(model_name) + sizes)


def _lead(analysis: Analysis, pair: Sequence[Row]) -> tuple[tuple[str, ...], Row]:
    """How the ratio of two models' images per second changes; nothing for one model at two resolutions."""
    if len(pair) < 2 or pair[0]["model"] == pair[1]["model"]:
        return (), {}
    run, plain = ([_speeds(analysis, row, own) for row in pair] for own in (_RUN, []))
    before = ratio(plain[0], plain[1])
    if before.value < 1:
        pair, run, plain = pair[::-1], run[::-1], plain[::-1]
        before = ratio(plain[0], plain[1])
    after, change = ratio(run[0], run[1]), ratio_of_ratios((run[0], run[1]), (plain[0], plain[1]))
    first, second = (str(row["name"]) for row in pair)
    values = {"of": first, "over": second, "eager": numbers(before), "then": numbers(after), "change": numbers(change)}
    word = outcome(change)
    if word == "undecided":
        return (f"Whether the lead of {first} over {second}, {times(before)} in eager, changes is undecided.",), values
    if word == "equal":
        return (f"The lead of {first} over {second} stays as it is in eager, {times(before)}.",), values
    verb = "grows" if word == "more" else "shrinks"
    return (f"The lead of {first} over {second} {verb} from {times(before)} to {times(after)}.",), values


def _speeds(analysis: Analysis, row: Row, own: Sequence[str]) -> SessionRounds:
    """Images per second of the row's model in its configuration, or in plain eager fp32 where ``own`` is empty."""
    cases = analysis.cases
    same = cases[(cases[[*SAME, *own]] == pd.Series({name: row[name] for name in [*SAME, *own]})).all(axis=1)]
    case = same.iloc[0] if own else plain_case(same)
    rounds = analysis.rounds
    used = rounds["used"].astype(bool) & (rounds["case"] == case["case"]) & (rounds["machine"] == row["machine"])
    return sample(rounds[used], "throughput_ips", analysis.pooled)


def _points(rows: pd.DataFrame, shown: Sequence[Row], best: Sequence[Row]) -> Iterator[str]:
    """What the configuration costs, what a lower precision adds, and what is slower."""
    name = _capital(configuration_name(shown[0]))
    yield f"Memory: {name} takes {_range(shown, 'memory')} that of eager fp32."
    pays = [row["break_even"] for row in shown if math.isfinite(row["break_even"])]
    if pays:
        after = " to ".join(dict.fromkeys(f"{math.ceil(end)}" for end in (min(pays), max(pays))))
        yield f"Preparing a model once pays for itself after {after} images."
    if best[0] not in shown:
        error = max((row["relative_error"] for row in best), default=math.nan)
        differ = f"; outputs differ by up to {100 * error:.1f} %" if math.isfinite(error) else ""
        faster = _range(best, "speedup")
        yield f"Lower precision: {configuration_name(best[0])} is {faster} as fast as eager fp32{differ}."
    worst: dict[str, Row] = {}
    for row in sorted(rows.to_dict("records"), key=lambda row: float(row["speedup"])):
        if outcome(_speedup(row)) == "less":
            worst.setdefault(configuration_name(row), row)
    for slow, row in list(worst.items())[:_SLOWEST]:
        yield f"Slower: {slow} makes {row['name']} {_change(row)}, in {figure(row['memory'])}x the memory."


def _range(rows: Sequence[Row], name: str) -> str:
    """``1.43x (ResNet-50) to 2.22x (EfficientNet-B0)``: the models with the smallest and the largest value."""
    ordered = sorted(rows, key=lambda row: float(row[name]))
    least, most = (figure(ordered[end][name]) for end in (0, -1))
    return f"{least}x" if least == most else f"{least}x ({ordered[0]['name']}) to {most}x ({ordered[-1]['name']})"


def _capital(name: str) -> str:
    return name if name.startswith("torch") else name[0].upper() + name[1:]
