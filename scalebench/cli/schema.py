"""scalebench schema: JSON Schema of the files users write."""

from __future__ import annotations

from enum import Enum

import typer


class Kind(str, Enum):
    """Files that have a schema."""

    suite = "suite"


def schema(
    kind: Kind = typer.Argument(help="Which file's schema."),
    json_: bool = typer.Option(False, "--json", help="Accepted for symmetry: the schema is JSON already."),
) -> None:
    """Print the JSON Schema of a suite file, for editors and checkers."""
    from scalebench.cli.output import print_json
    from scalebench.suite.schema import json_schema

    del kind, json_
    print_json(json_schema())
