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
        crop: share of the resized image that was looked at; None where the table does not say.
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
        elsewhere: sizes at which the table has this model, where not at this one.
    """

    model: str
    resolution: int
    weights: tuple[Weights, ...]
    elsewhere: tuple[int, ...] = ()

    @property
    def best(self) -> Weights | None:
        """The weights with the highest top-1; which data they were trained with is in the tag."""
        return self.weights[0] if self.weights else None


def read_accuracies(path: Path) -> tuple[Weights, ...]:
    """Read one of timm's ``results-*.csv``.

    Raises:
        StoreError: it is no such table, or a cell is not what it should be; with file, line and column.
    """
    table = read_csv(path, _COLUMNS)
    found = []
    for line, row in table.rows.items():
        model, _, tag = row["model"].partition(".")
        size, top1, top5 = table.whole(line, "img_size"), table.number(line, "top1"), table.number(line, "top5")
        if size is None or top1 is None or top5 is None:
            raise table.error(line, "img_size" if size is None else "top1" if top1 is None else "top5", "is empty")
        if max(top1, top5) > 100:
            raise table.error(line, "top1" if top1 > 100 else "top5", "is above 100 %")
        found.append(Weights(model, tag, size, top1, top5, table.number(line, "crop_pct")))
    return tuple(found)


def join(places: Iterable[Place], weights: Iterable[Weights]) -> tuple[Joined, ...]:
    """Find the accuracies of each model at its resolution; each place once, in the order given.

    A benchmark that names no weights joins to all of its architecture; one that does, ``resnet50.a1_in1k``, to those.
    """
    known: dict[str, list[Weights]] = {}
    for one in weights:
        known.setdefault(one.model, []).append(one)
    return tuple(_joined(model, resolution, known) for model, resolution in dict.fromkeys(places))


def _joined(model: str, resolution: int, known: dict[str, list[Weights]]) -> Joined:
    architecture, _, tag = model.partition(".")
    fitting = [one for one in known.get(architecture, ()) if not tag or one.tag == tag]
    here = sorted((one for one in fitting if one.resolution == resolution), key=lambda one: -one.top1)
    return Joined(model, resolution, tuple(here), () if here else tuple(sorted({one.resolution for one in fitting})))
