"""scalebench report --png, --svg, --markdown, --csv, --parquet: what is written, and what is refused before."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from scalebench import __version__
from scalebench.cli import app
from scalebench.errors import StoreError, UnknownNameError
from scalebench.jobs import share
from scalebench.report.content import Chart, Column, Panel, Table
from scalebench.report.figures.drawing import draw
from scalebench.report.questions import asked
from scalebench.report.questions.question import Answer, AnswerBasis, Question
from scalebench.store.jsonl import Writer
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Plan
from tests.report.literal_report import MACHINE, find_in, make_counts, make_rounds, specifications

PLAN = Plan("small", "A small suite", "", tuple(Case(m, s) for m, s, _ in specifications()), (), (), (), 3)


class Slowest(Question):
    """Which case takes longest."""

    name, text, details, needs = "slowest", "Which model is slowest here?", "cases", "measured times"

    def answer(self, evidence: AnswerBasis) -> Answer | None:
        cases = evidence.analysis.cases
        row = cases.loc[cases["latency_s"].idxmax()]
        return Answer((f"{row['model']}, {1e3 * row['latency_s']:.3g} ms.",))

    def chart(self, evidence: AnswerBasis, answer: Answer) -> Chart | None:
        cases = evidence.analysis.cases
        svg = draw(lambda axes: axes.plot(cases["macs"], cases["latency_s"], "o"), "slowest", "time")  # type: ignore[arg-type,return-value]
        rows = tuple((str(m), f"{1e3 * t:.3g}") for m, t in zip(cases["model"], cases["latency_s"], strict=True))
        table = Table("Latency", (Column("model"), Column("latency, ms", number=True)), rows)
        return Chart("slowest", "Time against MACs", "", {}, (Panel("cpu-a, batch 1", svg),), table)


class Cheapest(Question):
    """A question that these records do not answer."""

    name, text, details, needs = "cheapest", "Which offer is cheapest?", "offers", "a purchase plan"

    def answer(self, evidence: AnswerBasis) -> Answer | None:
        return None

    def chart(self, evidence: AnswerBasis, answer: Answer) -> Chart | None:
        raise AssertionError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two rounds of a small suite in ``results``, as the current folder; and two questions."""
    writer = Writer(tmp_path / "results" / "1.jsonl", PLAN)
    for record in (*make_counts(), *make_rounds(2)):
        writer.append(record)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(asked, "QUESTIONS", (Slowest(), Cheapest()))
    return tmp_path


