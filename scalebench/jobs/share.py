"""Answers as figures and as Markdown, and the measured numbers as a table, from the records of one suite."""

from __future__ import annotations

import io
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from scalebench import __version__
from scalebench.analysis.analyse import Analysis
from scalebench.analysis.tidy import tidy
from scalebench.atomic import write_atomic
from scalebench.errors import StoreError
from scalebench.report.answer_figure import png_of, svg_figure
from scalebench.report.content import ANCHOR, Table
from scalebench.report.findings import Findings, find
from scalebench.report.labels import listed, when
from scalebench.report.machine_words import machine_words
from scalebench.report.markdown import markdown_summary
from scalebench.report.questions.asked import question_named
from scalebench.report.questions.question import Question
from scalebench.report.tables import CONFIGURATION, MODEL, ROUNDS, build_table, measured, ordered
from scalebench.report.view import answered
from scalebench.store.jsonl import Results
from scalebench.suite.case import COUNT


@dataclass(frozen=True)
class ShareOptions:
    """What is written in place of a page.

    Attributes:
        folder: to write to.
        png, svg: names of the questions whose answers become figures.
        csv, parquet: whether the table of measured numbers is written.
        markdown: whether a summary is made.
        claims: the user's own file of claims.
    """

    folder: Path = Path("reports")
    png: tuple[str, ...] = ()
    svg: tuple[str, ...] = ()
    csv: bool = False
    parquet: bool = False
    markdown: bool = False
    claims: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be done before anything is analysed.

        Raises:
            UnknownNameError: there is no such question.
            StoreError: Parquet without pyarrow.
        """
        for name in self.figures:
            question_named(name)
        if self.parquet:
            require_pyarrow("--csv")

    @property
    def anything(self) -> bool:
        """Whether anything is to be written or made."""
        return bool(self.figures or self.csv or self.parquet or self.markdown)

    @property
    def figures(self) -> tuple[str, ...]:
        """Questions that are drawn, each once."""
        return tuple(dict.fromkeys((*self.png, *self.svg)))


def share(stored: Results, options: ShareOptions) -> tuple[tuple[Path, ...], str]:
    """Write the files that the options name.

    Returns: the files, and the summary in Markdown; empty where none was requested.

    Raises:
        StoreError: no plan, several suites, a question that the records cannot answer, or a folder that cannot be
            written; nothing is written then.
    """
    findings = find(stored, claims=options.claims, study=bool(options.figures or options.markdown))
    questions = {name: question_named(name) for name in options.figures}
    for question in questions.values():
        _refuse_unanswered(question, findings)
    suite, source = findings.analysis.plan.suite, source_line(findings)
    shown = findings.answers if options.markdown else questions.values()
    drawn = {answer.id.removeprefix(ANCHOR): answer for answer in answered(findings, shown)}
    contents: dict[str, str | bytes] = {}
    for name in options.figures:
        svg = svg_figure(drawn[name], source)
        contents |= {f"{suite}-{name}.svg": svg} if name in options.svg else {}
        contents |= {f"{suite}-{name}.png": png_of(svg)} if name in options.png else {}
    formats = [name for name, requested in (("csv", options.csv), ("parquet", options.parquet)) if requested]
    contents |= {f"{suite}.{name}": table_file(findings.analysis, name) for name in formats}
    files = tuple(write_file(options.folder / name, content, "--reports") for name, content in contents.items())
    if not options.markdown:
        return files, ""
    title = findings.analysis.plan.title or suite
    return files, markdown_summary(title, tuple(drawn.values()), _cases(findings), source)


def source_line(findings: Findings) -> str:
    """Suite, machines, date and version: ``suite edge on AMD EPYC, 2 cores (amd-epyc-443538), 2026-11-24, ...``."""
    analysis = findings.analysis
    started = sorted(r.started for r in findings.stored.records if r.case.mode != COUNT and not r.environment.imported)
    machines = [
        f"{words} ({label})" if (words := machine_words(environment)) else label
        for label, environment in analysis.machines.items()
    ]
    place = f" on {listed(machines)}" if machines else ", counted only"
    time = [when(started[0], started[-1])] if started else []
    return ", ".join([f"suite {analysis.plan.suite}{place}", *time, f"scalebench {__version__}"])


def _refuse_unanswered(question: Question, findings: Findings) -> None:
    if question in findings.answers:
        return
    names = [answered.name for answered in findings.answers]
    can = f"these records answer: {', '.join(names)}" if names else "these records answer no question"
    need = f"it needs {question.needs}; " if question.needs else ""
    raise StoreError(f"these records do not answer {question.name!r}: {question.text}", f"{need}{can}")


def _cases(findings: Findings) -> Table:
    """Every case with what most readers ask for."""
    return build_table(
        "Measured cases, geometric means over rounds", ordered(findings.analysis.cases), *MODEL,
        *measured("latency_s", "memory_bytes"), ROUNDS, CONFIGURATION,
    )  # fmt: skip


def require_pyarrow(instead: str) -> None:
    """Refuse Parquet without pyarrow.

    Args:
        instead: option to take in its place.

    Raises:
        StoreError: pyarrow is not installed.
    """
    if find_spec("pyarrow") is None:
        raise StoreError(
            "Parquet needs pyarrow, which is not installed", f"pip install 'scalebench[parquet]', or take {instead}"
        )


def table_file(analysis: Analysis, format_: str) -> str | bytes:
    """The measured numbers as a file: a row per case and metric, see ``tidy``; ``format_`` is csv or parquet."""
    frame = tidy(analysis)
    if format_ == "csv":
        return frame.to_csv(index=False)
    buffer = io.BytesIO()
    frame.to_parquet(buffer, engine="pyarrow", index=False)
    return buffer.getvalue()


def write_file(path: Path, content: str | bytes, option: str) -> Path:
    """Write a file whole or not at all.

    Raises:
        StoreError: it cannot be written; the hint names the option that chooses another place.
    """
    try:
        write_atomic(path, content)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}", f"{option} names another place") from None
    return path
