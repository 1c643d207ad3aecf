"""Pydantic models of a plan file: the workload, the nodes that may serve it, and what they cost."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from scalebench.procure.quantity import (
    GramsPerKwh,
    Growth,
    ImagesPerSecond,
    Milliseconds,
    Money,
    MoneyPerHour,
    MoneyPerKwh,
    MoneyPerYear,
    Pue,
    Rate,
    Share,
    Utilisation,
    Watts,
    Years,
)
from scalebench.suite.decoder_table import camera_size
from scalebench.suite.suite_schema import Decoder, Precision, Runtime

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", description="lower case, digits, dots and hyphens")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Demand(_Strict):
    """Images that arrive."""

    mean_images_per_s: ImagesPerSecond
    peak_images_per_s: ImagesPerSecond
    peak_definition: str = Field(min_length=1, description="what the peak is, such as p99 of the 1-minute rate")
    growth_per_year: Growth | None = None

    @model_validator(mode="after")
    def _peak_is_no_less(self) -> Demand:
        if self.peak_images_per_s.value < self.mean_images_per_s.value:
            raise ValueError(
                f"peak_images_per_s {self.peak_images_per_s.value:g} is below mean_images_per_s "
                f"{self.mean_images_per_s.value:g}"
            )
        return self


class Slo(_Strict):
    """Service level: this percentage of the requests is answered within this time."""

    percentile: Literal[95, 99] = Field(99, description="a percentile that scalebench establishes")
    latency_ms: Milliseconds
    overhead_ms: Milliseconds | None = Field(None, description="decoding and network, which the records do not include")


class Accuracy(_Strict):
    """Accuracy of the models on the buyer's own data; scalebench does not measure it."""

    metric: str
    min: Share
    values: dict[str, Share] = Field(description="by model@resolution; a missing model is not assessed")


class Select(_Strict):
    """Models and configurations that may serve; empty means all that were measured."""

    models: list[str] = Field(default_factory=list, description="names or globs")
    resolutions: list[PositiveInt] = Field(default_factory=list)
    precisions: list[Precision] = Field(default_factory=list)
    runtimes: list[Runtime] = Field(default_factory=list)


class Images(_Strict):
    """Images arrive as photographs, which the node's own cores prepare."""

    camera: str = Field(description="WIDTHxHEIGHT in pixels, as in the records")
    decoder: Decoder

    @model_validator(mode="after")
    def _a_camera(self) -> Images:
        camera_size(self.camera)
        return self


class Workload(_Strict):
    """The workload."""

    name: str = Field(min_length=1)
    demand: Demand
    slo: Slo
    accuracy: Accuracy | None = None
    select: Select = Field(default_factory=Select)
    images: Images | None = Field(None, description="default: images arrive prepared")


class Policy(_Strict):
    """Reserves and ranking."""

    max_utilisation: Utilisation
    redundancy: int = Field(0, ge=0, description="nodes that may fail: N+r")
    failure_domain: str = "node"
    capacity_bound: Literal["lower95", "median"] = "lower95"
    rank_by: Literal["cost_per_million_images", "cost_per_year"] = "cost_per_million_images"
    tie_probability: float = Field(0.95, gt=0.5, lt=1)


class Site(_Strict):
    """Where bought nodes stand."""

    pue: Pue
    electricity_per_kwh: MoneyPerKwh
    grid_g_per_kwh: GramsPerKwh | None = None


class Finance(_Strict):
    """Cost of capital, and the horizon the fleet is sized for."""

    discount_rate: Rate
    horizon_years: Years


class ExtrapolationRule(_Strict):
    """How the capacity of a node that was not measured follows from one that was."""

    from_: Id = Field(alias="from")
    method: Literal["flops_ratio", "roofline"]


class Node(_Strict):
    """A whole machine as it is bought or rented."""

    id: Id
    machine: str = Field("", description="machine of its records, such as amd-epyc-443538; empty if estimated")
    accelerator: str = Field(description="id of the catalogue, or cpu")
    count: PositiveInt = 1
    cores: PositiveInt | None = Field(None, description="cores that may prepare images; default those of its records")
    memory_gib: float | None = Field(None, gt=0, description="of one device; default that of its records")
    idle_w: Watts
    load_w: Watts
    power_source: Literal["measured_wall", "bmc", "nvml_plus_host", "tdp_only"]
    estimate: ExtrapolationRule | None = None

    @model_validator(mode="after")
    def _load_is_no_less(self) -> Node:
        if self.load_w.value < self.idle_w.value:
            raise ValueError(f"load_w {self.load_w.value:g} is below idle_w {self.idle_w.value:g}")
        if bool(self.machine) == bool(self.estimate):
            raise ValueError("give either machine, of its records, or estimate, from another node")
        return self


class Quote(_Strict):
    """Vendor, date and validity of a price."""

    vendor: str
    date: dt.date
    valid_until: dt.date | None = None


class Buy(_Strict):
    """A node at a price."""

    id: Id
    node: Id
    kind: Literal["buy"]
    capex: Money
    residual: Money
    life_years: Years
    maintenance_fraction: Rate
    hosting_per_year: MoneyPerYear
    quote: Quote

    @model_validator(mode="after")
    def _loses_value(self) -> Buy:
        if self.residual.value > self.capex.value:
            raise ValueError(f"residual {self.residual.value:g} is above capex {self.capex.value:g}")
        return self


class Rent(_Strict):
    """A node by the hour, power and housing included."""

    id: Id
    node: Id
    kind: Literal["rent"]
    per_hour: MoneyPerHour
    commitment: Literal["on_demand", "1y", "3y", "spot"] = "on_demand"
    scaling: Literal["always_on", "elastic"] = Field(
        "always_on", description="elastic pays only for images served: a lower bound, perfect scaling"
    )
    min_nodes: int = Field(1, ge=0)
    region: str = ""
    date: dt.date


Offer = Annotated[Buy | Rent, Field(discriminator="kind")]


class PurchasePlan(_Strict):
    """A purchase plan."""

    schema_: Literal["scalebench.procure/1"] = Field(alias="schema")
    currency: str = Field(min_length=1, description="of every price; nothing is converted")
    as_of: dt.date = Field(description="day of the decision")
    prices_max_age_days: PositiveInt = 90
    workload: Workload
    policy: Policy
    site: Site
    finance: Finance
    nodes: list[Node] = Field(min_length=1)
    offers: list[Offer] = Field(min_length=1)
    runs: list[str] = Field(min_length=1, description="files or folders of records, relative to this file")

    @model_validator(mode="after")
    def _names_fit(self) -> PurchasePlan:
        for what, ids in (("node", [n.id for n in self.nodes]), ("offer", [o.id for o in self.offers])):
            duplicates = [name for name, times in Counter(ids).items() if times > 1]
            if duplicates:
                raise ValueError(f"duplicate {what} {duplicates[0]!r}")
        return self

    def node(self, name: str) -> Node:
        """Node by its id."""
        return next(node for node in self.nodes if node.id == name)


def plan_schema() -> dict[str, Any]:
    """JSON Schema of a plan file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **PurchasePlan.model_json_schema(by_alias=True)}
