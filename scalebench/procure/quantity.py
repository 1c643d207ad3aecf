"""Quantity: a number of a purchase plan with its range, unit, source, date and standing."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from scalebench.suite.strict import StrictModel

QuantityStatus = Literal["fact", "measured", "assumed", "derived"]


class Quantity(StrictModel):
    """One leaf of a plan: written as a bare number, or as a mapping with at least value and unit.

    A bare number is an assumption without a range. The four standings are never mixed: a fact is printed somewhere, a
    measured value comes from a run, an assumption is the user's, a derived one has a formula.
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
        """Lower end of its range; the value where it has none."""
        return self.value if self.low is None else self.low

    @property
    def most(self) -> float:
        """Upper end of its range; the value where it has none."""
        return self.value if self.high is None else self.high

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "number"}, handler(core)]}


def _written(unit: str) -> BeforeValidator:
    def read(leaf: Any) -> Any:
        if isinstance(leaf, (int, float)) and not isinstance(leaf, bool):
            return {"value": leaf, "unit": unit}
        if isinstance(leaf, dict):
            if unit and not leaf.get("unit"):
                raise ValueError(f"unit is missing: this key is in {unit}")
            if str(leaf.get("unit") or "") != unit:
                raise ValueError(f"this key is in {unit or 'no unit'}, not in {leaf['unit']}")
        return leaf

    return BeforeValidator(read)


def _within(least: float, most: float = float("inf"), *, above: bool = False) -> AfterValidator:
    def check(leaf: Quantity) -> Quantity:
        if leaf.least < least or leaf.most > most or (above and leaf.least <= least):
            least_text = f"above {least:g}" if above else f"at least {least:g}"
            raise ValueError(f"has to be {least_text}" + (f" and at most {most:g}" if most < float("inf") else ""))
        return leaf

    return AfterValidator(check)


ImagesPerSecond = Annotated[Quantity, _written("img/s"), _within(0, above=True)]
Milliseconds = Annotated[Quantity, _written("ms"), _within(0)]
Watts = Annotated[Quantity, _written("W"), _within(0)]
Years = Annotated[Quantity, _written("years"), _within(0, above=True)]
Money = Annotated[Quantity, _written("currency"), _within(0)]
MoneyPerYear = Annotated[Quantity, _written("currency/year"), _within(0)]
MoneyPerHour = Annotated[Quantity, _written("currency/h"), _within(0, above=True)]
MoneyPerKwh = Annotated[Quantity, _written("currency/kWh"), _within(0)]
GramsPerKwh = Annotated[Quantity, _written("g/kWh"), _within(0)]
Share = Annotated[Quantity, _written(""), _within(0, 1)]
Utilisation = Annotated[Quantity, _written(""), _within(0, 1, above=True)]
Growth = Annotated[Quantity, _written("1/year"), _within(-0.9, 10)]
Rate = Annotated[Quantity, _written("1/year"), _within(0, 1)]
Pue = Annotated[Quantity, _written(""), _within(1)]
