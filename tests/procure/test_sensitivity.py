"""The tornado goes through the whole plan; switching values and break-even agree with the worked examples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalebench.analysis.stats import Estimate
from scalebench.procure.decide import Decision, decide
from scalebench.procure.pricing import bill
from scalebench.procure.purchase_plan import PurchasePlan
from scalebench.procure.quantity import point, with_value
from scalebench.procure.sensitivity import Bar, tornado
from scalebench.procure.serving import Capacity
from scalebench.procure.switching import Switch, break_evens, over_demand, switches
from tests.procure.literal_plan import CAPACITY, box, buy, capacity, plan, rent


def ranged(value: float, low: float, high: float, unit: str) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "unit": unit}


def never(changed: PurchasePlan) -> Sequence[Capacity]:
    raise AssertionError(f"{changed.workload.name}: no input asks for other capacities")


def example_8() -> Decision:
    """Own against rent with the ranges of A4."""
    own = buy(capex=ranged(24000, 20000, 30000, "currency"), life_years=ranged(4, 3, 6, "years"))
    inputs = {
        "mean_images_per_s": ranged(875, 500, 1250, "img/s"), "discount_rate": ranged(0.08, 0, 0.12, "1/year"),
        "electricity_per_kwh": ranged(0.25, 0.10, 0.40, "currency/kWh"),
        "pue": {"value": 1.5, "low": 1.1, "high": 1.8, "unit": ""},
    }  # fmt: skip
    return decide(plan([own, rent()], **inputs), [capacity()])


def bars(decision: Decision) -> dict[str, Bar]:
    return {bar.path: bar for bar in tornado(decision, never)}


def test_8_tornado() -> None:
    by_path = bars(example_8())
    own = {
        path.rsplit(".", 1)[-1]: (round(bar.at_low["own"], 4), round(bar.at_high["own"], 4))
        for path, bar in by_path.items()
    }
    assert own == {
        "mean_images_per_s": (3.9002, 1.5779), "life_years": (2.6346, 1.8505), "capex": (1.9353, 2.7005),
        "discount_rate": (1.9521, 2.3922),
    }  # fmt: skip
    changing = {path.rsplit(".", 1)[-1] for path, bar in by_path.items() if bar.changes_winner}
    assert changing == {"life_years", "capex", "discount_rate"}
    assert by_path["offers.own.capex"].wins_low == "own"
    assert by_path["offers.own.capex"].wins_high == "rent"
    swings = [bar.swing for bar in tornado(example_8(), never)]
    assert swings == sorted(swings, reverse=True)


def test_8_what_never_wins_has_no_bar() -> None:
    """Power price and PUE move the cost of owning alone, which stays the dearer: nothing that is paid changes."""
    assert not {"site.pue", "site.electricity_per_kwh"} & set(bars(example_8()))


def test_8_switching_value_of_the_price() -> None:
    by_path = {switch.path: switch for switch in switches(example_8())}
    capex = by_path["offers.own.capex"]
    assert capex.at == pytest.approx(22_090.00, abs=5e-3)
    assert capex.closed
    assert capex.in_range
    assert by_path["offers.own.life_years"].at == pytest.approx(4.53, abs=0.5)
    assert not by_path["offers.own.life_years"].closed
    for path in ("site.pue", "site.electricity_per_kwh"):
        assert not by_path[path].in_range, path
    assert by_path["offers.rent.per_hour"].at == pytest.approx(1.17673, abs=1e-5)


@pytest.mark.parametrize("path", ["offers.own.capex", "offers.own.life_years", "finance.discount_rate"])
def test_at_the_switching_value_both_cost_the_same(path: str) -> None:
    decision = example_8()
    switch = next(s for s in switches(decision) if s.path == path)
    assert switch.at is not None
    changed = with_value(decision.plan, path, switch.at)
    own, rented = (float(bill(changed, offer, point(changed), CAPACITY).per_million) for offer in changed.offers)
    assert own == pytest.approx(rented, rel=1e-9)


@settings(max_examples=25)
@given(st.floats(15000, 45000), st.floats(0.6, 2.5))
def test_a_switch_is_a_root_and_none_means_one_is_cheaper_throughout(capex: float, per_hour: float) -> None:
    decision = decide(plan([buy(capex=capex), rent(per_hour=per_hour)]), [capacity()])
    leader, runner = (offer.offer.id for offer in decision.ranked)
    for switch in switches(decision):
        ends = [_winner(decision, switch, end) for end in switch.searched]
        if switch.at is None:
            assert ends == [leader, leader], switch.path
        elif switch.closed:
            assert runner in ends, switch.path


def _winner(decision: Decision, switch: Switch, value: float) -> str:
    return decide(with_value(decision.plan, switch.path, value), [capacity()]).ranked[0].offer.id


def test_without_a_runner_up_nothing_switches() -> None:
    assert switches(decide(plan([rent()]), [capacity()])) == ()


def test_the_service_level_asks_for_the_capacities_again() -> None:
    """At 40 ms the node serves half as much; the bar has the nodes that this takes."""
    purchase = plan([rent()], latency_ms=ranged(60, 40, 60, "ms"))

    def again(changed: PurchasePlan) -> tuple[Capacity, ...]:
        return (capacity(ips=CAPACITY * changed.workload.slo.latency_ms.value / 80),)

    (bar,) = tornado(decide(purchase, [capacity(ips=CAPACITY * 0.75)]), again)
    assert bar.path == "workload.slo.latency_ms"
    assert bar.at_low["rent"] == pytest.approx(11 / 8 * bar.at_high["rent"]), "11 nodes in place of 8"


def test_nothing_serves_at_one_end() -> None:
    purchase = plan([rent()], latency_ms=ranged(60, 5, 60, "ms"))
    (bar,) = tornado(decide(purchase, [capacity()]), lambda _: ())
    assert bar.best_low == bar.swing == math.inf
    assert bar.changes_winner
    assert bar.wins_low == ""


def test_the_interval_of_a_capacity_is_a_bar() -> None:
    wide = replace(capacity(), images_per_s=Estimate(CAPACITY, CAPACITY / 2, CAPACITY * 2, 5))
    (bar,) = tornado(decide(plan([rent()]), [wide]), never)
    assert bar.path == "capacity.box"
    assert bar.at_low["rent"] > bar.base > bar.at_high["rent"]


def test_7_break_even() -> None:
    (pair,) = break_evens(decide(plan(), [capacity()]))
    assert (pair.buy, pair.rent) == ("own", "rent")
    assert pair.per_hour == pytest.approx(1.1767, abs=5e-5)
    assert pair.hours == pytest.approx(9_371.1, abs=5e-2)
    assert pair.utilisation == pytest.approx(1.0698, abs=5e-5)
    assert pair.payback_months == pytest.approx(42.65, abs=5e-3)


def test_break_even_is_asked_of_the_same_node_only() -> None:
    decision = decide(plan([buy(), rent("far", "far")], [box(), box("far")]), [capacity(), capacity("far")])
    assert break_evens(decision) == ()


def test_costs_over_the_demand() -> None:
    decision = decide(plan(), [capacity()])
    curve = over_demand(decision, 0.5, 2.0, 3)
    assert curve.mean_ips == pytest.approx((437.5, 875.0, 1750.0))
    assert curve.costs["rent"][1] == pytest.approx(2.0952, abs=5e-5)
    assert curve.costs["own"][1] == pytest.approx(2.2414, abs=5e-5)
    assert curve.costs["rent"][0] == pytest.approx(curve.costs["rent"][1] * 2 * 4 / 6), "4 nodes for half the demand"


def test_one_value_is_replaced_and_no_other() -> None:
    purchase = plan()
    before, after = point(purchase), point(with_value(purchase, "offers.own.capex", 1.0))
    assert {path for path in before if before[path] != after[path]} == {"offers.own.capex"}