def _run(*arguments: str) -> Result:
    done = CliRunner().invoke(app, ["report", "results", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def _written(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.suffix != ".jsonl")


def test_an_answer_is_written_as_png_and_svg_and_nothing_else(folder: Path) -> None:
    """ResNet-50 at 320 px has 8.35 G MACs in these records; two rounds of 83.5 and 84.3 ms."""
    said = _run("--png", "slowest", "--svg", "slowest", "--reports", "talk")
    assert said.stdout.splitlines() == ["wrote talk/small-slowest.svg", "wrote talk/small-slowest.png"]
    assert _written(folder) == ["small-slowest.png", "small-slowest.svg"]
    root = ET.fromstring((folder / "talk" / "small-slowest.svg").read_bytes())
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[:2] == ["Which model is slowest here?", "resnet50, 83.9 ms."]
    assert texts[-1] == f"Source: suite small on cpu-a, 2026-11-23, 22:00 to 22:00 UTC, scalebench {__version__}"
    image = Image.open(folder / "talk" / "small-slowest.png")
    assert image.width == 2560
    assert len(image.convert("L").getcolors(256) or ()) > 20


def test_figures_are_the_same_every_time(folder: Path) -> None:
    _run("--svg", "slowest")
    first = (folder / "reports" / "small-slowest.svg").read_bytes()
    _run("--svg", "slowest")
    assert (folder / "reports" / "small-slowest.svg").read_bytes() == first


def test_markdown_goes_to_stdout_alone(folder: Path) -> None:
    done = _run("--markdown", "--svg", "slowest")
    assert done.stdout.startswith("### A small suite\n\n**Which model is slowest here?** resnet50, 83.9 ms.\n")
    assert "| resnet50 | 83.9 |" in done.stdout
    assert "Measured cases, geometric means over rounds (the first 8 of 9 rows):" in done.stdout
    assert "Which offer" not in done.stdout
    assert done.stdout.endswith(f"UTC, scalebench {__version__}\n")
    assert done.stderr == "wrote reports/small-slowest.svg\n"


def test_tables_hold_a_row_per_case_and_metric(folder: Path) -> None:
    """Nine cases with latency, throughput and memory; a round of 1 G MACs takes 10 ms and 10.1 ms."""
    pytest.importorskip("pyarrow")
    _run("--csv", "--parquet")
    csv, parquet = (
        pd.read_csv(folder / "reports" / "small.csv"),
        pd.read_parquet(folder / "reports" / "small.parquet"),
    )
    assert len(csv) == len(parquet) == 9 * 3
    for frame in (csv, parquet):
        row = frame[(frame["metric"] == "latency_s") & (frame["resolution_px"] == 320) & (frame["model"] == "resnet50")]
        assert row["value"].item() == pytest.approx(8.3469e-2 * 1.01**0.5, rel=1e-4)
        assert (row["unit"].item(), row["n"].item()) == ("s per batch", 2)
    assert csv["value"].tolist() == parquet["value"].tolist()


def test_json_names_the_files(folder: Path) -> None:
    assert json.loads(_run("--png", "slowest", "--csv", "--json").stdout) == {
        "files": ["reports/small-slowest.png", "reports/small.csv"]
    }


@pytest.mark.parametrize("option", ["--png", "--svg"])
def test_a_misspelt_answer_is_refused_before_anything_is_read(folder: Path, option: str) -> None:
    with pytest.raises(UnknownNameError) as refused:
        CliRunner().invoke(app, ["report", "nowhere", option, "slowst"], catch_exceptions=False)
    assert refused.value.hint == "did you mean 'slowest'?; answers: slowest, cheapest"
    with pytest.raises(UnknownNameError) as refused:
        CliRunner().invoke(app, ["report", "nowhere", option, "xyz"], catch_exceptions=False)
    assert refused.value.hint == "answers: slowest, cheapest"


def test_what_the_records_cannot_answer_is_refused_with_what_is_missing(folder: Path) -> None:
    with pytest.raises(StoreError) as refused:
        CliRunner().invoke(app, ["report", "results", "--svg", "slowest", "--png", "cheapest"], catch_exceptions=False)
    assert refused.value.message == "these records do not answer 'cheapest': Which offer is cheapest?"
    assert refused.value.hint == "it needs a purchase plan; these records answer: slowest"
    assert _written(folder) == []


def test_parquet_without_pyarrow_is_refused_before_anything_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share, "find_spec", lambda _: None)
    with pytest.raises(StoreError) as refused:
        CliRunner().invoke(app, ["report", "nowhere", "--parquet"], catch_exceptions=False)
    assert refused.value.hint == "pip install 'scalebench[parquet]', or take --csv"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("results", "results", "--csv"), "only one set"),
        (("results", "--csv", "--watch"), "--watch: for the page"),
        (("results", "--png", "slowest", "--index", "--no-js"), "--index, --no-js: for the page"),
        (("results", "--csv", "--previous", "results"), "--previous: for the page"),
        (("results", "--markdown", "--json"), "exclude each other"),
        (("--png", "slowest"), "name result files"),
    ],
)
def test_contradictions_are_refused(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(app, ["report", *arguments])
    assert done.exit_code == 2
    assert said in " ".join(done.output.replace("│", " ").split())
    assert _written(folder) == []


def test_a_folder_that_cannot_be_written_is_named(folder: Path) -> None:
    (folder / "reports").write_text("a file")
    with pytest.raises(StoreError, match=r"reports/small\.csv cannot be written"):
        CliRunner().invoke(app, ["report", "results", "--csv"], catch_exceptions=False)


def test_a_table_needs_no_drawing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Slowest, "chart", lambda *_: pytest.fail("drawn"))
    _run("--csv")
    assert pd.read_csv(io.StringIO((folder / "reports" / "small.csv").read_text()))["suite"].unique() == ["small"]


def test_the_source_names_the_machine_as_its_owner_would() -> None:
    hardware = {"device": "cpu", "cpu": {"name": "AMD EPYC 7R13 Processor", "usable_cores": 2, "virtual": True}}
    findings = find_in(make_rounds(1, replace(MACHINE, hardware=hardware)))
    assert share.source_line(findings).startswith("suite small on AMD EPYC 7R13, 2 of its cores (cpu-a), 2026-11-23, ")
    assert share.source_line(find_in([])) == f"suite small, counted only, scalebench {__version__}"
