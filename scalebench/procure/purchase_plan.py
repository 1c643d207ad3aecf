"""Plan: what is to be bought or rented, for which work, under which prices: the pydantic models of a plan file."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt, model_validator

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
from scalebench.suite.strict import StrictModel
from scalebench.suite.suite_schema import Decoder, Precision, Runtime

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", description="lower case, digits, dots and hyphens")]


class Demand(StrictModel):
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


class Slo(StrictModel):
    """Service level: this share of the requests is answered in this time."""

    percentile: Literal[95, 99] = Field(99, description="a percentile that scalebench establishes")
    latency_ms: Milliseconds
    overhead_ms: Milliseconds | None = Field(None, description="decoding and network, outside what was measured")


class Accuracy(StrictModel):
    """What the models reach on the buyer's own data; scalebench does not measure it."""

    metric: str
    min: Share
    values: dict[str, Share] = Field(description="by model@resolution; a model that is missing is not assessed")


class Select(StrictModel):
    """Models and ways of running that may serve; empty means all that were measured."""

    models: list[str] = Field(default_factory=list, description="names or globs")
    resolutions: list[PositiveInt] = Field(default_factory=list)
    precisions: list[Precision] = Field(default_factory=list)
    runtimes: list[Runtime] = Field(default_factory=list)


class Images(StrictModel):
    """Images come as photographs, which the node's own cores prepare."""

    camera: str = Field(description="WIDTHxHEIGHT in pixels, as in the records")
    decoder: Decoder

    @model_validator(mode="after")
    def _a_camera(self) -> Images:
        camera_size(self.camera)
        return self


class Workload(StrictModel):
    """The work."""

    name: str = Field(min_length=1)
    demand: Demand
    slo: Slo
    accuracy: Accuracy | None = None
    select: Select = Field(default_factory=Select)
    images: Images | None = Field(None, description="missing: they come prepared")


class Policy(StrictModel):
    """How careful to be."""

    max_utilisation: Utilisation
    redundancy: int = Field(0, ge=0, description="nodes that may fail: N+r")
    failure_domain: str = "node"
    capacity_bound: Literal["lower95", "median"] = "lower95"
    rank_by: Literal["cost_per_million_images", "cost_per_year"] = "cost_per_million_images"
    tie_probability: float = Field(0.95, gt=0.5, lt=1)


class Site(StrictModel):
    """Where bought nodes stand."""

    pue: Pue
    electricity_per_kwh: MoneyPerKwh
    grid_g_per_kwh: GramsPerKwh | None = None


class Finance(StrictModel):
    """Cost of capital, and how far ahead the fleet is sized."""

    discount_rate: Rate
    horizon_years: Years


class ExtrapolationRule(StrictModel):
    """A node that was not measured, from one that was; it is never ranked first without saying so."""

    from_: Id = Field(alias="from")
    method: Literal["flops_ratio", "roofline"]


class Node(StrictModel):
    """A machine as it is bought or rented, not a chip."""

    id: Id
    machine: str = Field("", description="machine of its records, such as amd-epyc-443538; empty where none measured")
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
            raise ValueError("give machine, of its records, or estimate, from another node: one of the two")
        return self


class Quote(StrictModel):
    """Who offered it, and until when."""

    vendor: str
    date: dt.date
    valid_until: dt.date | None = None


class Buy(StrictModel):
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


class Rent(StrictModel):
    """A node by the hour, power and housing included."""

    id: Id
    node: Id
    kind: Literal["rent"]
    per_hour: MoneyPerHour
    commitment: Literal["on_demand", "1y", "3y", "spot"] = "on_demand"
    scaling: Literal["always_on", "elastic"] = Field(
        "always_on", description="elastic pays for the images that come only: a lower bound, perfect scaling"
    )
    min_nodes: int = Field(1, ge=0)
    region: str = ""
    date: dt.date


Offer = Annotated[Buy | Rent, Field(discriminator="kind")]


class PurchasePlan(StrictModel):
    """A purchase plan."""

    schema_: Literal["scalebench.procure/1"] = Field(alias="schema")
    currency: str = Field(min_length=1, description="one currency for every price: nothing is converted")
    as_of: dt.date = Field(description="the day the decision is made on")
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
            twice = [name for name, times in Counter(ids).items() if times > 1]
            if twice:
                raise ValueError(f"{what} {twice[0]!r} is there twice")
        return self

    def node(self, name: str) -> Node:
        """Node by its id."""
        return next(node for node in self.nodes if node.id == name)


def plan_schema() -> dict[str, Any]:
    """JSON Schema of a plan file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **PurchasePlan.model_json_schema(by_alias=True)}
