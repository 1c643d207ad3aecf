"""scalebench schema: JSON Schema of the files users write."""

from __future__ import annotations

from enum import Enum

import typer


class Kind(str, Enum):
    """Files that have a schema."""

    suite = "suite"
    claims = "claims"


def schema(
    kind: Kind = typer.Argument(help="Which file's schema."),
    json_: bool = typer.Option(False, "--json", help="Accepted for symmetry: the schema is JSON already."),
) -> None:
    """Print the JSON Schema of a suite file or a file of claims, for editors and checkers."""
    from scalebench.claims.registry import claims_schema
    from scalebench.cli.output import print_json
    from scalebench.suite.schema import json_schema

    del json_
    print_json(json_schema() if kind is Kind.suite else claims_schema())
