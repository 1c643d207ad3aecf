"""Does compound scaling pay here?"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from scalebench.analysis.matched import REFERENCE
from scalebench.analysis.stats import Estimate
from scalebench.report.content import Chart, Column, Table
from scalebench.report.figures.scaling_ratios import ratios_to_compound
from scalebench.report.labels import listed
from scalebench.report.model_names import model_name
from scalebench.report.questions.question import Answer, AnswerBasis, Question
from scalebench.report.ratio_words import (
    bounds,
    figure,
    inverse,
    judged_bounds,
    numbers,
    of_row,
    outcome,
    what_decides,
)
from scalebench.report.settings import by_setting, ends, setting_of
from scalebench.report.tables import whole

TIME, MEMORY = "latency_s", "memory_bytes"
Ratios = Mapping[str, Estimate]
"""Ratio to compound by method."""


class Scaling(Question):
    """Costs of each method over those of compound scaling at equal counted MACs."""

    name = "scaling"
    text = "Does compound scaling pay here?"
    details = "axes"
    needs = "a matched group with compound scaling and another method"

    def answer(self, evidence: AnswerBasis) -> Answer | None:
        """Of the suite's first base, at the largest target that all bases have; needs one method beside compound."""
        rivals = _rivals(evidence.analysis.groups)
        if rivals.empty:
            return None
        rows = by_setting(rivals)[0]
        target = _target(rows)
        rows = rows[rows["target"] == target]
        base, *others = dict.fromkeys(rows["base"].astype(str))
        time, memory = (_by_batch(rows, base, metric) for metric in (TIME, MEMORY))
        opening = f"at {target:g} times {model_name(base)}'s compute, "
        return Answer(
            tuple(_sentence(b, own, "" if nth else opening) for nth, (b, own) in enumerate(time.items())),
            {
                "base": base, "target": target, "time": _numbers(time), "memory": _numbers(memory),
                "others": {other: _numbers(_by_batch(rows, other, TIME)) for other in others},
            },
            (
                *(f"Does it pay for {model_name(other)}, at {target:g} times its compute? "
                  + " ".join(_sentence(batch, own, "") for batch, own in _by_batch(rows, other, TIME).items())
                  for other in others),
                *setting_of(rivals, rows),
            ),
            what_decides(ratio for ratios in time.values() for ratio in ratios.values()),
            (_by_method(time, memory, f"{model_name(base)} at {target:g} times its compute"),),
        )  # fmt: skip

    def chart(self, evidence: AnswerBasis, answer: Answer) -> Chart | None:
        """Time over that of compound, one panel per batch."""
        rows = by_setting(_rivals(evidence.analysis.groups))[0]
        return ratios_to_compound(rows[rows["batch"].isin(ends(rows["batch"]))])


def _rivals(groups: pd.DataFrame) -> pd.DataFrame:
    return groups[(groups["method"] != REFERENCE) & groups["ratio"].notna() & groups["metric"].isin([TIME, MEMORY])]


def _target(rows: pd.DataFrame) -> float:
    """The largest target of all bases, or of the first one where they share none."""
    targets = [set(own["target"]) for _, own in rows.groupby("base", sort=False)]
    return float(max(set.intersection(*targets) or targets[0]))


def _by_batch(rows: pd.DataFrame, base: str, metric: str) -> dict[int, Ratios]:
    own = rows[(rows["base"] == base) & (rows["metric"] == metric)]
    return {
        batch: {str(row["method"]): of_row(row) for row in own[own["batch"] == batch].to_dict("records")}
        for batch in (ends(own["batch"]) if len(own) else ())
    }


def _numbers(by_batch: Mapping[int, Ratios]) -> dict[str, dict[str, dict[str, object]]]:
    return {
        str(batch): {method: numbers(ratio) for method, ratio in ratios.items()} for batch, ratios in by_batch.items()
    }


def _word(ratios: Ratios) -> str:
    outcomes = {outcome(ratio) for ratio in ratios.values()}
    if "less" in outcomes:
        return "no"
    if "more" in outcomes:
        return "partly" if "undecided" in outcomes else "yes"
    return "undecided" if "undecided" in outcomes else "no difference"


def _sentence(batch: int, ratios: Ratios, opening: str) -> str:
    """The word for one batch, the methods furthest ahead of compound scaling and behind it, and what is open."""
    less, more, equal, undecided = (
        {method: ratio for method, ratio in ratios.items() if outcome(ratio) == kind}
        for kind in ("less", "more", "equal", "undecided")
    )
    start = f"{_word(ratios).capitalize()} at batch {batch}: {opening}"
    slowest = max(more, key=lambda method: more[method].value, default="")
    if less:
        fastest = min(less, key=lambda method: less[method].value)
        lead = inverse(less[fastest])
        behind = f" {_title(slowest)} is {figure(more[slowest].value)}x slower{bounds(more[slowest])}." if more else ""
        return f"{start}{_name(fastest)} is {figure(lead.value)}x faster than compound{bounds(lead)}.{behind}"
    if more:
        lead = more[slowest]
        same = f", as fast as {listed([_name(method) for method in equal])}" if equal else ""
        rest = _open(list(undecided)) if undecided else same
        return f"{start}compound scaling is {figure(lead.value)}x faster than {_name(slowest)}{bounds(lead)}{rest}."
    if undecided:
        return f"{start}no method is clearly faster or slower than compound scaling."
    return f"{start}all methods take the same time within 5 %."


def _open(methods: list[str]) -> str:
    return (
        f"; {_name(methods[0])} is undecided" if len(methods) == 1 else f"; {len(methods)} other methods are undecided"
    )


def _name(method: str) -> str:
    return "fast scaling" if method == "fast" else method


def _title(method: str) -> str:
    return _name(method).capitalize()


def _by_method(time: Mapping[int, Ratios], memory: Mapping[int, Ratios], of: str) -> Table:
    """A row per method: its time, and its memory, over those of compound scaling at each batch."""
    costs = [(f"{words} at batch {batch}", ratios) for words, by_batch in (("time", time), ("memory", memory))
             for batch, ratios in by_batch.items()]  # fmt: skip
    methods = dict.fromkeys(method for _, ratios in costs for method in ratios)
    rows = [[_title(method), *(_cell(ratios.get(method)) for _, ratios in costs)] for method in methods]
    columns = [Column("method"), *(Column(heading, number=True) for heading, _ in costs)]
    return whole(f"Times the cost of compound scaling, {of}", columns, rows)


def _cell(ratio: Estimate | None) -> str:
    return "-" if ratio is None else f"{figure(ratio.value)}{judged_bounds(ratio)}"
