"""YAML text -> PurchasePlan. Every refusal names file, line and key, and the nearest valid word."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from scalebench.errors import PlanError, ScalebenchError, did_you_mean
from scalebench.procure.purchase_plan import Buy, PurchasePlan, Rent
from scalebench.suite.located import Located, Location, keys_at, parse_yaml, read_text
from scalebench.suite.variant import parse_at


@dataclass(frozen=True)
class PlanFile:
    """A validated plan with its text, so that later refusals can still name the line."""

    plan: PurchasePlan
    source: Located

    @property
    def runs(self) -> tuple[Path, ...]:
        """Files and folders of records; in the plan they are relative to its own folder."""
        return tuple(Path(self.source.path).parent / run for run in self.plan.runs)

    @property
    def accuracies(self) -> Path | None:
        """File or folder of the records that accuracies are read from."""
        accuracy = self.plan.workload.accuracy
        return Path(self.source.path).parent / accuracy.from_ if accuracy and accuracy.from_ else None

    def error(self, location: Location, message: str, hint: str = "") -> ScalebenchError:
        """Error at a key of this file: ``plans/x.yaml:12: nodes[0].machine: message``."""
        return self.source.error(location, message, hint)


def load_plan(path: str | Path) -> PlanFile:
    """Read and validate a purchase plan.

    Raises:
        PlanError: with file, line, key, and the nearest valid word if there is one.
    """
    text = read_text(Path(path), PlanError, "see plans/example.yaml")
    source = parse_yaml(str(path), text, dict, PlanError)
    try:
        file = PlanFile(PurchasePlan.model_validate(source.plain()), source)
    except ValidationError as error:
        raise source.explain(error, _keys, _in_file) from None
    for problem in _problems(file):
        raise problem
    return file


def _problems(file: PlanFile) -> Iterator[ScalebenchError]:
    """References to nodes and files that do not exist, and names that cannot be read."""
    plan = file.plan
    for index, offer in enumerate(plan.offers):
        yield from _unknown(file, ("offers", index, "node"), offer.node, [node.id for node in plan.nodes])
    measured = [node.id for node in plan.nodes if node.estimate is None]
    for index, node in enumerate(plan.nodes):
        if node.estimate is not None:
            yield from _unknown(file, ("nodes", index, "estimate", "from"), node.estimate.from_, measured, "measured ")
    for name in plan.workload.accuracy.values if plan.workload.accuracy else ():
        try:
            has_resolution = parse_at(name)[1] is not None
        except ScalebenchError:
            has_resolution = False
        if not has_resolution:
            location = ("workload", "accuracy", "values", name)
            yield file.error(location, "is not written model@resolution", "such as resnet50@224")
    paths: dict[Location, Path] = {("runs", index): path for index, path in enumerate(file.runs)}
    if file.accuracies is not None:
        paths[("workload", "accuracy", "from")] = file.accuracies
    for keys, path in paths.items():
        if not path.exists():
            yield file.error(keys, f"{path}: no such file or folder", "paths are relative to the plan file")


def _unknown(
    file: PlanFile, location: Location, name: str, nodes: Collection[str], which: str = ""
) -> Iterator[ScalebenchError]:
    if name not in nodes:
        hint = did_you_mean(name, nodes) or f"{which}nodes here: {', '.join(nodes) or 'none'}"
        yield file.error(location, f"no {which}node is called {name!r}", hint)


def _in_file(location: Location) -> Location:
    """Pydantic's location without the kind of an offer."""
    return (*location[:2], *location[3:]) if location[:1] == ("offers",) else location


def _keys(location: Location) -> list[str]:
    return keys_at(PurchasePlan, location, {"buy": Buy, "rent": Rent})
