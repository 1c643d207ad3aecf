"""Whether compound scaling pays, from literal rounds and from committed records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from scalebench.record import Record
from scalebench.report.figures.drawing import canvas
from scalebench.report.figures.scaling_ratios import _panel
from scalebench.report.questions.compound_scaling import Scaling
from scalebench.report.questions.question import Answer
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Group, Member
from tests.report.questions.literal_rounds import NOISY, STEADY, evidence, rounds, words
from tests.report.questions.recomputed import committed, good_rounds, memory_ratio, time_ratio

MEMBERS = {
    "compound": Member("compound", 1.4, 1.2, 280, 1_600_000_000, 0.0),
    "depth": Member("depth", 4.0, 1.0, 224, 1_600_000_000, 0.0),
    "width": Member("width", 1.0, 2.0, 224, 1_600_000_000, 0.0),
    "resolution": Member("resolution", 1.0, 1.0, 448, 1_600_000_000, 0.0),
}
GROUP = Group("efficientnet_b0", 224, 400_000_000, 4.0, 0.02, tuple(MEMBERS.values()))


def _rounds(
    method: str, seconds: float, batch: int = 1, factors: Sequence[float] = STEADY, mib: float = 100
) -> list[Record]:
    member = MEMBERS[method]
    case = Case(GROUP.model(member), member.resolution, batch=batch, threads=2)
    return rounds(case, seconds, factors, memory_bytes=mib * 2.0**20)


def _answer(*records: list[Record]) -> Answer:
    answer = Scaling().answer(evidence([record for own in records for record in own], groups=(GROUP,)))
    assert answer is not None
    assert all(words(sentence) <= 25 for sentence in answer.sentences)
    return answer


def test_it_pays_at_batch_1_and_not_at_batch_8() -> None:
    """Factors of 2 between rounds at 1, 1.01 and 1.02: log interval +-0.0224 (Welch, 4 degrees of freedom)."""
    answer = _answer(
        _rounds("compound", 0.1), _rounds("depth", 0.2, mib=150), _rounds("width", 0.1),
        _rounds("compound", 0.1, 8), _rounds("width", 0.05, 8), _rounds("resolution", 0.2, 8, mib=300),
    )  # fmt: skip
    assert answer.sentences == (
        "Yes at batch 1: at 4 times EfficientNet-B0's compute, compound scaling is 2.00x faster than depth "
        "(1.96 to 2.05), as fast as width.",
        "No at batch 8: width is 2.00x faster than compound (1.96 to 2.05). Resolution is 2.00x slower (1.96 to 2.05).",
    )
    (table,) = answer.tables
    assert [column.label for column in table.columns] == [
        "method", "time at batch 1", "time at batch 8", "memory at batch 1", "memory at batch 8",
    ]  # fmt: skip
    assert table.rows == (
        ("Depth", "2.00 (1.96 to 2.05)", "-", "1.50", "-"),
        ("Width", "1.00 (0.98 to 1.02)", "0.50 (0.49 to 0.51)", "1.00", "1.00"),
        ("Resolution", "-", "2.00 (1.96 to 2.05)", "-", "3.00"),
    )
    assert answer.points == ()
    assert answer.numbers["time"]["1"]["depth"]["ratio"] == pytest.approx(2.0)
    assert answer.numbers["memory"]["8"]["resolution"]["ratio"] == pytest.approx(3.0)
    assert answer.closes == ""


def test_what_the_interval_leaves_open_is_called_undecided() -> None:
    answer = _answer(_rounds("compound", 0.1), _rounds("depth", 0.2, factors=NOISY), _rounds("width", 0.15))
    assert answer.sentences == (
        "Partly at batch 1: at 4 times EfficientNet-B0's compute, compound scaling is 1.50x faster than width "
        "(1.47 to 1.53); depth is undecided.",
    )
    assert answer.numbers["time"]["1"]["depth"]["outcome"] == "undecided"
    assert answer.closes.startswith("About ")
    assert "instead of 3" in answer.closes


def test_all_open_is_no_answer_for_either_side() -> None:
    answer = _answer(_rounds("compound", 0.1, factors=NOISY), _rounds("depth", 0.11), _rounds("width", 0.09))
    assert answer.sentences == (
        "Undecided at batch 1: at 4 times EfficientNet-B0's compute, no method is clearly faster or slower than "
        "compound scaling.",
    )


def test_a_single_round_decides_nothing() -> None:
    answer = _answer(_rounds("compound", 0.1, factors=(1.0,)), _rounds("depth", 0.4, factors=(1.0,)))
    assert answer.sentences[0].startswith("Undecided at batch 1")
    assert answer.closes == "A single round has no interval. At least three rounds of each case would give one."


def test_the_plain_configuration_answers_where_there_are_several() -> None:
    compiled = [
        replace(record, case=replace(record.case, runtime="compile"))
        for record in [*_rounds("compound", 0.1), *_rounds("depth", 0.6)]
    ]
    answer = _answer(compiled, _rounds("compound", 0.1), _rounds("depth", 0.2))
    assert "2.00x faster than depth" in answer.sentences[0]
    assert answer.points[-1] == (
        "Configuration: fp32 eager, cpu, 2 threads. The other configurations are in the details."
    )


@pytest.mark.parametrize("methods", [(), ("compound",), ("depth", "width")])
def test_without_compound_and_a_rival_it_is_not_asked(methods: tuple[str, ...]) -> None:
    records = [record for method in methods for record in _rounds(method, 0.1)]
    records += rounds(Case("resnet50", 224, threads=2), 0.1)
    assert Scaling().answer(evidence(records, groups=(GROUP,))) is None
    assert Scaling().answer(evidence(records)) is None


def test_undecided_dots_are_hollow_and_batches_have_their_panels() -> None:
    records = [record for batch in (1, 8) for own in (
        _rounds("compound", 0.1, batch), _rounds("depth", 0.2, batch), _rounds("width", 0.1, batch, NOISY),
    ) for record in own]  # fmt: skip
    question, shown = Scaling(), evidence(records, groups=(GROUP,))
    answer = question.answer(shown)
    assert answer is not None
    chart = question.chart(shown, answer)
    assert chart is not None
    assert [panel.title for panel in chart.panels] == ["batch 1", "batch 8"]
    assert "hollow: undecided" in chart.note
    groups = shown.analysis.groups
    rows = groups[(groups["metric"] == "latency_s") & (groups["method"] != "compound") & (groups["batch"] == 1)]
    with canvas() as (_, axes):
        _panel(rows, rows, axes)
        markers = [line for line in axes.lines if line.get_linestyle() == "None"]
        hollow = {
            round(float(np.asarray(line.get_xdata())[0]), 3) for line in markers if line.get_markerfacecolor() == "none"
        }
        assert len(markers) == 2
        assert hollow == {rows[rows["method"] == "width"]["ratio"].round(3).iloc[0]}


def test_numbers_on_committed_records_follow_from_their_laps() -> None:
    suite = "matched_groups"
    shown = committed(suite)
    answer = Scaling().answer(shown)
    assert answer is not None
    base, target = answer.numbers["base"], answer.numbers["target"]
    assert base == "efficientnet_b0"
    group = next(g for g in shown.analysis.plan.groups if (g.base, g.target) == (base, target))
    members = {m.method: (group.model(m), m.resolution) for m in group.members}
    for batch, by_method in answer.numbers["time"].items():
        compound = good_rounds(suite, *members["compound"], int(batch))
        for method, told in by_method.items():
            own = good_rounds(suite, *members[method], int(batch))
            assert told["ratio"] == pytest.approx(time_ratio(own, compound), rel=0.005)
            assert told["low"] < told["ratio"] < told["high"]
            memory = answer.numbers["memory"][batch][method]["ratio"]
            assert memory == pytest.approx(memory_ratio(own, compound), rel=0.005)
    assert all(words(sentence) <= 25 for sentence in answer.sentences)
