"""The grid of a suite file: axes with their values, those of single kinds of devices, and what is left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PositiveInt, WithJsonSchema, create_model, field_validator, model_validator

from scalebench.suite.axes import Axis
from scalebench.suite.case import AXES
from scalebench.suite.device_kinds import ACCELERATOR, AUTO, DEVICE_WORDS, KINDS, is_device, known_kind
from scalebench.suite.strict import StrictModel


def _is_device(word: str) -> str:
    if not is_device(word):
        raise ValueError(f"{word!r} is no device; write {DEVICE_WORDS}")
    return word


Device = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(:[0-9]+)?$"), AfterValidator(_is_device)]
DeviceOrAuto = Annotated[str, AfterValidator(lambda word: word if word == AUTO else _is_device(word)),
                         Field(description=DEVICE_WORDS)]  # fmt: skip


def _is_kind(name: str) -> str:
    if name != ACCELERATOR and known_kind(name) is None:
        raise ValueError(f"{name!r} is no kind of device; write {ACCELERATOR} or {', '.join(KINDS)}")
    return name


KindName = Annotated[str, AfterValidator(_is_kind)]


def _number_or(words: tuple[str, ...]) -> Any:
    """A positive number or a word; one mistake, where a union of two types would report two."""

    def check(value: Any) -> Any:
        if value in words or (type(value) is int and value > 0):
            return value
        raise ValueError(f"{value!r} is no number greater than 0, nor {' or '.join(words)}")

    forms = [{"type": "integer", "exclusiveMinimum": 0}, {"type": "string", "enum": list(words)}]
    return Annotated[Any, AfterValidator(check), WithJsonSchema({"anyOf": forms})]


def _type_of(row: Axis) -> Any:
    """Type of one value of an axis."""
    if row.searches:
        return _number_or(row.searches)
    return Literal[row.values] if isinstance(row.values, tuple) else PositiveInt if row.values is int else bool


def _model_of_axes(name: str, field_of: Callable[[Axis], tuple[Any, Any]]) -> type[StrictModel]:
    """Model with a field for every axis of the table but device and threads, whose words depend on the machine."""
    fields: dict[str, Any] = {axis: field_of(row) for axis, row in AXES.items() if row.values is not None}
    return create_model(name, __base__=StrictModel, **fields)


_GridAxes = _model_of_axes(
    "_GridAxes",
    lambda row: (list[_type_of(row)], Field([row.listed], min_length=1, description=row.description)),  # type: ignore[misc]
)
_ExcludeAxes = _model_of_axes("_ExcludeAxes", lambda row: (_type_of(row) | None, None))


class DeviceGrid(_GridAxes):  # type: ignore[valid-type,misc]  # made at run time
    """Axes that have other values than those of ``grid`` on one kind of device; only what is given counts."""

    @field_validator("*")
    @classmethod
    def _each_once(cls, values: list[Any]) -> list[Any]:
        twice = next((value for value in values if values.count(value) > 1), None)
        if twice is not None:
            raise ValueError(f"duplicate case: {twice!r} is listed twice")
        return values


class Grid(DeviceGrid):
    """Configurations to run every model in: the product of all axes."""

    threads: list[PositiveInt | Literal["auto"]] = Field(
        ["auto"],
        min_length=1,
        description="intra-operator CPU threads of each copy; auto: the cores this process may use, shared out",
    )
    device: list[DeviceOrAuto] = Field([AUTO], min_length=1)


class Exclude(_ExcludeAxes):  # type: ignore[valid-type,misc]  # made at run time
    """Drops the cases that fit every key given; ``model`` is a glob over written names."""

    model: str | None = None
    resolution: PositiveInt | None = None
    device: Device | None = None
    threads: PositiveInt | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _has_a_value(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("has no value")
        return value

    @model_validator(mode="after")
    def _names_a_key(self) -> Exclude:
        if not self.model_fields_set:
            raise ValueError("an empty exclude would drop every case; name at least one key")
        return self
