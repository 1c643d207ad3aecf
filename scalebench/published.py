"""Published figures: one row per printed row of a table, with its source.

The rows are in ``scalebench/data``. Accuracies are published, never measured here. A figure that our own count
contradicts stays as printed; the reason stands in ``discrepancies.csv``.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cache, partial
from importlib.resources import files
from typing import Any, ClassVar, TypeVar


class PrintedFigure(float):
    """A printed number that remembers its last digit: 1.0 stands for 0.95 to 1.05, and 1 for 0.5 to 1.5.

    Attributes:
        half_unit: half a unit of the last printed digit, in the unit of the number.
    """

    def __init__(self, text: str) -> None:
        if not math.isfinite(self):
            raise ValueError(f"{text!r} has no last digit")
        self.half_unit = 0.5 * 10.0 ** int(Decimal(text).as_tuple().exponent)


@dataclass(frozen=True)
class Figure:
    """A printed cost, in the units of ``metrics.METRICS``.

    Attributes:
        quantity: params, macs or activations.
        value: elements, or multiply-adds per image.
        half_unit: half a unit of the last printed digit, in the same unit.
    """

    quantity: str
    value: float
    half_unit: float


@dataclass(frozen=True)
class Source:
    """A table, figure or README.

    Attributes:
        key: name of the source in every other file.
        citation: authors, title word and arXiv number.
        place: table, figure or README.
        version: of the paper, or revision of the repository; ``not recorded`` where it was not noted.
    """

    key: str
    citation: str
    place: str
    version: str


@dataclass(frozen=True)
class PublishedModel:
    """A printed row about a model; None where nothing was printed.

    Attributes:
        table: key of the source.
        name: as printed, with the input size where the table prints a model at several.
        model: timm name or variant; empty where timm cannot build it.
        family: by the papers' own names.
        params_m: millions of parameters.
        flops_g: 1e9 per image, in the convention of the source.
        flops_per_mac: 1 where the source counts multiply-adds, 2 where it counts both operations.
        activations_m: millions of elements per image.
        resolution: input size in pixels.
        top1, top5: ImageNet accuracy in per cent.
        recipe: what sets the training or the test apart; empty where unknown.
        confidence: how the figure was read.
    """

    table: str
    name: str
    model: str
    family: str
    params_m: PrintedFigure | None
    flops_g: PrintedFigure | None
    flops_per_mac: int
    activations_m: PrintedFigure | None
    resolution: int | None
    top1: float | None
    top5: float | None
    recipe: str
    confidence: str

    @property
    def macs(self) -> float | None:
        """Multiply-adds per image."""
        return None if self.flops_g is None else self.flops_g * 1e9 / self.flops_per_mac

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Costs that are printed."""
        return _figures(
            ("params", self.params_m, 1e6),
            ("macs", self.flops_g, 1e9 / self.flops_per_mac),
            ("activations", self.activations_m, 1e6),
        )


