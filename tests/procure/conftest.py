from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from scalebench.procure import latency_table
from scalebench.procure.load_plan import PlanFile, load_plan
from scalebench.record import Environment, Record
from scalebench.suite.case import Case


@pytest.fixture(autouse=True)
def short_simulations(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Simulations of fewer requests, for tests that make many and do not look at the latencies."""
    for name, value in {"REPLICATIONS": 4, "REQUESTS": 200, "WARM": 50}.items():
        monkeypatch.setattr(latency_table, name, value)
    latency_table.latency_table.cache_clear()
    yield
    latency_table.latency_table.cache_clear()


GOOD = """\
schema: scalebench.procure/1
currency: EUR
as_of: 2026-08-01
workload:
  name: example
  demand: {mean_images_per_s: 875, peak_images_per_s: 2500, peak_definition: p99 of the 1-minute rate}
  slo: {percentile: 99, latency_ms: 60, overhead_ms: 10}
policy:
  max_utilisation: 0.6
  redundancy: 1
site:
  pue: {value: 1.5, low: 1.1, high: 1.8, unit: ""}
  electricity_per_kwh: 0.25
finance: {discount_rate: 0.08, horizon_years: 4}
nodes:
  - id: box
    machine: l4-box
    accelerator: nvidia-l4
    idle_w: 180
    load_w: 420
    power_source: measured_wall
offers:
  - id: buy
    node: box
    kind: buy
    capex: 24000
    residual: 3000
    life_years: 4
    maintenance_fraction: 0.05
    hosting_per_year: 1800
    quote: {vendor: fictional, date: 2026-07-20}
  - id: rent
    node: box
    kind: rent
    per_hour: 1.1
    date: 2026-07-20
runs: [box.jsonl]
"""
"""The worked examples of docs/procurement.md as a file."""


@pytest.fixture
def plan_file(tmp_path: Path) -> Callable[..., PlanFile]:
    """Loads ``GOOD``, with texts replaced one after the other; its records are there, and empty."""

    def load(*changes: tuple[str, str]) -> PlanFile:
        text = GOOD
        for old, new in changes:
            assert text.count(old) == 1, f"{old!r} is not there once"
            text = text.replace(old, new)
        (tmp_path / "box.jsonl").touch()
        path = tmp_path / "plan.yaml"
        path.write_text(text, encoding="utf-8")
        return load_plan(path)

    return load


def environment(machine: str, software: str = "s", host: str = "host", **hardware: Any) -> Environment:
    """A processor of two cores and 24 GiB, unless ``hardware`` says otherwise."""
    defaults = {"device": "cpu", "cpu": {"name": "Some CPU", "usable_cores": 2}, "memory": {"gib": 24}}
    return Environment(machine, f"hw-{machine}", software, {**defaults, **hardware}, {}, host)


@pytest.fixture(scope="session")
def service_rounds() -> Callable[..., list[Record]]:
    """Makes the rounds of one batch: each as many laps as asked for, or those given."""

    def make(
        batch: int, seconds: float = 0.01, *, rounds: int = 5, laps: int = 80, values: Sequence[Sequence[float]] = (),
        where: Environment | None = None, outcome: str = "ok", memory: float | None = 1e8, model: str = "resnet50",
        started: str = "2026-11-24T19:00:00+00:00", why: str = "", **options: Any,
    ) -> list[Record]:  # fmt: skip
        by_round = [list(times) for times in values] or [[seconds] * laps] * rounds
        case = Case(model, options.pop("resolution", 224), batch=batch, **options)
        return [
            Record(
                "serving", case, number, outcome, started, where or environment("cpu-box"),  # type: ignore[arg-type]
                samples={"latency_s": times} if outcome == "ok" else {},
                facts={"memory_bytes": memory, "throughput_ips": batch / max(times)} if outcome == "ok" else {},
                error={"type": "Some", "message": why} if why else None,
                ending=outcome,
            )
            for number, times in enumerate(by_round)
        ]  # fmt: skip

    return make


@pytest.fixture(scope="session")
def environment_of() -> Callable[..., Environment]:
    """Makes an environment."""
    return environment
