"""scalebench compare: two result sets, case by case; and how comparisons are printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from scalebench.analysis.compare.comparison import Comparison
from scalebench.analysis.compare.result_sets import CompareOptions
from scalebench.cli.output import print_json, print_table, table_columns
from scalebench.cli.progress import show_progress
from scalebench.errors import UnknownNameError, did_you_mean
from scalebench.jobs.compare import compare_results
from scalebench.metrics import METRICS
from scalebench.report import comparison_text as text
from scalebench.report.comparison_text import HEADINGS, NUMERIC, banners, cells, headline, remarks
from scalebench.report.markdown import markdown_table

NOT_WORSE, WORSE, UNDECIDED = 0, 1, 2
"""Exit codes."""


def compare(
    a: str = typer.Argument(metavar="A", help="Result file or folder; REV:PATH reads it at a git revision."),
    b: str = typer.Argument(metavar="B", help="The same, for what is compared with A."),
    metric: list[str] = typer.Option(["latency_s"], help="latency_s, throughput_ips, memory_bytes; may be repeated."),
    margin: float = typer.Option(3.0, min=0, help="Difference that does not matter, percent."),
    floor: float | None = typer.Option(None, min=0, help="Noise between two runs, percent, in place of the machine's."),
    strict: bool = typer.Option(False, "--strict", help="Exit with 2 where something could not be decided."),
    force: bool = typer.Option(False, "--force", help="Compare even rounds that were timed by different methods."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON document."),
    markdown: bool = typer.Option(False, "--markdown", help="Print a block for a pull request."),
) -> None:
    """Compare B with A. Exit code 0: no case is slower; 1: at least one is, after Holm's correction; 2: no answer."""
    format_ = output_format(json_, markdown)
    floor_share = None if floor is None else floor / 100
    options = CompareOptions(measured_metrics(metric), margin / 100, floor=floor_share, force=force)
    with show_progress() as announce:
        comparison = compare_results(a, b, options, announce)
    print_comparison(comparison, [*text.HOW, *text.places(comparison)], format_, {"a": a, "b": b})
    raise typer.Exit(exit_code(comparison, strict))


def output_format(json_: bool, markdown: bool) -> str:
    """``json``, ``markdown`` or ``table``, whichever the options name."""
    if json_ and markdown:
        raise typer.BadParameter("--json and --markdown exclude each other")
    return "json" if json_ else "markdown" if markdown else "table"


def measured_metrics(names: Sequence[str]) -> tuple[str, ...]:
    """The metrics named, each once.

    Raises:
        UnknownNameError: not a measured metric.
    """
    measured = [name for name, metric in METRICS.items() if metric.kind == "measured"]
    for name in names:
        if name not in measured:
            hint = did_you_mean(name, measured) or f"metrics: {', '.join(measured)}"
            raise UnknownNameError(f"{name!r} is not a measured metric", hint)
    return tuple(dict.fromkeys(names))


def print_comparison(comparison: Comparison, footnotes: Sequence[str], format_: str, about: dict[str, Any]) -> None:
    """Print a comparison.

    Args:
        comparison: the rows and their verdict.
        footnotes: how the numbers were measured and compared.
        format_: as ``output_format`` returns it.
        about: further content of the JSON document.
    """
    if format_ == "json":
        print_json({**about, **text.document(comparison), "footnotes": list(footnotes)})
    elif format_ == "markdown":
        typer.echo(_markdown(comparison, footnotes))
    else:
        for banner in banners(comparison):
            typer.echo(banner)
        columns = table_columns((name, name in NUMERIC) for name in HEADINGS)
        print_table("", columns, [cells(row) for row in comparison.rows])
        for line in (*remarks(comparison), *footnotes, headline(comparison)):
            typer.echo(line)


def exit_code(comparison: Comparison, strict: bool = False) -> int:
    """1 where a case fails the gate; 2 where ``strict`` and something could not be decided; else 0."""
    if comparison.worse:
        return WORSE
    return UNDECIDED if not comparison.rows or (strict and comparison.undecided) else NOT_WORSE


def _markdown(comparison: Comparison, footnotes: Sequence[str]) -> str:
    """A block to paste into a pull request."""
    lines = [f"### scalebench: {headline(comparison)}", ""]
    for banner in banners(comparison):
        lines += [f"> {banner}", ""]
    lines.append(markdown_table([(name, name in NUMERIC) for name in HEADINGS], map(cells, comparison.rows)))
    lines += ["", *(f"- {remark}" for remark in remarks(comparison))]
    lines += ["", " ".join(f"{note}." for note in footnotes)]
    return "\n".join(lines).replace("\n\n\n", "\n\n").rstrip()
