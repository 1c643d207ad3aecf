"""scalebench models: what can be named in a suite."""

from __future__ import annotations

from fnmatch import fnmatchcase

import typer

from scalebench.cli.output import print_json, print_table
from scalebench.errors import UnknownNameError
from scalebench.execute.client import Worker
from scalebench.execute.counting import Paper
from scalebench.execute.planner import catalogue
from scalebench.suite.dense import KINDS
from scalebench.suite.families import FAMILIES
from scalebench.suite.own_kinds import OWN_KINDS
from scalebench.suite.select_models import matching_variants, native


def models(
    pattern: str = typer.Argument("*", help="Glob over model names, quoted: 'efficientnet_b*'."),
    families: bool = typer.Option(False, "--families", help="List families with their members, instead of models."),
    json_: bool = typer.Option(False, "--json", help="Print a JSON list."),
) -> None:
    """List the models that can be named, with their native resolutions; with --families, the families."""
    if families:
        _families(pattern, json_)
        return
    with Worker() as worker:
        available = catalogue(Paper(worker))
    sizes = [
        (
            variant.name,
            native(variant, available),
            available[variant.base].resolution if variant.base in available else None,
        )
        for variant in matching_variants(pattern, available)
    ]
    if json_:
        print_json([{"model": n, "native_resolution": p, "timm_resolution": t} for n, p, t in sizes])
        return
    rows = [(name, str(pixels), "-" if default is None else str(default)) for name, pixels, default in sizes]
    print_table(f"{len(rows)} models", ["model", ">native, px", ">timm default, px"], rows)
    typer.echo("dense models are written KIND:MODEL, such as unet:resnet50 or effdet:tf_efficientdet_d0")
    for kind, dense in KINDS.items():
        needs = f" (needs {dense.package}: pip install 'scalebench[dense]')" if dense.package else ""
        typer.echo(f"  {kind}: {dense.what}{needs}")
    typer.echo("your own models are named by their files:")
    for kind, own in OWN_KINDS.items():
        typer.echo(f"  {kind}: {own.what}; {own.written}")


def _families(pattern: str, json_: bool) -> None:
    families = {name: members for name, members in FAMILIES.items() if fnmatchcase(name, pattern)}
    if not families:
        raise UnknownNameError(f"no family fits {pattern!r}", f"families: {', '.join(FAMILIES)}")
    if json_:
        print_json([{"family": name, "members": members} for name, members in families.items()])
        return
    rows = [
        (name, ", ".join(f"{model}@{size}" for model, size in members.items())) for name, members in families.items()
    ]
    print_table(f"{len(rows)} families", ["family", "members at their native size, px"], rows)
