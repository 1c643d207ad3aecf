"""Quantity: a number of a plan with its range, unit, source, date and status; and all of a plan by their paths.

Paths let the same formulas run on the plan's values, on the ends of a range, and on thousands of draws.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from scalebench.suite.strict import StrictModel

Number = float | np.ndarray
Inputs = Mapping[str, Number]
"""Values by path, ``site.pue`` or ``offers.buy-a.capex``: numbers, or arrays of equal length, one entry per draw."""
Plan = TypeVar("Plan", bound=BaseModel)
QuantityStatus = Literal["fact", "measured", "assumed", "derived"]


class Quantity(StrictModel):
    """A number, written bare (an assumption without a range) or as a mapping with at least value and unit.

    Status: a fact is published, a measured value comes from a run, an assumption is the user's, a derived value was
    calculated.
    """

    value: float
    low: float | None = None
    high: float | None = None
    unit: str = ""
    source: str = ""
    date: dt.date | None = None
    status: QuantityStatus = "assumed"

    @model_validator(mode="after")
    def _in_order(self) -> Quantity:
        if not self.least <= self.value <= self.most:
            raise ValueError(f"low {self.least:g}, value {self.value:g} and high {self.most:g} are not in order")
        return self

    @property
    def least(self) -> float:
        """Lower end of the range; the value if there is none."""
        return self.value if self.low is None else self.low

    @property
    def most(self) -> float:
        """Upper end of the range; the value if there is none."""
        return self.value if self.high is None else self.high

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "number"}, handler(core)]}


def _in_unit(unit: str) -> BeforeValidator:
    def parse(content: Any) -> Any:
        if isinstance(content, (int, float)) and not isinstance(content, bool):
            return {"value": content, "unit": unit}
        if isinstance(content, dict):
            if unit and not content.get("unit"):
                raise ValueError(f"unit is missing: this key is in {unit}")
            if str(content.get("unit") or "") != unit:
                raise ValueError(f"this key is in {unit or 'no unit'}, not in {content['unit']}")
        return content

    return BeforeValidator(parse)


def _within(least: float, most: float = float("inf"), *, above: bool = False) -> AfterValidator:
    def check(quantity: Quantity) -> Quantity:
        if quantity.least < least or quantity.most > most or (above and quantity.least <= least):
            least_text = f"above {least:g}" if above else f"at least {least:g}"
            raise ValueError(f"has to be {least_text}" + (f" and at most {most:g}" if most < float("inf") else ""))
        return quantity

    return AfterValidator(check)


ImagesPerSecond = Annotated[Quantity, _in_unit("img/s"), _within(0, above=True)]
Milliseconds = Annotated[Quantity, _in_unit("ms"), _within(0)]
Watts = Annotated[Quantity, _in_unit("W"), _within(0)]
Years = Annotated[Quantity, _in_unit("years"), _within(0, above=True)]
Money = Annotated[Quantity, _in_unit("currency"), _within(0)]
MoneyPerYear = Annotated[Quantity, _in_unit("currency/year"), _within(0)]
MoneyPerHour = Annotated[Quantity, _in_unit("currency/h"), _within(0, above=True)]
MoneyPerKwh = Annotated[Quantity, _in_unit("currency/kWh"), _within(0)]
GramsPerKwh = Annotated[Quantity, _in_unit("g/kWh"), _within(0)]
Share = Annotated[Quantity, _in_unit(""), _within(0, 1)]
Utilisation = Annotated[Quantity, _in_unit(""), _within(0, 1, above=True)]
Growth = Annotated[Quantity, _in_unit("1/year"), _within(-0.9, 10)]
Rate = Annotated[Quantity, _in_unit("1/year"), _within(0, 1)]
Pue = Annotated[Quantity, _in_unit(""), _within(1)]


def quantities(plan: BaseModel) -> dict[str, Quantity]:
    """Every quantity of the plan by its path; entries of lists go by their id."""
    by_path: dict[str, Quantity] = {}

    def collect(path: str, quantity: Quantity) -> Quantity:
        return by_path.setdefault(path, quantity)

    _mapped("", plan, collect)
    return by_path


def point(plan: BaseModel) -> dict[str, Number]:
    """The plan's own values by path."""
    return {path: quantity.value for path, quantity in quantities(plan).items()}


def draws(plan: BaseModel, count: int, seed: int) -> dict[str, Number]:
    """``count`` independent triangular draws of every quantity with a range; the others keep their value."""
    rng = np.random.default_rng(seed)
    return {
        path: rng.triangular(q.least, q.value, q.most, count) if q.least < q.most else q.value
        for path, q in sorted(quantities(plan).items())
    }


def with_value(plan: Plan, path: str, value: float) -> Plan:
    """The plan with another value, without a range, at one path; validators do not run again."""

    def change(at: str, quantity: Quantity) -> Quantity:
        return quantity.model_copy(update={"value": value, "low": None, "high": None}) if at == path else quantity

    changed: Plan = _mapped("", plan, change)
    return changed


def _mapped(path: str, node: Any, change: Callable[[str, Quantity], Quantity]) -> Any:
    """A copy of a model, list or mapping with every quantity in it replaced."""
    if isinstance(node, Quantity):
        return change(path, node)
    if isinstance(node, BaseModel):
        start = f"{path}." if path else ""
        inner = {name: _mapped(f"{start}{name}", getattr(node, name), change) for name in type(node).model_fields}
        return node.model_copy(update=inner)
    if isinstance(node, Mapping):
        return {name: _mapped(f"{path}.{name}", child, change) for name, child in node.items()}
    if isinstance(node, list):
        return [_mapped(f"{path}.{getattr(child, 'id', '')}", child, change) for child in node]
    return node
