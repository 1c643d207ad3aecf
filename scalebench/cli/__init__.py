"""The command line: wiring only. Errors are caught here, once."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import typer

from scalebench.cli import (
    aa,
    ab,
    blocks,
    claims,
    compare,
    count,
    doctor,
    hardware,
    importing,
    loadtest,
    models,
    plan,
    predict,
    procure,
    report,
    run,
    schema,
    structure,
    suite_for,
    tune,
)
from scalebench.errors import ScalebenchError

app = typer.Typer(
    name="scalebench",
    help="Measure what image models cost on this machine, compare variants at equal counted compute, "
    "and test the published scaling claims.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
INTERRUPTED = 130


def _interruptible(command: Callable[..., None]) -> Callable[..., None]:
    """Ctrl-C ends a command with 130, as a shell expects, where Typer would say "Aborted!" and 1."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None

    return wrapped


_COMMANDS = (
    run.run, plan.plan, predict.predict, count.count, blocks.blocks, report.report, claims.claims,
    suite_for.suite_for, compare.compare, ab.ab, aa.aa, tune.tune, procure.procure, loadtest.loadtest,
    doctor.doctor, hardware.hardware, models.models, structure.structure, schema.schema,
)  # fmt: skip
for _command in _COMMANDS:
    app.command()(_interruptible(_command))

_imports = typer.Typer(no_args_is_help=True, help="Read published tables, or our own records from elsewhere.")
for _reading in (importing.timm, importing.records):
    _imports.command()(_interruptible(_reading))
app.add_typer(_imports, name="import")


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the version and exit.")) -> None:
    if version:
        import scalebench

        print(scalebench.__version__)  # noqa: T201 - the answer
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
