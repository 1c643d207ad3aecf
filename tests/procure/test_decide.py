"""Constraints first, then money; a tie is called a tie; nothing that was not measured wins silently."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle, islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalebench.procure.decide import Decision, decide, on_front
from scalebench.procure.pricing import costs, price
from scalebench.procure.quantity import point
from scalebench.procure.serving import Refusal
from tests.procure.literal_plan import CAPACITY, DRAWS, box, buy, capacity, plan, rent

factors = st.floats(0.5, 20.0)


def ids(decision: Decision) -> list[str]:
    return [offer.offer.id for offer in decision.ranked]


def alternating(*values: float) -> tuple[float, ...]:
    return tuple(islice(cycle(values), DRAWS))


def test_the_cheaper_one_wins() -> None:
    decision = decide(plan(), [capacity()])
    assert (decision.standing, decision.leaders, ids(decision)) == ("winner", ("rent",), ["rent", "own"])
    assert [offer.cost for offer in decision.ranked] == pytest.approx([2.0952, 2.2414], abs=5e-5)
    assert [offer.chance.best for offer in decision.ranked] == [1.0, 0.0]
    assert [int(offer.bill.nodes) for offer in decision.ranked] == [6, 6]


def test_an_offer_takes_the_cheapest_setup_of_its_node() -> None:
    decision = decide(
        plan(), [capacity(ips=300.0, model="resnet101"), capacity(), capacity("other", 9e9, model="tiny")]
    )
    assert {offer.capacity.setup.model for offer in decision.ranked} == {"resnet50"}


def test_an_expired_quote_is_refused_however_cheap() -> None:
    gone = buy("gone", capex=3001, quote={"vendor": "x", "date": "2026-05-01", "valid_until": "2026-07-31"})
    decision = decide(plan([gone, rent()]), [capacity()])
    assert ids(decision) == ["rent"]
    (rejected,) = decision.rejected
    assert (rejected.offer, rejected.reason) == ("gone", "price_expired")
    assert "2026-07-31" in rejected.text


def test_a_quote_is_valid_on_its_last_day() -> None:
    last = buy(quote={"vendor": "x", "date": "2026-07-20", "valid_until": "2026-08-01"})
    assert decide(plan([last]), [capacity()]).rejected == ()


def test_an_old_price_is_a_warning() -> None:
    old = rent("old", date="2026-05-02")
    leaf = {"value": 0.25, "unit": "currency/kWh", "date": "2026-04-01"}
    decision = decide(plan([old, rent("day", date="2026-05-03")], electricity_per_kwh=leaf), [capacity()])
    assert len(decision.warnings) == 2
    assert "old is 91 days old" in decision.warnings[0]
    assert "site.electricity_per_kwh is 122 days old" in decision.warnings[1]


def test_what_does_not_serve_is_rejected_with_every_reason() -> None:
    slow = capacity(model="resnet152").setup
    late = [Refusal("weak", slow, "slo", f"{ms} ms against 60 ms") for ms in (72, 80)]
    refusals = [*late, Refusal("weak", slow, "memory", "9 GiB of 8")]
    offers = [rent(), rent("weak-rent", "weak"), rent("dark-rent", "dark")]
    decision = decide(plan(offers, [box(), box("weak"), box("dark")]), [capacity()], refusals)
    weak, dark = decision.rejected
    assert (weak.reason, dark.reason) == ("slo", "not_measured")
    assert "72 ms against 60 ms" in weak.text
    assert "1 more for this reason, 1 for memory" in weak.text


def test_nothing_serves() -> None:
    decision = decide(plan(), [], [Refusal("box", None, "imported", "median only")])
    assert (decision.standing, decision.leaders, decision.ranked, decision.best_measured) == ("none", (), (), None)
    assert [offer.reason for offer in decision.rejected] == ["imported", "imported"]


def test_a_capacity_of_nothing_serves_nothing() -> None:
    assert decide(plan(), [replace(capacity(), counted_on=0.0)]).standing == "none"


def test_draws_that_disagree_are_a_tie() -> None:
    """Node b needs three machines in half of the draws and two in the others: now dearer, now cheaper than node a."""
    offers = [rent("a", "a", per_hour=1.0), rent("b", "b", per_hour=1.2)]
    decision = decide(
        plan(offers, [box("a"), box("b")], redundancy=0, peak_images_per_s=900.0, mean_images_per_s=800.0),
        [capacity("a", 600.0), capacity("b", 800.0, alternating(700.0, 800.0))],
    )
    assert decision.standing == "tie"
    assert decision.leaders == ("b", "a")
    assert {offer.offer.id: offer.chance.best for offer in decision.ranked} == {"a": 0.5, "b": 0.5}


def test_equal_offers_tie_and_both_stay_on_the_front() -> None:
    decision = decide(plan([rent("one"), rent("two")]), [capacity()])
    assert (decision.standing, set(decision.leaders)) == ("tie", {"one", "two"})
    assert [offer.chance.best for offer in decision.ranked] == [0.5, 0.5]
    assert all(offer.on_front for offer in decision.ranked)


def test_one_offer_that_serves_too_rarely_is_no_winner() -> None:
    decision = decide(plan([rent()]), [capacity(draws=alternating(0.0, *[CAPACITY] * 9))])
    (only,) = decision.ranked
    assert (decision.standing, decision.leaders) == ("open", ("rent",))
    assert (only.chance.best, only.chance.serves) == (0.9, 0.9)


def test_what_was_not_measured_is_said_and_the_best_measured_is_named() -> None:
    guess = box("guess", machine="", estimate={"from": "box", "method": "flops_ratio"})
    offers = [rent("far", "guess", per_hour=0.1), rent()]
    decision = decide(plan(offers, [box(), guess]), [capacity(), capacity("guess", 5000.0, origin="extrapolated")])
    assert decision.leaders == ("far",)
    assert "not measured" in decision.ranked[0].unmeasured[0]
    assert "flops_ratio" in decision.ranked[0].unmeasured[0]
    assert decision.best_measured == "rent"


def test_a_lower_bound_stands_beside_the_ranking() -> None:
    """Perfect scaling makes elastic rent the cheapest on paper, which does not make it the winner."""
    decision = decide(plan([rent("elastic", scaling="elastic"), buy(), rent()]), [capacity()])
    assert (ids(decision), decision.leaders, decision.standing) == (["rent", "own"], ("rent",), "winner")
    (bound,) = decision.bounds
    assert bound.cost == pytest.approx(0.9540, abs=5e-5)
    assert np.isnan(bound.chance.best)
    assert not bound.on_front
    assert [offer.offer.id for offer in decision.serving] == ["rent", "own", "elastic"]


def test_the_interval_of_a_cost_belongs_to_its_median() -> None:
    """Counting on 600 of 1,000 images a second takes 8 nodes, 2,500 / 360 and one more; 1,000 take 6, 900 take 6."""
    careful = replace(capacity(ips=1000.0, draws=alternating(900.0, 1000.0)), counted_on=600.0)
    (only,) = decide(plan([rent()]), [careful]).ranked
    # 9,636 a year and node, 27,594 million images: 8 nodes 2.7937, 6 nodes 2.0952.
    assert only.cost == pytest.approx(2.7937, abs=5e-5)
    drawn = only.chance.per_million
    assert (drawn.low, drawn.median, drawn.high) == pytest.approx((2.0952,) * 3, abs=5e-5)
    assert only.chance.per_year.median == pytest.approx(57_816.00)


def test_lower_bounds_alone_are_ranked() -> None:
    decision = decide(
        plan([rent("dear", scaling="elastic", per_hour=2.0), rent("elastic", scaling="elastic")]), [capacity()]
    )
    assert (ids(decision), decision.bounds) == (["elastic", "dear"], ())
    assert decision.ranked[0].lower_bound


def test_board_power_is_not_measured() -> None:
    decision = decide(plan(nodes=[box(power_source="tdp_only")]), [capacity()])
    assert all("power not measured" in offer.unmeasured[0] for offer in decision.ranked)
    assert decision.best_measured is None


def test_the_input_ranges_reach_the_chances() -> None:
    ranged = rent(per_hour={"value": 1.1, "low": 0.9, "high": 1.4, "unit": "currency/h"})
    decision = decide(plan([buy(), ranged]), [capacity(draws=(CAPACITY,) * 4000)])
    best = {offer.offer.id: offer.chance.best for offer in decision.ranked}
    # The rent breaks even at 1.1767 an hour: (1.4 - 1.1767)^2 / ((1.4 - 0.9) (1.4 - 1.1)) of a triangle lie above it.
    assert best["own"] == pytest.approx((1.4 - 1.17673) ** 2 / 0.15, abs=0.03)
    assert best["own"] + best["rent"] == pytest.approx(1.0)


def test_10_pareto() -> None:
    points = {"A": (40, 900, 30), "B": (55, 1000, 45), "C": (60, 1000, 50), "D": (40, 900, 30), "E": (120, 2000, 80)}
    front = on_front([(cost, -serves, joules) for cost, serves, joules in points.values()])
    assert [name for name, best in zip(points, front, strict=True) if best] == ["A", "B", "D", "E"]


@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=12))
def test_every_point_off_the_front_is_beaten_by_one_on_it(points: list[tuple[int, int, int]]) -> None:
    front = on_front(points)
    assert front.any()
    best = [point_ for point_, on in zip(points, front, strict=True) if on]
    for each, on in zip(points, front, strict=True):
        beaten = any(all(b <= p for b, p in zip(other, each, strict=True)) and other != each for other in best)
        assert on == (not beaten)


@settings(max_examples=30)
@given(st.floats(0.01, 100.0))
def test_prices_times_k_are_costs_times_k_in_the_same_order(k: float) -> None:
    def scaled(factor: float) -> Decision:
        offers = [
            buy(capex=24000 * factor, residual=3000 * factor, hosting_per_year=1800 * factor),
            rent(per_hour=1.1 * factor),
            rent("other", per_hour=1.5 * factor, min_nodes=9),
        ]
        return decide(plan(offers, electricity_per_kwh=0.25 * factor), [capacity()])

    before, after = scaled(1.0), scaled(k)
    assert ids(before) == ids(after)
    assert [r.cost * k for r in before.ranked] == pytest.approx([r.cost for r in after.ranked])
    assert [r.chance.best for r in before.ranked] == [r.chance.best for r in after.ranked]


def test_the_currency_is_a_label() -> None:
    euros, others = (decide(plan(currency=money), [capacity()]) for money in ("EUR", "XTS"))
    assert [(r.offer, r.bill, r.chance) for r in euros.ranked] == [(r.offer, r.bill, r.chance) for r in others.ranked]


@settings(max_examples=30)
@given(st.floats(1.0, 5.0), st.floats(1.0, 5.0))
def test_a_dominated_offer_never_changes_the_winner(price: float, power: float) -> None:
    worse = rent("worse", "worse", per_hour=1.1 * price)
    nodes = [box(), box("worse", idle_w=180 * power, load_w=420 * power)]
    decision = decide(plan([worse, buy(), rent()], nodes), [capacity(), capacity("worse", CAPACITY / price)])
    alone = decide(plan(), [capacity()])
    cheapest = decision.ranked[0]
    assert cheapest.cost == pytest.approx(alone.ranked[0].cost)
    assert {"rent"} <= {row.offer.id for row in decision.ranked if row.cost == pytest.approx(cheapest.cost)}


@settings(max_examples=30)
@given(factors, st.floats(1.0, 10.0))
def test_more_capacity_never_takes_more_nodes(times: float, more: float) -> None:
    fewer, many = (
        decide(plan([rent()]), [capacity(ips=CAPACITY * factor)]).ranked[0].bill.nodes
        for factor in (times * more, times)
    )
    assert fewer <= many


@settings(max_examples=30)
@given(st.floats(0.05, 1.0), st.integers(0, 4))
def test_full_use_without_redundancy_is_the_lower_bound(use: float, redundancy: int) -> None:
    careful = decide(plan([rent()], max_utilisation=use, redundancy=redundancy), [capacity()]).ranked[0]
    bound = decide(plan([rent()], max_utilisation=1.0, redundancy=0), [capacity()]).ranked[0]
    assert bound.cost <= careful.cost
    assert bound.bill.nodes == np.ceil(2500 / CAPACITY)


def test_ranking_by_cost_per_year() -> None:
    decision = decide(plan(rank_by="cost_per_year"), [capacity()])
    assert [offer.cost for offer in decision.ranked] == pytest.approx([57_816.00, 61_849.02], abs=5e-3)


@settings(max_examples=30)
@given(st.lists(st.floats(50.0, 5000.0), min_size=1, max_size=4), st.floats(0.1, 5.0), st.floats(0.3, 1.0))
def test_thousands_at_once_are_worked_out_as_one(rates: list[float], per_hour: float, use: float) -> None:
    """Arrays go through the same formulas as the plan's own numbers, the choice of setups included."""
    purchase = plan([buy(), rent(per_hour=per_hour)], max_utilisation=use)
    setups = [capacity(ips=ips, model=f"m{index}") for index, ips in enumerate(rates)]
    scalar = {p.offer.id: p.bill.per_million for p in price(purchase, purchase.offers, point(purchase), setups)}
    many = costs(purchase, purchase.offers, point(purchase), setups, [(np.array([0.0, ips]), np.inf) for ips in rates])
    assert many[:, 0].tolist() == [np.inf, np.inf], "no setup serves in the first entry"
    assert many[:, 1].tolist() == pytest.approx([scalar["own"], scalar["rent"]])
