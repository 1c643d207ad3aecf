"""How far the numbers can be trusted, from literal rounds and from committed records."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from scalebench.flags import is_bad
from scalebench.record import Environment, Record
from scalebench.report.content import Elsewhere
from scalebench.report.figures.deviations import deviations
from scalebench.report.questions.question import Answer
from scalebench.report.questions.trustworthiness import Trust
from scalebench.suite.case import Case
from tests.report.questions.literal_rounds import evidence, reference, rounds, words

A, B = Case("efficientnet_b0", 224), Case("resnet50", 224)
STOLEN = ("steal_heavy: 4 % of all cores' time",)


def _watched(records: Sequence[Record]) -> list[Record]:
    return [replace(record, telemetry={"load_before": 0.0}) for record in records]


def _in_heats(records: Sequence[Record]) -> list[Record]:
    """Each round's two turns of two laps in the heat of its number."""
    return [
        replace(r, heat=f"heat {r.round}", turns=(0, 0, 1, 1), samples={"latency_s": [r.facts["latency_s"]] * 4})
        for r in records
    ]  # fmt: skip


def _flagged(records: Sequence[Record], number: int) -> list[Record]:
    return [replace(record, notes=STOLEN) if at < number else record for at, record in enumerate(records)]


def _answer(records: Sequence[Record]) -> Answer:
    answer = Trust().answer(evidence(records))
    assert answer is not None
    assert all(words(sentence) <= 25 for sentence in answer.sentences)
    return answer


def test_half_widths_and_undisturbed_rounds() -> None:
    """Rounds at 1, 1.01 and 1.02: t = 4.303 for a time, 2.776 for a ratio of two."""
    answer = _answer(_watched([*rounds(A, 0.02), *rounds(B, 0.04)]))
    assert answer.sentences == (
        "Ratios are typically good to 2.2 %, single times to 2.5 %.",
        "None of 6 rounds was disturbed.",
    )
    logs = [math.log(factor) for factor in (1, 1.01, 1.02)]
    deviation = math.sqrt(sum((log - sum(logs) / 3) ** 2 for log in logs) / 2)
    assert answer.numbers["time_half_width"] == pytest.approx(math.sinh(4.30265 * deviation / math.sqrt(3)), rel=1e-4)
    assert answer.numbers["ratio_half_width"] == pytest.approx(
        math.sinh(2.77645 * deviation * math.sqrt(2 / 3)), rel=1e-4
    )
    assert answer.points[0].startswith("Measured in one session. In another all times may shift together")
    assert answer.points[0].endswith(", and ratios with the load of the host.")
    assert answer.closes.startswith("A run on another day")


def test_a_virtual_machine_is_named() -> None:
    shared = Environment("epyc", "hw", "sw", {"device": "cpu", "cpu": {"virtual": True}})
    records = [replace(record, environment=shared) for record in [*rounds(A, 0.02), *rounds(B, 0.04)]]
    assert _answer(records).sentences[0].endswith("single times to 2.5 %: a virtual machine shares its host.")


def test_rounds_alone_that_were_disturbed_are_repeated() -> None:
    records = _watched([*_flagged(rounds(A, 0.02, (1.0, 1.01, 1.02, 1.03)), 1), *rounds(B, 0.04)])
    assert _answer(records).sentences[1] == "1 of 7 rounds was disturbed and repeated."
    every = _watched([*_flagged(rounds(A, 0.02, [1.0 + n / 100 for n in range(9)]), 7), *rounds(B, 0.04)])
    assert _answer(every).sentences[1] == "7 of 12 rounds were disturbed; 5 of them were repeated.", "five at most"


def test_rounds_that_took_turns_count_although_they_were_disturbed() -> None:
    answer = _answer(_watched(_in_heats([*_flagged(rounds(A, 0.02), 2), *rounds(B, 0.04)])))
    assert answer.sentences[1] == (
        "2 of 6 rounds were disturbed; models take turns, so this hits all alike and cancels in ratios."
    )
    assert (answer.numbers["disturbed"], answer.numbers["repeated"], answer.numbers["by_turns"]) == (2, 0, 2)


