"""The worked examples of docs/procurement.md, to 1e-6 or to the digits that are printed there."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from scalebench.procure import formulas as f
from scalebench.procure.pricing import bill
from scalebench.procure.purchase_plan import PurchasePlan
from scalebench.procure.quantity import point

CAPACITY = 16 / 0.019


def plan(**changes: float) -> PurchasePlan:
    """The examples' common inputs; ``changes`` by the last part of their path."""
    value = {
        "mean": 875.0, "peak": 2500.0, "discount": 0.08, "price": 0.25, "pue": 1.5, "capex": 24000.0, "life": 4.0,
    } | changes  # fmt: skip
    return TypeAdapter(PurchasePlan).validate_python({
        "schema": "scalebench.procure/1", "currency": "EUR", "as_of": "2026-08-01",
        "workload": {
            "name": "example",
            "demand": {
                "mean_images_per_s": value["mean"], "peak_images_per_s": value["peak"], "peak_definition": "p99",
            },
            "slo": {"percentile": 99, "latency_ms": 60, "overhead_ms": 10},
        },
        "policy": {"max_utilisation": 0.6, "redundancy": 1},
        "site": {"pue": value["pue"], "electricity_per_kwh": value["price"]},
        "finance": {"discount_rate": value["discount"], "horizon_years": 4},
        "nodes": [{"id": "box", "machine": "box-1", "accelerator": "nvidia-l4", "idle_w": 180, "load_w": 420,
                   "power_source": "measured_wall"}],
        "offers": [
            {"id": "buy", "node": "box", "kind": "buy", "capex": value["capex"], "residual": 3000,
             "life_years": value["life"], "maintenance_fraction": 0.05, "hosting_per_year": 1800,
             "quote": {"vendor": "fictional", "date": "2026-07-20"}},
            {"id": "rent", "node": "box", "kind": "rent", "per_hour": 1.10, "date": "2026-07-20"},
            {"id": "elastic", "node": "box", "kind": "rent", "per_hour": 1.10, "scaling": "elastic",
             "date": "2026-07-20"},
        ],
        "runs": ["box.jsonl"],
    })  # fmt: skip


def own_per_million(**changes: float) -> float:
    purchase = plan(**changes)
    return float(bill(purchase, purchase.offers[0], point(purchase), CAPACITY).per_million)


def test_2_nodes() -> None:
    assert f.nodes_needed(2500, CAPACITY, 0.6, 0) == 5
    assert f.nodes_needed(2500, CAPACITY, 0.6, 1) == 6
    assert f.nodes_needed(2500 * 1.25**2, CAPACITY, 0.6, 1) == 9
    assert f.nodes_needed(2.1, 0.7, 1.0, 0) == 3, "2.1 / 0.7 is 3.0000000000000004 in floats"
    assert f.mean_utilisation(2500, 6, CAPACITY) == pytest.approx(0.494792, abs=1e-6)
    assert f.mean_utilisation(2500, 5, CAPACITY) == pytest.approx(0.593750, abs=1e-6)


def test_2_nodes_that_the_service_level_limits() -> None:
    """Full batches serve 842 images per second, the service level is met up to 300: 9 nodes and a spare one."""
    purchase = plan()
    costs = bill(purchase, purchase.offers[0], point(purchase), CAPACITY, 300.0)
    assert costs.nodes == 10
    assert costs.utilisation == pytest.approx(875 / (10 * CAPACITY))
    assert bill(purchase, purchase.offers[0], point(purchase), CAPACITY, 600.0).nodes == 6, "0.6 of full batches decide"


def test_3_energy() -> None:
    purchase = plan()
    costs = bill(purchase, purchase.offers[0], point(purchase), CAPACITY)
    assert costs.utilisation == pytest.approx(0.173177, abs=1e-6)
    assert costs.watts == pytest.approx(221.5625, abs=1e-6)
    assert costs.kwh_per_year == pytest.approx(17_467.9875, abs=1e-6)
    assert costs.kwh_per_year * 0.25 == pytest.approx(4_367.00, abs=5e-3)
    assert costs.joules_per_image == pytest.approx(2.2789, abs=5e-5)
    assert 875 / (6 * costs.watts) == pytest.approx(0.6582, abs=5e-5)
    assert f.fleet_kwh_per_year(6, 420, 1.5) * 0.25 == pytest.approx(8_278.20, abs=5e-3)


