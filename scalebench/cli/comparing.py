"""How comparisons are said: as JSON, as a table on a terminal, as a block for a pull request; and their exit code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from scalebench.analysis.compare.comparison import Comparison
from scalebench.cli.output import print_json, print_table
from scalebench.errors import UnknownNameError, did_you_mean
from scalebench.metrics import METRICS
from scalebench.report.comparison_text import HEADINGS, NUMERIC, banners, cells, document, headline, remarks

NOT_WORSE, WORSE, UNDECIDED = 0, 1, 2
"""Exit codes."""


def measured_metrics(names: Sequence[str]) -> tuple[str, ...]:
    """The metrics named, each once.

    Raises:
        UnknownNameError: not a measured metric.
    """
    known = [name for name, metric in METRICS.items() if metric.kind == "measured"]
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or f"metrics: {', '.join(known)}"
            raise UnknownNameError(f"{name!r} is not a measured metric", hint)
    return tuple(dict.fromkeys(names))


def say(comparison: Comparison, footnotes: Sequence[str], as_: str, about: dict[str, Any]) -> None:
    """Print a comparison.

    Args:
        comparison: what was found.
        footnotes: how the numbers came about.
        as_: ``json``, ``markdown`` or ``table``.
        about: what the JSON document says beside it.
    """
    if as_ == "json":
        print_json({**about, **document(comparison), "footnotes": list(footnotes)})
    elif as_ == "markdown":
        typer.echo(markdown(comparison, footnotes))
    else:
        for banner in banners(comparison):
            typer.echo(banner)
        columns = [(name, name in NUMERIC) for name in HEADINGS]
        print_table("", columns, [cells(row) for row in comparison.rows])
        for line in (*remarks(comparison), *footnotes, headline(comparison)):
            typer.echo(line)


def form(json_: bool, markdown_: bool) -> str:
    """Which of the three forms the options ask for."""
    if json_ and markdown_:
        raise typer.BadParameter("--json and --markdown exclude each other")
    return "json" if json_ else "markdown" if markdown_ else "table"


def exit_code(comparison: Comparison, strict: bool = False) -> int:
    """1 where a case fails the gate; 2 where ``strict`` and something could not be decided; else 0."""
    if comparison.worse:
        return WORSE
    return UNDECIDED if not comparison.rows or (strict and comparison.undecided) else NOT_WORSE


def markdown(comparison: Comparison, footnotes: Sequence[str]) -> str:
    """A block to paste into a pull request."""
    lines = [f"### scalebench: {headline(comparison)}", ""]
    for banner in banners(comparison):
        lines += [f"> {banner}", ""]
    lines.append(_line(HEADINGS))
    lines.append(_line(["--:" if name in NUMERIC else "---" for name in HEADINGS]))
    lines += [_line(cells(row)) for row in comparison.rows]
    lines += ["", *(f"- {remark}" for remark in remarks(comparison))]
    lines += ["", " ".join(f"{note}." for note in footnotes)]
    return "\n".join(lines).replace("\n\n\n", "\n\n").rstrip()


def _line(cells_: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells_)
    return f"| {' | '.join(escaped)} |"