@dataclass(frozen=True)
class PublishedVariant:
    """A printed row about a scaled model; None where nothing was printed.

    Attributes:
        table: key of the source.
        base: model that was scaled; a timm name where timm has it.
        method: what was scaled; ``baseline`` for the base itself.
        depth, width, resolution_multiplier: printed multipliers.
        model: written variant, or the timm model that is this variant; empty where neither can be built.
        flops_g: 1e9 multiply-adds per image.
        resolution, top1, confidence: as in ``PublishedModel``.
    """

    flops_per_mac: ClassVar[int] = 1
    table: str
    base: str
    method: str
    depth: float | None
    width: float | None
    resolution_multiplier: float | None
    resolution: int | None
    model: str
    flops_g: PrintedFigure | None
    top1: float | None
    confidence: str

    @property
    def name(self) -> str:
        """What distinguishes this row from the others of its table: ``resnet50[d=4]@224, depth``."""
        size = f"@{self.resolution}" if self.resolution else ""
        return f"{self.model or self.base}{size}, {self.method}"

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Costs that are printed."""
        return _figures(("macs", self.flops_g, 1e9))


@dataclass(frozen=True)
class PublishedLatency:
    """A printed time, throughput or memory; None where nothing was printed.

    Attributes:
        table, name, model: as in ``PublishedModel``.
        hardware, precision: as stated; precision is empty where it was not.
        batch: images per step.
        mode: infer or train, and what part of it.
        value: the figure, in ``unit``.
        images_per_s: computed from value, unit and batch; None where one of them is unknown.
        resolution, confidence: as in ``PublishedModel``.
    """

    table: str
    name: str
    model: str
    hardware: str
    precision: str
    batch: int | None
    mode: str
    resolution: int | None
    value: float
    unit: str
    images_per_s: float | None
    confidence: str


@dataclass(frozen=True)
class Discrepancy:
    """Why a printed figure and our own count differ.

    Attributes:
        table, name, quantity: the printed figure, as in ``Figure``.
        reason: one sentence.
    """

    table: str
    name: str
    quantity: str
    reason: str


Row = TypeVar("Row", Source, PublishedModel, PublishedVariant, PublishedLatency, Discrepancy)


def recountable(row: PublishedModel | PublishedVariant) -> bool:
    """Whether a count can confirm the row: it names a model and a resolution and prints parameters or FLOPs."""
    return bool(row.model and row.resolution) and any(f.quantity != "activations" for f in row.figures)


@cache
def sources() -> dict[str, Source]:
    """Every source by its key."""
    return {source.key: source for source in _load(Source, "published_sources.csv")}


@cache
def models() -> tuple[PublishedModel, ...]:
    """Rows about models as their authors, or a library, publish them."""
    return _load(PublishedModel, "published_models.csv", sources())


@cache
def variants() -> tuple[PublishedVariant, ...]:
    """Rows about one base scaled in several ways."""
    return _load(PublishedVariant, "published_scaling.csv", sources())


@cache
def latencies() -> tuple[PublishedLatency, ...]:
    """Rows about time and memory."""
    return _load(PublishedLatency, "published_latency.csv", sources())


@cache
def discrepancies() -> tuple[Discrepancy, ...]:
    """Reasons for every printed figure that our own count contradicts."""
    return _load(Discrepancy, "discrepancies.csv", sources())


def read_rows(
    kind: type[Row], file: str, lines: Iterable[str], tables: Container[str] | None = None
) -> tuple[Row, ...]:
    """Rows of a table of published figures.

    Args:
        kind: what a row is; its fields are the columns, in this order.
        file: name for messages.
        lines: text of the file.
        tables: keys of the listed sources; None for the table of sources itself.

    Raises:
        ValueError: a column is missing, a number is not one or not positive, or a source is unknown; names file
            and line.
    """
    reader = csv.DictReader(lines)
    columns = [field.name for field in fields(kind)]
    if reader.fieldnames != columns:
        raise ValueError(f"{file}:1: the columns are {reader.fieldnames}, not {columns}")
    return tuple(_row(kind, f"{file}:{reader.line_num}", cells, tables) for cells in reader)


def _load(kind: type[Row], file: str, tables: Container[str] | None = None) -> tuple[Row, ...]:
    text = (files("scalebench.data") / file).read_text(encoding="utf-8")
    return read_rows(kind, file, text.splitlines(), tables)


def _row(kind: type[Row], place: str, cells: dict[str, str], tables: Container[str] | None) -> Row:
    if None in cells or None in cells.values():
        raise ValueError(f"{place}: not as many cells as columns")
    if tables is not None and cells["table"] not in tables:
        raise ValueError(f"{place}: unknown source {cells['table']!r}")
    try:
        values: dict[str, Any] = {f.name: _READ[str(f.type)](cells[f.name]) for f in fields(kind)}
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error
    return kind(**values)


def _positive(number: Callable[[str], float], text: str) -> float:
    value = number(text)
    if not 0 < value < math.inf:
        raise ValueError(f"{text!r} is not a positive number")
    return value


def _optional(number: Callable[[str], float], text: str) -> float | None:
    return _positive(number, text) if text else None


_READ: dict[str, Callable[[str], Any]] = {
    "str": str,
    "int": partial(_positive, int),
    "float": partial(_positive, float),
    "int | None": partial(_optional, int),
    "float | None": partial(_optional, float),
    "PrintedFigure | None": partial(_optional, PrintedFigure),
}
"""How the cells of a field are read, by the field's annotation."""


def _figures(*printed: tuple[str, PrintedFigure | None, float]) -> tuple[Figure, ...]:
    return tuple(Figure(name, n * unit, n.half_unit * unit) for name, n, unit in printed if n is not None)