def test_4_capital() -> None:
    assert f.recovery_factor(0.08, 4) == pytest.approx(0.301921, abs=1e-6)
    assert f.capital_per_year(24000, 3000, 0.08, 4) == pytest.approx(6_580.34, abs=5e-3)
    assert f.capital_per_year(24000, 3000, 0.0, 4) == pytest.approx(5_250.0, abs=1e-6)


def test_5_unit_cost() -> None:
    purchase = plan()
    costs = bill(purchase, purchase.offers[0], point(purchase), CAPACITY)
    assert costs.per_node_year == pytest.approx(10_308.17, abs=5e-3)
    assert costs.per_year == pytest.approx(61_849.02, abs=5e-3)
    assert costs.per_million == pytest.approx(2.2414, abs=5e-5)


def test_5_parts_of_six_nodes() -> None:
    """Six times 6,580.34 of capital (example 4), 5 % of 24,000, 1,800, and the energy of example 3."""
    purchase = plan()
    own, rented = (bill(purchase, offer, point(purchase), CAPACITY).parts for offer in purchase.offers[:2])
    assert own == pytest.approx({"capital": 39_482.02, "maintenance": 7_200, "hosting": 10_800, "energy": 4_367.00},
                                abs=0.03)  # fmt: skip
    assert rented == pytest.approx({"rent": 57_816.00})


def test_6_rent() -> None:
    purchase = plan()
    always, elastic = (bill(purchase, offer, point(purchase), CAPACITY) for offer in purchase.offers[1:])
    assert always.per_year == pytest.approx(57_816.00, abs=1e-6)
    assert always.per_million == pytest.approx(2.0952, abs=5e-5)
    # 875 / (842.105 x 0.6) = 1.731771 nodes follow the mean, one more may fail: 2.731771 x 8,760 h x 1.10.
    assert elastic.nodes_paid == pytest.approx(2.731771, abs=1e-6)
    assert elastic.per_year == pytest.approx(26_323.34, abs=5e-3)
    assert elastic.per_million == pytest.approx(0.9540, abs=5e-5), "of 27,594 million images"


@pytest.mark.parametrize(
    ("min_nodes", "per_year"),
    [(2, 26_323.34), (3, 28_908.00), (50, 481_800.00)],  # 3 x 8,760 x 1.10 and 50 x 8,760 x 1.10
)
def test_6_elastic_rent_pays_for_its_fewest_nodes(min_nodes: int, per_year: float) -> None:
    purchase = plan()
    elastic = purchase.offers[2].model_copy(update={"min_nodes": min_nodes})
    assert bill(purchase, elastic, point(purchase), CAPACITY).per_year == pytest.approx(per_year, abs=5e-3)


def test_7_break_even() -> None:
    purchase = plan()
    owned = float(bill(purchase, purchase.offers[0], point(purchase), CAPACITY).per_node_year)
    assert f.break_even_per_hour(owned) == pytest.approx(1.1767, abs=5e-5)
    assert f.break_even_hours(owned, 1.10) == pytest.approx(9_371.1, abs=5e-2)
    assert f.break_even_utilisation(owned, 1.10) == pytest.approx(1.0698, abs=5e-5)
    running = owned - f.capital_per_year(24000, 3000, 0.08, 4)
    assert f.payback_months(24000, 3000, 1.10, running) == pytest.approx(42.65, abs=5e-3)
    assert f.payback_months(24000, 0, 1.10, running) == pytest.approx(48.75, abs=5e-3)
    assert f.payback_months(24000, 3000, 0.10, running) == float("inf"), "cheap rent is never paid back"


@pytest.mark.parametrize(
    ("changes", "unit"),
    [
        ({"mean": 500}, 3.9002), ({"mean": 1250}, 1.5779), ({"life": 3}, 2.6346), ({"life": 6}, 1.8505),
        ({"capex": 20000}, 1.9353), ({"capex": 30000}, 2.7005), ({"discount": 0}, 1.9521), ({"discount": 0.12}, 2.3922),
        ({"price": 0.10}, 2.1464), ({"price": 0.40}, 2.3363), ({"pue": 1.1}, 2.1992), ({"pue": 1.8}, 2.2730),
        ({"capex": 22090.00}, 2.0952),
    ],
)  # fmt: skip
def test_8_what_changes_the_answer(changes: dict[str, float], unit: float) -> None:
    assert own_per_million(**changes) == pytest.approx(unit, abs=5e-5)


def test_10_evidence() -> None:
    assert [f.samples_for(q) for q in (0.95, 0.99, 0.999)] == [59, 299, 2995]
