"""Published accuracies of pretrained weights, joined to models at a resolution: one model has many sets of weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scalebench.store.csvtable import read_csv

_COLUMNS = ("model", "img_size", "top1", "top5")
Place = tuple[str, int]
"""Model without tag, and resolution."""


@dataclass(frozen=True)
class Weights:
    """One set of pretrained weights, tested at one resolution.

    Attributes:
        model: timm's architecture.
        tag: of the weights, ``a1_in1k``; empty where the table has none.
        resolution: side of the test images, pixels.
        top1, top5: per cent.
        crop: share of the resized image that was used; None where the table does not say.
    """

    model: str
    tag: str
    resolution: int
    top1: float
    top5: float
    crop: float | None = None


@dataclass(frozen=True)
class Joined:
    """Accuracies that belong to one benchmarked model at one resolution.

    Attributes:
        model: as the benchmark has it.
        resolution: pixels.
        weights: best top-1 first; empty where the table has none for this model at this size.
        elsewhere: other sizes at which the table has this model; empty where it has this one.
    """

    model: str
    resolution: int
    weights: tuple[Weights, ...]
    elsewhere: tuple[int, ...] = ()

    @property
    def best(self) -> Weights | None:
        """The weights with the highest top-1; the tag names their training data."""
        return self.weights[0] if self.weights else None


def read_accuracies(path: Path) -> tuple[Weights, ...]:
    """Read one of timm's ``results-*.csv``.

    Raises:
        StoreError: it is not such a table, or a cell is invalid; with file, line and column.
    """
    table = read_csv(path, _COLUMNS)
    weights = []
    for line, row in table.rows.items():
        model, _, tag = row["model"].partition(".")
        size, top1, top5 = table.whole(line, "img_size"), table.number(line, "top1"), table.number(line, "top5")
        if size is None or top1 is None or top5 is None:
            raise table.error(line, "img_size" if size is None else "top1" if top1 is None else "top5", "is empty")
        if max(top1, top5) > 100:
            raise table.error(line, "top1" if top1 > 100 else "top5", "is above 100 %")
        weights.append(Weights(model, tag, size, top1, top5, table.number(line, "crop_pct")))
    return tuple(weights)


def join(places: Iterable[Place], weights: Iterable[Weights]) -> tuple[Joined, ...]:
    """Find the accuracies of each model at its resolution; each place once, in the order given.

    A benchmark that names no weights joins to all of its architecture; one that does, ``resnet50.a1_in1k``, to those.
    """
    by_model: dict[str, list[Weights]] = {}
    for entry in weights:
        by_model.setdefault(entry.model, []).append(entry)
    return tuple(_joined(model, resolution, by_model) for model, resolution in dict.fromkeys(places))


def _joined(model: str, resolution: int, by_model: dict[str, list[Weights]]) -> Joined:
    architecture, _, tag = model.partition(".")
    weights = [entry for entry in by_model.get(architecture, ()) if not tag or entry.tag == tag]
    at_size = sorted((entry for entry in weights if entry.resolution == resolution), key=lambda entry: -entry.top1)
    sizes = () if at_size else tuple(sorted({entry.resolution for entry in weights}))
    return Joined(model, resolution, tuple(at_size), sizes)
