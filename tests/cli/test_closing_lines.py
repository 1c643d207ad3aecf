"""What a report leaves on the terminal: the answers, in at most fifteen lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scalebench.claims.registry import registry
from scalebench.cli.closing_lines import MOST_LINES, answer_lines, closing_lines, print_findings
from scalebench.record import Record
from scalebench.report.findings import Findings, find
from scalebench.report.questions import asked
from scalebench.report.questions.question import Answer, AnswerBasis, Question
from scalebench.report.write_report import strict
from scalebench.store.jsonl import Results
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Plan
from tests.report.literal_report import make_counts, make_record, make_rounds, specifications

FIRST = "At 4 times B0's compute, compound scaling is 1.35x faster than depth here, 1.1 to 1.6, in 20 % less memory."
SECOND = "At batch 8 width is 1.4x faster, 1.2 to 1.6."
PAGE = Path("reports/small.html")


class Asked(Question):
    """A question that always has the same answer."""

    name, text, details = "pays", "Does compound scaling pay here?", "laws"

    def answer(self, evidence: AnswerBasis) -> Answer | None:
        return Answer((FIRST, SECOND))

    def chart(self, evidence: AnswerBasis, answer: Answer) -> None:
        return None


@pytest.fixture(autouse=True)
def questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight times the same question."""
    monkeypatch.setattr(asked, "QUESTIONS", tuple(Asked() for _ in range(8)))


def _find(*records: Record, claims: Sequence[str] = (), problems: Sequence[str] = ()) -> Findings:
    plan = Plan("small", "", "", tuple(Case(m, s) for m, s, _ in specifications()), (), (), tuple(claims), 3)
    return find(Results((plan,), (*make_counts(), *records), tuple(problems), ()), study=False)


def _document(findings: Findings) -> dict[str, Any]:
    """The report's JSON, as far as the terminal shows it."""
    answers = {
        str(n): {"question": q.text, "sentences": a.sentences} for n, (q, a) in enumerate(findings.answers.items())
    }
    return {**findings.document, "answers": answers, "asked": list(answers)}


def _stored(findings: Findings, folder: Path) -> Path:
    """A page with its JSON."""
    page = folder / "small.html"
    page.with_suffix(".json").write_text(json.dumps(strict(_document(findings))))
    return page


def _answers(count: int) -> list[dict[str, Any]]:
    sentences = [(FIRST, f"{SECOND} This is answer {number}.") for number in range(count)]
    return [{"question": Asked.text, "sentences": own} for own in sentences]


@pytest.mark.parametrize("width", [40, 80, 120, 200, None])
@pytest.mark.parametrize("count", [1, 3, 8])
@pytest.mark.parametrize("most", [6, 12])
def test_answers_have_at_most_so_many_lines_of_at_most_the_width(count: int, width: int | None, most: int) -> None:
    lines = answer_lines(_answers(count), most, width)
    assert len(lines) <= most
    assert width is None or max(map(len, lines)) <= width
    assert lines[0].startswith("Does compound scaling pay here?")


def test_a_pipe_gets_every_answer_whole_in_a_line() -> None:
    lines = answer_lines(_answers(8), 12, None)
    assert lines == [f"Does compound scaling pay here? {FIRST} {SECOND} This is answer {n}." for n in range(8)]


def test_what_does_not_fit_is_left_to_the_page_from_the_end() -> None:
    """A first sentence takes two lines of 100 characters, and both take three."""
    assert len(answer_lines(_answers(3), 8, 100)) == 8  # two whole answers and a first sentence
    assert answer_lines(_answers(8), 9, 100)[-1] == "4 more answers are on the page"
    assert len(answer_lines(_answers(8), 9, 100)) == 9
    assert answer_lines(_answers(2), 3, 100)[-1] == "1 more answer is on the page"


def test_the_words_end_with_what_was_measured_and_the_page() -> None:
    notes, lines = closing_lines(_document(_find(*make_rounds(3), claims=["EN-12"])), PAGE, None)
    assert notes == []
    assert lines == [
        *[f"Does compound scaling pay here? {FIRST} {SECOND}"] * 8,
        "9 cases measured",
        "measured in one session on cpu-a: in another all times may shift together",
        "1 statement of a paper was not tested: other models or hardware would be needed, or no suite can",
        "report: reports/small.html",
    ]


def test_notes_are_short_and_take_room_from_the_answers() -> None:
    problems = [f"a long problem in line {number} of a result file, which was left out" for number in range(40)]
    findings = _find(*make_rounds(3), problems=problems, claims=[f"XX-{number}" for number in range(10)])
    for width in (60, 80, 100):
        notes, lines = closing_lines(_document(findings), PAGE, width)
        assert len(notes) + len(lines) <= MOST_LINES
        assert "39 more on the page" in " ".join(line.strip() for line in notes)
        assert lines[-1] == "report: reports/small.html"
        assert lines[0].startswith("Does compound scaling pay")


def test_a_suite_with_all_claims_ends_in_fifteen_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of 127 claims, 33 of them our own, most need what was not measured: they are counted, and the JSON has all."""
    findings = _find(*make_rounds(2), claims=tuple(registry()))
    print_findings(_stored(findings, tmp_path), json_=False)
    said = capsys.readouterr().out
    assert len(said.splitlines()) <= 15
    words: dict[str, set[str]] = {}
    for verdict in findings.document["verdicts"]:
        if not verdict["source"].startswith("scalebench") and verdict["stance"] != "trap":
            words.setdefault(verdict["claim"], set()).add(verdict["verdict"])
    untested = sum(own == {"not measured"} for own in words.values())
    assert len(words) == 94  # published claims, as the README counts them
    assert f"\n{untested} statements of papers were not tested: other models or hardware would be needed, " in said


def test_what_only_claims_name_is_not_reported_as_failing() -> None:
    """Some claims need a detector, which is not installed here and was not asked for. A case out of memory was."""
    detector = replace(
        make_counts()[0], case=Case("retina:resnet50", 640).counted(), outcome="failed", facts={},
        error={"type": "BuildError", "message": "effdet is not installed"},
    )  # fmt: skip
    needing = [claim.id for claim in registry().values() if detector.case in claim.counts()]
    assert needing
    findings = _find(detector, *make_rounds(2), claims=needing)
    assert "9 cases measured" in closing_lines(_document(findings), PAGE, None)[1]
    assert findings.document["failures"] == []
    assert any(row["error"] == "effdet is not installed" for row in findings.document["counts"])
    short = [record for record in make_rounds(2) if (record.case.model, record.case.resolution) != ("resnet50", 320)]
    findings = _find(detector, *short, make_record("resnet50", 320, 4e9, 0, outcome="oom"), claims=needing)
    assert "8 cases measured, 1 failed" in closing_lines(_document(findings), PAGE, None)[1]


def test_json_is_the_document_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = _stored(_find(claims=("EN-02", "XX-99")), tmp_path)
    print_findings(page, json_=True)
    said = capsys.readouterr()
    assert said.out == page.with_suffix(".json").read_text()
    assert said.err == "note: not known here: claims XX-99; --claims FILE names the file that has them\n"


def test_records_of_nothing_have_closing_lines_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "QUESTIONS", ())
    assert closing_lines(_document(_find()), PAGE, 80) == (
        [],
        ["no case measured, 9 not yet measured", "report: reports/small.html"],
    )
