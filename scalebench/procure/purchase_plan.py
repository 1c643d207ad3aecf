"""Pydantic models of a plan file: the workload, the nodes that may serve it, and what they cost."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt, model_validator

from scalebench.procure import quantity as q
from scalebench.suite.decoder_table import camera_size
from scalebench.suite.strict import StrictModel
from scalebench.suite.suite_schema import Decoder, Precision, Runtime

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", description="lower case, digits, dots and hyphens")]


NO_MORE_THAN = {"mean_images_per_s": "peak_images_per_s", "idle_w": "load_w", "residual": "capex"}
"""Quantities that may not exceed another one of the same mapping."""


class _Ordered(StrictModel):
    @model_validator(mode="after")
    def _in_order(self) -> _Ordered:
        for name, other in NO_MORE_THAN.items():
            lower, upper = getattr(self, name, None), getattr(self, other, None)
            if lower is not None and upper is not None and upper.value < lower.value:
                raise ValueError(f"{other} {upper.value:g} is below {name} {lower.value:g}")
        return self


class Demand(_Ordered):
    """Images that arrive."""

    mean_images_per_s: q.ImagesPerSecond
    peak_images_per_s: q.ImagesPerSecond
    peak_definition: str = Field(min_length=1, description="what the peak is, such as p99 of the 1-minute rate")
    growth_per_year: q.Growth | None = None


class Slo(StrictModel):
    """Service level: this percentage of the requests is answered within this time."""

    percentile: Literal[95, 99] = Field(99, description="a percentile that scalebench establishes")
    latency_ms: q.Milliseconds
    overhead_ms: q.Milliseconds | None = Field(
        None, description="decoding and network, which the records do not include"
    )


MEASURED = "top1"
"""Metric of accuracies that are read from records."""


class Accuracy(StrictModel):
    """Accuracy of the models on the buyer's own data: as given, or as records of classified images have it."""

    metric: str
    min: q.Share
    values: dict[str, q.Share] = Field({}, description="by model@resolution; a missing model is not assessed")
    from_: str | None = Field(
        None, alias="from", description="file or folder of records of scalebench accuracy, relative to this file"
    )
    images: str | None = Field(None, description="name of the images, where the records are of several")

    @model_validator(mode="after")
    def _given_or_measured(self) -> Accuracy:
        if self.from_ is None and not self.values:
            raise ValueError("give values, or from with a folder of records")
        if self.from_ is not None and self.values:
            raise ValueError("give values or from, not both")
        if self.from_ is not None and self.metric != MEASURED:
            raise ValueError(f"records give {MEASURED}, not {self.metric}")
        return self


class Select(StrictModel):
    """Models and configurations that may serve; empty means all that were measured."""

    models: list[str] = Field(default_factory=list, description="names or globs")
    resolutions: list[PositiveInt] = Field(default_factory=list)
    precisions: list[Precision] = Field(default_factory=list)
    runtimes: list[Runtime] = Field(default_factory=list)


class Images(StrictModel):
    """Images arrive as photographs, which the node's own cores prepare."""

    camera: str = Field(description="WIDTHxHEIGHT in pixels, as in the records")
    decoder: Decoder

    @model_validator(mode="after")
    def _a_camera(self) -> Images:
        camera_size(self.camera)
        return self


class Workload(StrictModel):
    """The workload."""

    name: str = Field(min_length=1)
    demand: Demand
    slo: Slo
    accuracy: Accuracy | None = None
    select: Select = Field(default_factory=Select)
    images: Images | None = Field(None, description="default: images arrive prepared")


class Policy(StrictModel):
    """Reserves and ranking."""

    max_utilisation: q.Utilisation
    redundancy: int = Field(0, ge=0, description="nodes that may fail: N+r")
    failure_domain: str = "node"
    capacity_bound: Literal["lower95", "median"] = "lower95"
    rank_by: Literal["cost_per_million_images", "cost_per_year"] = "cost_per_million_images"
    tie_probability: float = Field(0.95, gt=0.5, lt=1)


class Site(StrictModel):
    """Where bought nodes stand."""

    pue: q.Pue
    electricity_per_kwh: q.MoneyPerKwh
    grid_g_per_kwh: q.GramsPerKwh | None = None


class Finance(StrictModel):
    """Cost of capital, and the horizon the fleet is sized for."""

    discount_rate: q.Rate
    horizon_years: q.Years


class ExtrapolationRule(StrictModel):
    """How the capacity of a node that was not measured follows from one that was."""

    from_: Id = Field(alias="from")
    method: Literal["flops_ratio", "roofline"]


class Node(_Ordered):
    """A whole machine as it is bought or rented."""

    id: Id
    machine: str = Field("", description="machine of its records, such as amd-epyc-443538; empty if estimated")
    accelerator: str = Field(description="id of the catalogue, or cpu")
    count: PositiveInt = 1
    cores: PositiveInt | None = Field(None, description="cores that may prepare images; default those of its records")
    memory_gib: float | None = Field(None, gt=0, description="of one device; default that of its records")
    idle_w: q.Watts
    load_w: q.Watts
    power_source: Literal["measured_wall", "bmc", "nvml_plus_host", "tdp_only"]
    estimate: ExtrapolationRule | None = None

    @model_validator(mode="after")
    def _measured_or_estimated(self) -> Node:
        if bool(self.machine) == bool(self.estimate):
            raise ValueError("give either machine, of its records, or estimate, from another node")
        return self


class Quote(StrictModel):
    """Vendor, date and validity of a price."""

    vendor: str
    date: dt.date
    valid_until: dt.date | None = None


class Buy(_Ordered):
    """A node at a price."""

    id: Id
    node: Id
    kind: Literal["buy"]
    capex: q.Money
    residual: q.Money
    life_years: q.Years
    maintenance_fraction: q.Rate
    hosting_per_year: q.MoneyPerYear
    quote: Quote


class Rent(StrictModel):
    """A node by the hour, power and housing included."""

    id: Id
    node: Id
    kind: Literal["rent"]
    per_hour: q.MoneyPerHour
    commitment: Literal["on_demand", "1y", "3y", "spot"] = "on_demand"
    scaling: Literal["always_on", "elastic"] = Field(
        "always_on",
        description="elastic pays for nodes that follow the demand, at least min_nodes: a lower bound, perfect scaling",
    )
    min_nodes: int = Field(1, ge=0)
    region: str = ""
    date: dt.date


Offer = Annotated[Buy | Rent, Field(discriminator="kind")]


class PurchasePlan(StrictModel):
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
