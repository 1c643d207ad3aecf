"""scalebench suites: the suites that are installed with it."""

from __future__ import annotations

import typer

from scalebench.cli.output import print_json, print_table
from scalebench.errors import SuiteError
from scalebench.suite.load import load_suite
from scalebench.suite.shipped_suites import hint_at, shipped_suites


def suites(
    name: str | None = typer.Argument(None, help="Print this suite's YAML, to start one of your own from it."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON list with their files."),
) -> None:
    """List the suites that are installed with scalebench: run and plan take their names, in any folder."""
    files = shipped_suites()
    if name is not None:
        if name not in files:
            raise SuiteError(f"no shipped suite is called {name!r}", hint_at(name))
        typer.echo(files[name].read_text(encoding="utf-8"), nl=False)
        return
    titles = {suite: load_suite(file).suite.title for suite, file in files.items()}
    if json_:
        print_json([{"suite": suite, "title": title, "file": str(files[suite])} for suite, title in titles.items()])
        return
    print_table(f"{len(titles)} suites", ["suite", "title"], list(titles.items()))
