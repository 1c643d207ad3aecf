"""scalebench suite-for: the smallest suite that decides the claims named."""

from __future__ import annotations

import shlex
from pathlib import Path

import typer

from scalebench.claims.registry import select_claims, with_file
from scalebench.claims.smallest_suite import as_yaml
from scalebench.claims.smallest_suite import suite_for as smallest_suite
from scalebench.cli.output import print_json
from scalebench.errors import SuiteError


def suite_for(
    ids: list[str] = typer.Argument(
        metavar="CLAIM...", help="Ids or globs of claims, as scalebench claims lists them."
    ),
    name: str = typer.Option("", help="Name of the suite; default made of the ids."),
    out: Path | None = typer.Option(None, "-o", "--out", help="File to write; default prints the suite."),
    file: Path | None = typer.Option(None, "--claims", help="File of your own claims beside the shipped ones."),
    json_: bool = typer.Option(False, "--json", help="Print the suite as JSON."),
) -> None:
    """Write the smallest suite that decides the named claims, under their source's conditions where a suite can."""
    chosen = select_claims(ids, with_file(file))
    suite = smallest_suite(chosen, name or _name(ids))
    for claim in chosen:
        if claim.cannot:
            typer.echo(f"note: {claim.id} is left out: {claim.cannot}", err=True)
    if json_:
        print_json(suite)
        return
    text = as_yaml(suite, f"scalebench suite-for {shlex.join(ids)}")
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as target:  # an older suite of that name may be somebody's work
            target.write(text)
    except FileExistsError:
        raise SuiteError(f"{out} is there already", "name another file with --out") from None
    except OSError as error:
        raise SuiteError(f"{out} cannot be written: {error.strerror}") from None
    typer.echo(f"{out}: scalebench run {out} decides {', '.join(suite['claims'])}")


def _name(ids: list[str]) -> str:
    stem = "".join(c if c.isalnum() else "_" for c in "_".join(ids).lower()).strip("_")
    return stem[:60] or "claims"
