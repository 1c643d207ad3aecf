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
from scalebench.suite.expand import matching_variants, native
from scalebench.suite.families import FAMILIES


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
        known = catalogue(Paper(worker))
    found = [
        (v.name, native(v, known), known[v.base].resolution if v.base in known else None)
        for v in matching_variants(pattern, known)
    ]
    if json_:
        print_json([{"model": n, "native_resolution": p, "timm_resolution": t} for n, p, t in found])
        return
    columns = [("model", False), ("native, px", True), ("timm default, px", True)]
    print_table(f"{len(found)} models", columns, [(n, str(p), "-" if t is None else str(t)) for n, p, t in found])
    typer.echo("dense models are written KIND:MODEL, such as unet:resnet50 or effdet:tf_efficientdet_d0")
    for kind, dense in KINDS.items():
        needs = f" (needs {dense.package}: pip install 'scalebench[dense]')" if dense.package else ""
        typer.echo(f"  {kind}: {dense.what}{needs}")


def _families(pattern: str, json_: bool) -> None:
    found = {name: members for name, members in FAMILIES.items() if fnmatchcase(name, pattern)}
    if not found:
        raise UnknownNameError(f"no family fits {pattern!r}", f"families: {', '.join(FAMILIES)}")
    if json_:
        print_json([{"family": name, "members": members} for name, members in found.items()])
        return
    rows = [(name, ", ".join(f"{model}@{size}" for model, size in members.items())) for name, members in found.items()]
    print_table(f"{len(found)} families", [("family", False), ("members at their native size, px", False)], rows)