def test_both_kinds_of_rounds() -> None:
    alone = _flagged(rounds(replace(A, batch=8), 0.1, (1.0, 1.01, 1.02, 1.03)), 1)
    turns = _in_heats([*_flagged(rounds(A, 0.02), 2), *rounds(B, 0.04)])
    assert _answer(_watched([*alone, *turns])).sentences[1] == (
        "3 of 10 rounds were disturbed; 1 was repeated. Those taken by turns count, as it cancels in ratios."
    )


def test_what_nobody_checked_is_not_undisturbed() -> None:
    unwatched = [*rounds(A, 0.02), *rounds(B, 0.04)]
    assert _answer(unwatched).sentences[1] == "No round was checked for disturbances."
    half = _answer([*_watched(unwatched[:3]), *unwatched[3:]])
    assert half.sentences[1] == "None of 3 checked rounds was disturbed."
    assert "3 of 6 rounds were not checked for disturbances." in half.points


def test_one_round_shows_nothing_about_its_precision() -> None:
    answer = _answer(rounds(A, 0.02, [1.0]))
    assert answer.sentences[0] == "Each case was measured once, so nothing shows how far its time can be trusted."
    assert Trust().answer(evidence([])) is None


def test_the_figure_has_the_ratios_of_rounds_that_took_turns() -> None:
    """The second panel: a drift that both share is gone from their ratio."""
    drifting = _in_heats([*rounds(A, 0.02, (1.0, 1.2, 1.5)), *rounds(B, 0.04, (1.0, 1.2, 1.5))])
    question = Trust()
    for records, panels in ((drifting, 2), ([*rounds(A, 0.02), *rounds(B, 0.04)], 1)):
        given = evidence(records)
        answer = question.answer(given)
        assert answer is not None
        chart = question.chart(given, answer)
        assert chart is not None
        assert len(chart.panels) == panels


def test_nine_of_ten_rounds() -> None:
    """1, 1.2 and 1.5 times are -17.8, -1.35 and +23.3 % off their geometric mean of 1.216."""
    drifting = evidence([*rounds(A, 0.02, (1.0, 1.2, 1.5)), *rounds(B, 0.04, (1.0, 1.2, 1.5))])
    chart = deviations(drifting.analysis.rounds, Elsewhere("trust", ""))
    assert chart is not None
    assert chart.numbers["nine_of_ten_percent"] == pytest.approx(23.3, abs=0.1)


def test_committed_records_give_the_same_counts() -> None:
    findings, given = reference("training")
    answer = Trust().answer(given)
    assert answer is not None
    ok = [r for r in findings.stored.records if r.outcome == "ok" and r.case.mode != "count"]
    assert answer.numbers["rounds"] == len(ok)
    assert answer.numbers["disturbed"] == sum(is_bad(record.notes) for record in ok)
    assert list(answer.numbers["sessions"].values()) == [1]
    assert answer.sentences[1] == "3 of 89 rounds were disturbed and repeated."


def test_turns_made_again_and_the_same_model_twice() -> None:
    """In three heats the second process takes 1.04, 1 and 0.98 times as long; three turns of 15 were made again."""
    once = [replace(r, telemetry={"load_before": 0.0, "retaken": 1}) for r in _in_heats(rounds(A, 0.02))]
    twice = _in_heats(rounds(A, 0.02, (1.04, 1.01, 0.9996)))
    answer = _answer([*once, *(replace(r, round=3 + r.round) for r in twice)])
    assert "3 of 15 timings waited for a busy core and were made again." in answer.points
    # 4, 0 and 2 %: 1 over 0.98 is 1.0204.
    assert (
        "The reference model was timed against itself 3 times. The two times differ by 2.0 % typically and by 4.0 % "
        "at most." in answer.points
    )
    (numbers,) = answer.numbers["against_itself"].values()
    assert numbers == pytest.approx({"times": 3, "typical": 0.0204, "most": 0.04}, rel=0.01)
