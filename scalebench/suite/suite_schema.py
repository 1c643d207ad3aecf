"""Suite: the pydantic models of a suite file, and its JSON Schema for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Discriminator,
    Field,
    PositiveInt,
    Tag,
    model_validator,
)

from scalebench.suite.case import AXES
from scalebench.suite.decoder_table import DECODERS, camera_size
from scalebench.suite.device_kinds import ACCELERATOR, DeviceKind, kind_of
from scalebench.suite.families import FAMILIES
from scalebench.suite.labelled_entry import DataEntry
from scalebench.suite.located import Location
from scalebench.suite.own_entries import OWN_ENTRIES, OwnEntry, as_list
from scalebench.suite.protocol import PROTOCOLS, Protocol
from scalebench.suite.scaling import RULES
from scalebench.suite.strict import Pixels, StrictModel
from scalebench.suite.study_entry import StudyEntry
from scalebench.suite.suite_grid import DeviceGrid, Exclude, Grid, KindName

if TYPE_CHECKING:  # a type checker cannot read the words out of the tables
    Method = str
    Decoder = str
    ProtocolName = str
    Precision = str
    Runtime = str
else:
    Method, Decoder, ProtocolName = Literal[tuple(RULES)], Literal[tuple(DECODERS)], Literal[tuple(PROTOCOLS)]
    Precision, Runtime = Literal[AXES["precision"].values], Literal[AXES["runtime"].values]


class _Sized(StrictModel):
    """An entry whose resolutions are listed, or are the native ones."""

    resolution: list[Pixels] | None = Field(None, min_length=1, description="input sizes, pixels")
    at: Literal["native"] | None = Field(None, description="the paper's input size, else timm's default")
    weights: str | None = Field(
        None, min_length=1, description="timm, timm:TAG, a file or an installed package; default: random"
    )

    @model_validator(mode="after")
    def _size_given_once(self) -> _Sized:
        if self.resolution is not None and self.at is not None:
            raise ValueError("give resolution or at, not both")
        return self


class TimmModels(_Sized):
    """Models by timm name; globs allowed."""

    timm: list[str] = Field(
        min_length=1,
        description="timm model names or globs, variants such as resnet50[d=2], or dense models such as unet:resnet50",
    )


class FamilyModels(_Sized):
    """All members of one family."""

    family: str = Field(description=f"family name: {', '.join(FAMILIES)}")


class PublishedModels(StrictModel):
    """Every model that published tables print and timm can build, at its printed input size."""

    published: list[str] = Field(min_length=1, description="tables of scalebench/data/published_sources.csv, or globs")


class NearTarget(StrictModel):
    """A target to be chosen: the multiple closest to ``near`` that the method with the coarsest steps reaches."""

    near: float = Field(gt=1, le=100, description="about this multiple of the base's counted MACs")


Target = Annotated[
    Annotated[float, Field(gt=1, le=100), Tag("number")] | Annotated[NearTarget, Tag("near")],
    Discriminator(lambda value: "near" if isinstance(value, (dict, NearTarget)) else "number"),
]


class ScaledModels(StrictModel):
    """Variants of one base along one or several axes, at nominal factors or at counted targets."""

    scale: str = Field(description="base model, a timm name or a variant of one")
    by: list[Method] = Field(min_length=1, description="scaling methods")
    factor: list[Annotated[float, Field(ge=0.01, le=100)]] | None = Field(
        None,
        min_length=1,
        description="nominal MACs factors d*w^2*r^2; rounding moves the counted factor away",
    )
    target: Annotated[list[Target], BeforeValidator(as_list, list[Target] | Target)] | None = Field(
        None,
        min_length=1,
        description="counted MACs as multiples of the base's, matched within the tolerance; {near: 6} takes the "
        "multiple near 6 that all methods reach",
    )
    unreachable: Literal["refuse", "skip"] = Field(
        "refuse", description="what a method that cannot hit a target does: refuse the suite, or leave its variant out"
    )
    tolerance: float = Field(0.02, gt=0, le=0.5, description="largest relative residual of a matched variant")
    resolution: Pixels | None = Field(None, description="input size of the base, pixels; default native")

    @model_validator(mode="after")
    def _factor_or_target(self) -> ScaledModels:
        if (self.factor is None) == (self.target is None):
            raise ValueError("give factor (nominal) or target (counted), one of the two")
        return self


def _is_camera(camera: str) -> str:
    camera_size(camera)
    return camera


class InputImages(StrictModel):
    """What comes before a model: decoding, resizing and normalising photographs on the CPU; the grid does not apply."""

    input: list[Decoder] = Field(min_length=1, description="decoders")
    camera: list[Annotated[str, AfterValidator(_is_camera)]] = Field(
        min_length=1, description="sizes of the photographs, WIDTHxHEIGHT in pixels, such as 4000x3000"
    )
    resolution: list[Pixels] = Field(min_length=1, description="sides after resizing, pixels")
    workers: list[PositiveInt] | None = Field(
        None, min_length=1, description="processes at once; default 1, and as many as this process may use cores"
    )


def _kind_of_entry(entry: Any) -> str | None:
    if isinstance(entry, dict):
        kinds = [kind for kind in ENTRY_KINDS if kind in entry]
        return kinds[0] if len(kinds) == 1 else None
    return next((kind for kind, model in ENTRY_KINDS.items() if isinstance(entry, model)), None)


ENTRY_KINDS: dict[str, type[BaseModel]] = {
    "timm": TimmModels,
    "family": FamilyModels,
    "scale": ScaledModels,
    "published": PublishedModels,
    "input": InputImages,
    **OWN_ENTRIES,
}

ModelEntry = Annotated[
    Annotated[TimmModels, Tag("timm")]
    | Annotated[FamilyModels, Tag("family")]
    | Annotated[ScaledModels, Tag("scale")]
    | Annotated[PublishedModels, Tag("published")]
    | Annotated[InputImages, Tag("input")]
    | OwnEntry,
    Discriminator(
        _kind_of_entry,
        custom_error_type="models_entry",
        custom_error_message=f"an entry needs exactly one of {', '.join(ENTRY_KINDS)}",
    ),
]


ProtocolOrName = Annotated[
    Annotated[ProtocolName, Tag("name")] | Annotated[Protocol, Tag("phases")],
    Discriminator(lambda value: "name" if isinstance(value, str) else "phases"),
]


class LimitsEntry(StrictModel):
    """Limits of a case; the report lists the models and resolutions within them."""

    latency_ms: float | None = Field(None, gt=0, description="longest latency of a batch, milliseconds")
    memory_mib: float | None = Field(None, gt=0, description="most memory beyond the libraries, MiB")
    batch: PositiveInt = Field(1, description="images per forward pass that this is about")

    @model_validator(mode="after")
    def _limits_something(self) -> LimitsEntry:
        if self.latency_ms is None and self.memory_mib is None:
            raise ValueError("give latency_ms or memory_mib")
        return self


class SceneEntry(StrictModel):
    """What one image shows, and the smallest detail to be recognised in it."""

    field_of_view_mm: float = Field(gt=0, description="width of what an image shows, millimetres")
    detail_mm: float = Field(gt=0, description="width of the smallest detail, millimetres")


class Suite(StrictModel):
    """A whole suite file."""

    schema_number: Literal[1] = Field(alias="schema", description="format of this file")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_\-]{0,63}$", description="names the folder and files of its results")
    title: str = Field("", max_length=200)
    models: list[ModelEntry] = Field(min_length=1)
    grid: Grid = Field(default_factory=lambda: Grid.model_validate({}))
    grid_on: dict[KindName, DeviceGrid] = Field(
        {},
        description="axes with other values on one kind of device, by its name; accelerator: on every kind but the CPU "
        "that has no entry of its own",
    )
    exclude: list[Exclude] = Field([])
    data: DataEntry | None = Field(None, description="labelled images, for modes accuracy and probe, and for int8")
    protocol: ProtocolOrName = "standard"
    budget_min: float | None = Field(None, gt=0, description="most minutes of measuring; a run's --budget replaces it")
    limits: LimitsEntry | None = Field(None, description="limits of the cases")
    scene: SceneEntry | None = Field(None, description="what the camera sees")
    study: StudyEntry | None = Field(None, description="of mode training_study: sizes and images")
    claims: list[str] = Field([], description="claim ids or globs, or all, counted, measured")

    def axes_on(self, kind: DeviceKind) -> dict[str, list[Any]]:
        """Values of every axis on a kind of device, in the order of the grid's fields."""
        values: dict[str, list[Any]] = dict(self.grid)
        entries = {kind_of(name).device_type: entry for name, entry in self.grid_on.items() if name != ACCELERATOR}
        entry = entries.get(kind.device_type) or (None if kind.on_host else self.grid_on.get(ACCELERATOR))
        return values | {name: getattr(entry, name) for name in (entry.model_fields_set if entry else ())}

    def values(self, axis: str) -> dict[Location, list[Any]]:
        """Values of an axis wherever the file lists them, by the keys there."""
        places: dict[Location, DeviceGrid] = {("grid", axis): self.grid}
        places |= {("grid_on", kind, axis): own for kind, own in self.grid_on.items() if axis in own.model_fields_set}
        return {keys: getattr(entry, axis) for keys, entry in places.items()}

    @property
    def timing(self) -> Protocol:
        """The protocol in force, whether named or spelled out."""
        return PROTOCOLS[self.protocol] if isinstance(self.protocol, str) else self.protocol


def json_schema() -> dict[str, Any]:
    """JSON Schema of a suite file, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Suite.model_json_schema(by_alias=True),
    }
