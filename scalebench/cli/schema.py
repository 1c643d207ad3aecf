"""scalebench schema: JSON Schema of the files users write."""

from __future__ import annotations

from enum import Enum

import typer

from scalebench.claims.registry import claims_schema
from scalebench.cli.output import print_json
from scalebench.procure.purchase_plan import plan_schema
from scalebench.suite.suite_schema import json_schema


class Kind(str, Enum):
    """Files that have a schema."""

    suite = "suite"
    claims = "claims"
    procure = "procure"


def schema(
    kind: Kind = typer.Argument(help="Which file's schema."),
    json_: bool = typer.Option(False, "--json", help="Accepted for symmetry: the schema is JSON already."),
) -> None:
    """Print the JSON Schema of a suite file, a file of claims or a purchase plan, for editors and checkers."""
    del json_
    print_json({Kind.suite: json_schema, Kind.claims: claims_schema, Kind.procure: plan_schema}[kind]())
