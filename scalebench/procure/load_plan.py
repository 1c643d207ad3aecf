"""YAML text -> PurchasePlan. Every refusal names file, line and key, and the nearest valid word."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from scalebench.errors import PlanError, ScalebenchError, did_you_mean
from scalebench.procure.purchase_plan import Buy, PurchasePlan, Rent
from scalebench.suite.located import Located, Location, parse_yaml, read_text
from scalebench.suite.variant import parse_at

_KINDS: dict[str | int, type[BaseModel]] = {"buy": Buy, "rent": Rent}
"""Branches of an offer, which pydantic's locations name and the file does not."""


@dataclass(frozen=True)
class PlanFile:
    """A plan with the text it came from, so that later refusals can still name the line.

    Attributes:
        plan: the validated content.
        source: the file and its lines.
    """

    plan: PurchasePlan
    source: Located

    @property
    def runs(self) -> tuple[Path, ...]:
        """Files and folders of records; in the plan they are relative to its own folder."""
        return tuple(Path(self.source.path).parent / run for run in self.plan.runs)

    def error(self, location: Location, message: str, hint: str = "") -> ScalebenchError:
        """Error at a key of this file: ``plans/x.yaml:12: nodes[0].machine: message``."""
        return self.source.error(location, message, hint)


def load_plan(path: str | Path) -> PlanFile:
    """Read and validate a purchase plan.

    Raises:
        PlanError: with file, line, key, and the nearest valid word where there is one.
    """
    text = read_text(Path(path), PlanError, "plans/example.yaml is one")
    source = parse_yaml(str(path), text, dict, PlanError)
    try:
        file = PlanFile(PurchasePlan.model_validate(source.plain()), source)
    except ValidationError as error:
        raise source.explain(error, _known_keys, _in_file) from None
    for problem in _problems(file):
        raise problem
    return file


def _problems(file: PlanFile) -> Iterator[ScalebenchError]:
    """What does not fit together, or to what is on the disk."""
    plan = file.plan
    for at, offer in enumerate(plan.offers):
        yield from _unknown(file, ("offers", at, "node"), offer.node, [node.id for node in plan.nodes])
    measured = [node.id for node in plan.nodes if node.estimate is None]
    for at, node in enumerate(plan.nodes):
        if node.estimate is not None:
            yield from _unknown(file, ("nodes", at, "estimate", "from"), node.estimate.from_, measured, "measured ")
    for name in plan.workload.accuracy.values if plan.workload.accuracy else ():
        try:
            sized = parse_at(name)[1] is not None
        except ScalebenchError:
            sized = False
        if not sized:
            yield file.error(
                ("workload", "accuracy", "values", name), "is not written model@resolution", "such as resnet50@224"
            )
    for at, path in enumerate(file.runs):
        if not path.exists():
            yield file.error(("runs", at), f"{path}: no such file or folder", "paths are relative to the plan file")


def _unknown(
    file: PlanFile, location: Location, name: str, known: Collection[str], which: str = ""
) -> Iterator[ScalebenchError]:
    if name not in known:
        hint = did_you_mean(name, known) or f"{which}nodes here: {', '.join(known) or 'none'}"
        yield file.error(location, f"no {which}node is called {name!r}", hint)


def _in_file(loc: Location) -> Location:
    """Pydantic's location without the kind of an offer."""
    return (*loc[:2], *loc[3:]) if loc[:1] == ("offers",) else loc


def _known_keys(loc: Location) -> list[str]:
    """Keys that are valid in the mapping a location points into."""
    model: type[BaseModel] = PurchasePlan
    for step in loc:
        if model in _KINDS.values() and step in _KINDS:
            model = _KINDS[step]
            continue
        field = next((f for name, f in model.model_fields.items() if step in (name, f.alias)), None)
        model = (_inside(field.annotation) if field else None) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _inside(annotation: Any) -> type[BaseModel] | None:
    """The first model that an annotation names: that of a list's or a mapping's entries too."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_inside, get_args(annotation))), None)
