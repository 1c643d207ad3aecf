"""What a report leaves on the terminal: the answers, in at most fifteen lines."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scalebench.cli import app
from scalebench.cli.closing_lines import MOST_LINES, answer_lines, closing_lines
from scalebench.report.questions import asked
from scalebench.report.questions.question import Answer, Evidence, Question
from scalebench.store.jsonl import Results, Writer
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Plan
from tests.report.literal_report import CLAIMS, find_in, make_counts, make_record, make_rounds, specifications

FIRST = "At 4 times B0's compute, compound scaling is 1.35x faster than depth here, 1.1 to 1.6, in 20 % less memory."
SECOND = "At batch 8 width is 1.4x faster, 1.2 to 1.6."
PAGE = Path("reports/small.html")


class Asked(Question):
    """A question that always has the same answer."""

    name, text, details = "pays", "Does compound scaling pay here?", "laws"

    def answer(self, evidence: Evidence) -> Answer | None:
        return Answer((FIRST, SECOND))

    def chart(self, evidence: Evidence, answer: Answer) -> None:
        return None


def _answers(count: int) -> dict[Question, Answer]:
    return {Asked(): Answer((FIRST, f"{SECOND} This is answer {number}.")) for number in range(count)}


@pytest.mark.parametrize("width", [40, 80, 120, 200, None])
@pytest.mark.parametrize("count", [1, 3, 8])
@pytest.mark.parametrize("most", [4, 12])
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
    assert [line for line in answer_lines(_answers(3), 8, 100) if "This is answer" in line] == [
        "  answer 0.", "  answer 1.",
    ] or len(answer_lines(_answers(3), 8, 100)) == 8  # fmt: skip
    assert answer_lines(_answers(8), 9, 100)[-1] == "4 more answers are on the page"
    assert len(answer_lines(_answers(8), 9, 100)) == 9
    assert answer_lines(_answers(2), 3, 100)[-1] == "1 more answer is on the page"


def test_the_words_end_with_what_was_measured_and_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "QUESTIONS", (Asked(),))
    notes, lines = closing_lines(find_in(make_rounds(3)), PAGE, None)
    assert notes == []
    assert lines == [
        f"Does compound scaling pay here? {FIRST} {SECOND}",
        "9 cases measured",
        "one session on cpu-a: absolute values may differ by more in another",
        "1 statement of a paper needs other models or hardware, or cannot be tested",
        "report: reports/small.html",
    ]


def test_notes_are_one_line_each_and_take_room_from_the_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "QUESTIONS", tuple(Asked() for _ in range(8)))
    problems = [f"a long problem in line {number} of a result file, which was left out" for number in range(40)]
    unknown = tuple(f"XX-{number}" for number in range(10))
    findings = replace(find_in(make_rounds(3), problems=problems), unknown=unknown)
    for width in (60, 80, 100):
        notes, lines = closing_lines(findings, PAGE, width)
        assert len(notes) + len(lines) <= MOST_LINES
        assert "39 more on the page" in " ".join(notes)
        assert lines[-1] == "report: reports/small.html"
        assert lines[0].startswith("Does compound scaling pay")


def _store(folder: Path, records: tuple[object, ...], claims: tuple[str, ...]) -> None:
    plan = Plan("small", "", "", tuple(Case(m, s) for m, s, _ in specifications()), (), (), claims, 3)
    writer = Writer(folder / "results" / "1.jsonl", plan)
    for record in records:
        writer.append(record)  # type: ignore[arg-type]


def test_a_suite_with_all_claims_ends_in_fifteen_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 127 claims most need what was not measured: they are counted, and the JSON has them all."""
    monkeypatch.chdir(tmp_path)
    _store(tmp_path, (*make_counts(), *make_rounds(2)), ("all",))
    done = CliRunner().invoke(app, ["report", "results"], catch_exceptions=False)
    assert done.exit_code == 0
    assert len(done.output.splitlines()) <= 15
    verdicts = json.loads((tmp_path / "reports" / "small.json").read_text())["verdicts"]
    words: dict[str, set[str]] = {}
    for verdict in verdicts:
        if not verdict["claim"].startswith("SB-") and verdict["stance"] != "trap":  # those are sentences of our own
            words.setdefault(verdict["claim"], set()).add(verdict["verdict"])
    untested = sum(own == {"not measured"} for own in words.values())
    assert 50 < untested < len(words)
    assert f"\n{untested} statements of papers need other models or hardware, or cannot be tested\n" in done.output


def test_what_only_claims_name_is_not_reported_as_failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector that a claim needs and that is not installed was not asked for; a case that ran out of memory was."""
    monkeypatch.chdir(tmp_path)
    (counted, *_) = make_counts()
    detector = replace(
        counted, case=Case("retina:resnet50", 640).counted(), outcome="failed", facts={},
        error={"type": "BuildError", "message": "effdet is not installed"},
    )  # fmt: skip
    _store(tmp_path, (*make_counts(), detector, *make_rounds(2)), ("all",))
    said = CliRunner().invoke(app, ["report", "results"], catch_exceptions=False).output
    assert "9 cases measured\n" in said
    content = json.loads((tmp_path / "reports" / "small.json").read_text())
    assert content["failures"] == []
    assert any(row["error"] == "effdet is not installed" for row in content["counts"])
    short = [record for record in make_rounds(2) if record.case.resolution != 320]
    memory = [make_record("resnet50", 320, 4e9, 0, outcome="oom"), make_record("efficientnet_b0", 320, 4e9, 0)]
    (tmp_path / "results" / "1.jsonl").unlink()
    _store(tmp_path, (*make_counts(), detector, *short, *memory), ("all",))
    said = CliRunner().invoke(app, ["report", "results"], catch_exceptions=False).output
    assert "8 cases measured, 1 without a number\n" in said


def test_json_is_the_document_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _store(tmp_path, (*make_counts(), *make_rounds(1)), ("EN-02", "XX-99"))
    done = CliRunner().invoke(app, ["report", "results", "--json"], catch_exceptions=False)
    assert json.loads(done.stdout)["suite"] == "small"
    assert done.stderr == ("note: not known here: claims XX-99; --claims FILE names the file that has them\n")


def test_records_of_nothing_have_closing_lines_too() -> None:
    findings = find_in([], claims=CLAIMS[:0], counts=False)
    assert isinstance(findings.stored, Results)
    _, lines = closing_lines(findings, PAGE, 80)
    assert lines[-1] == "report: reports/small.html"
    assert lines[0] == "0 cases measured, 9 missing"
