"""scalebench compare: two result sets, case by case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from scalebench.analysis.compare.comparison import Comparison


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
    from scalebench.analysis.compare.result_sets import CompareOptions
    from scalebench.analysis.compare.result_sets import compare as compare_records
    from scalebench.cli.comparing import exit_code, form, measured_metrics, say
    from scalebench.cli.loading import load
    from scalebench.store.floors import read_floors

    as_, metrics = form(json_, markdown), measured_metrics(metric)
    before, after = load(a), load(b)
    records = (*before.records, *after.records)
    terms = CompareOptions(metrics, margin / 100, read_floors(records), None if floor is None else floor / 100, force)
    found = compare_records(before.records, after.records, terms)
    for problem in (*before.problems, *after.problems):
        typer.echo(f"note: {problem}", err=True)
    say(found, _footnotes(found), as_, {"a": a, "b": b})
    raise typer.Exit(exit_code(found, strict))


def _footnotes(found: Comparison) -> list[str]:
    from scalebench.report.comparison_text import HOW, places

    return [HOW, *places(found)]
