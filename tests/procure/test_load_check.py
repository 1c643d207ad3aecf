"""Rule, load test and the gap, from literal numbers."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isnan
from statistics import fmean

import pytest

from scalebench.analysis.stats import exact
from scalebench.procure.gap import gap, sentences, under_load
from scalebench.procure.load_check import ServiceLevel, by_load, by_rule
from scalebench.procure.simulate import Search, Server, capacity_by_simulation
from tests.procure.literal_runs import run

EXAMPLE = {1: [4e-3], 2: [5e-3], 4: [7e-3], 8: [11e-3], 16: [19e-3], 32: [35e-3], 64: [67e-3]}
"""Worked example 1 of docs/procurement.md."""
LEVEL = ServiceLevel(0.060, 99, 0.010)


def test_1_the_largest_batch_whose_double_time_fits() -> None:
    rule = by_rule(EXAMPLE, LEVEL)
    assert rule.batch == 16
    assert rule.images_per_s == pytest.approx(842.1053, abs=1e-4)
    assert rule.tail_s == 0.019


def test_the_rule_takes_the_tail_and_obeys_a_cap() -> None:
    curves = {1: [0.010] * 97 + [0.020] * 3, 2: [0.021] * 100}
    assert by_rule(curves, ServiceLevel(0.060)).images_per_s == pytest.approx(2 / 0.021)
    assert by_rule(curves, ServiceLevel(0.060), cap=1).images_per_s == pytest.approx(1 / 0.020)
    assert by_rule(curves, ServiceLevel(0.060, percentile=95), cap=1).images_per_s == pytest.approx(1 / 0.010)


def test_no_batch_is_none() -> None:
    rule = by_rule(EXAMPLE, ServiceLevel(0.007))
    assert (rule.batch, rule.images_per_s) == (0, 0.0)
    assert isnan(rule.tail_s)


def test_the_load_test_bounds_the_capacity_from_both_sides() -> None:
    """A rate counts as kept when every server kept it."""
    runs = [run(10, 0.02), run(20, 0.02), run(20, 0.02, 1), run(30, 0.02), run(30, 0.05, 1), run(40, 0.02)]
    bounds = by_load(runs, LEVEL)
    assert [(rated.rate, rated.kept) for rated in bounds.rates] == [(10, True), (20, True), (30, False), (40, True)]
    assert (bounds.low, bounds.high) == (20, 30), "40 lies above a rate that was missed"
    assert bounds.nearest.rate == 20
    assert bounds.rates[2].by_round == pytest.approx((0.041, 0.071))
    assert (by_load(runs[:1], LEVEL).low, by_load(runs[:1], LEVEL).high) == (10, inf)
    slow = by_load([run(10, 0.06)], LEVEL)
    assert (slow.low, slow.high, slow.nearest.rate) == (0, 10, 10)


def test_the_parts_of_a_latency_add_up() -> None:
    (rated,) = by_load([run(10, 0.02, images=4)], LEVEL).rates
    parts = (rated.late_s, rated.transport_s, rated.queue_s, rated.fill_s, rated.model_s)
    assert parts == pytest.approx((0.001, 0.003, 0.003, 0.004, 0.02))
    assert sum(parts) == pytest.approx(fmean(request.latency_s for request in run(10, 0.02).requests))
    assert rated.images_per_batch == 4
    assert rated.latency_s == pytest.approx(sum(parts) + LEVEL.overhead_s)


def test_the_first_requests_do_not_count() -> None:
    calm = run(10, 0.02)
    first = (request._replace(received_s=request.received_s + 9) for request in calm.requests[:80])
    late = replace(calm, requests=(*first, *calm.requests[80:]))
    assert by_load([late], LEVEL).rates == by_load([calm], LEVEL).rates


def test_few_requests_establish_no_percentile() -> None:
    few, many = (by_load([run(10, 0.02, requests=n)], LEVEL).rates[0] for n in (300, 400))
    assert not few.established
    assert many.established


def test_times_under_load_replace_those_alone_where_there_are_enough() -> None:
    alone = {1: [0.010] * 5, 4: [0.030] * 5}
    curves, factor = under_load(alone, [run(10, 0.016, requests=50)])
    assert factor == pytest.approx(2)
    assert curves[1] == pytest.approx([0.020] * 50)
    assert curves[4] == pytest.approx([0.060] * 5), "it had no batch, and is taken for as much slower"
    few, _ = under_load(alone, [run(10, 0.016, requests=10, images=3)])
    assert few[4] == pytest.approx([0.020] * 5)


def test_the_gap_is_taken_apart_and_said() -> None:
    server = Server({1: [0.010] * 20}, cap=1)
    search = Search(requests=500, replications=2, steps=6)
    level = ServiceLevel(0.060)
    simulated = capacity_by_simulation(server, 0.060, 99, search=search)
    test = by_load([run(30, 0.016), run(60, 0.1)], level)
    why = gap(server, simulated, [run(30, 0.016), run(60, 0.1)], test, level, search)
    assert why.saturation == pytest.approx(100)
    assert why.busy == pytest.approx(simulated.value / 100)
    assert why.slower == pytest.approx(2)
    assert why.outside_s == pytest.approx(0.004)
    assert why.with_transport.value <= why.with_load.value < simulated.value
    texts = sentences(server, by_rule(server.curves, level), test, level, why)
    assert [sentence.partition(":")[0] for sentence in texts] == [
        "bound",
        "queueing",
        "contention",
        "transport",
        "rest",
    ]
    assert "took 2.00 times as long" in texts[2]
    assert "4.00 ms" in texts[3]


@pytest.mark.parametrize(("explained", "words"), [(35.0, "none that this test"), (20.0, "above"), (70.0, "below")])
def test_what_is_left_is_said(explained: float, words: str) -> None:
    server, level = Server({1: [0.010]}, cap=1), ServiceLevel(0.060)
    runs = [run(30, 0.016), run(60, 0.1)]
    test = by_load(runs, level)
    why = gap(server, exact(80.0), runs, test, level, Search(requests=100, replications=1, steps=1))
    why = replace(why, with_transport=exact(explained))
    assert words in sentences(server, by_rule(server.curves, level), test, level, why)[-1]
