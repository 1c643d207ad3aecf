"""The command line: wiring only. Errors are caught here, once."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from scalebench import __version__
from scalebench.cli.stop_signals import stop_signals
from scalebench.errors import ScalebenchError

COMMANDS = {
    "run": "Measure a suite, continuing where an earlier run stopped, and write its report.",
    "plan": "Show cases, counted MACs, matched groups, and the estimated time and memory; measures nothing.",
    "predict": "Predict cases that were not measured, from records, each with its error and a 90 % interval.",
    "count": "Count models: nothing is measured, no weights are loaded.",
    "accuracy": "Classify labelled images with the very artefacts that are timed: every runtime, at every precision.",
    "blocks": "Show where a model's MACs, bytes and time go: by kind of part and by stage.",
    "report": "Write the report of stored records; of two runs or machines, A B, what differs between them.",
    "claims": "List the published claims, or judge them by stored records: exit code 1 if published ones are refuted.",
    "suite-for": "Write the smallest suite that decides the named claims, under their source's conditions "
    "where a suite can.",
    "compare": "Compare B with A. Exit code 0: no case is slower; 1: at least one is, after Holm's "
    "correction; 2: no answer.",
    "ab": "Measure A and B by turns and compare them.",
    "aa": "Measure the same cases in several runs and store how much they differ: the machine's noise floor.",
    "tune": "Search runtime, precision and layout, and on request batch and copies, for the best configuration of a "
    "model.",
    "procure": "Rank the offers of a plan. Exit code 0: at least one offer meets the constraints; 3: none "
    "does; 2: bad input.",
    "loadtest": "Check the simulation that procure decides by, and the bound 2 t(b), against a real server under load.",
    "doctor": "Show this machine's peaks, its noise, and what it can and cannot measure, with what to do about it.",
    "hardware": "List the hardware catalogue: dense peaks with their marks; an unpublished number is "
    "shown as such, never as 0.",
    "models": "List the models that can be named, with their native resolutions; with --families, the families.",
    "suites": "List the suites that are installed with scalebench: run and plan take their names, in any folder.",
    "structure": "Compare how models are built: stages, kernels, kinds of convolution, norms, gates, "
    "downsampling, head.",
    "schema": "Print the JSON Schema of a suite file, a file of claims or a purchase plan, for editors and checkers.",
    "export": "Write records for pytest-benchmark, github-action-benchmark, Bencher or asv, or as CSV or Parquet.",
    "import": "Read results of other tools, published tables, or our own records from elsewhere.",
}
"""Commands in the order of the help, each with the first line of its docstring. ``suite-for`` is the function
``suite_for`` of ``cli/suite_for.py``, and so on: a file is imported when its command runs."""


def load_command(name: str) -> Any:
    """Import a command of the table, or the group ``import``, which cannot be a file's name."""
    attribute = "imports" if name == "import" else name.replace("-", "_")
    target = getattr(import_module(f"scalebench.cli.{attribute}"), attribute)
    if isinstance(target, typer.Typer):
        return typer.main.get_command(target)
    single = typer.Typer(add_completion=False)
    single.command(name)(target)
    return typer.main.get_command(single)


class LazyGroup(TyperGroup):
    """Lists the commands of the table without importing them, and imports the one that runs."""

    def __init__(self, **attributes: Any) -> None:
        listed = {name: TyperCommand(name, help=line) for name, line in COMMANDS.items()}
        super().__init__(**{**attributes, "commands": listed})

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Import the command that the arguments name."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed and load_command(listed.name or ""), rest

    def invoke(self, ctx: Any) -> Any:
        """Ctrl-C and SIGTERM end a command with 130 and 143, where Typer would print "Aborted!" and return 1."""
        with stop_signals():
            return super().invoke(ctx)


app = typer.Typer(
    name="scalebench",
    cls=LazyGroup,
    help="Measure what image models cost on this machine, compare variants at equal counted compute, "
    "and test the published scaling claims.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the version and exit.")) -> None:
    if version:
        print(__version__)  # noqa: T201 - the answer
        raise typer.Exit


def main() -> None:
    """Entry point of ``scalebench``: run a command; an expected error becomes a message, a hint and exit code 2."""
    try:
        app(standalone_mode=True)
    except ScalebenchError as error:
        print(f"error: {error.message}", file=sys.stderr)  # noqa: T201 - errors go to stderr, whatever the format
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)  # noqa: T201 - see above
        sys.exit(error.exit_code)
