"""Latencies under random arrivals against queueing theory, and against an event simulation."""

from __future__ import annotations

from math import exp, factorial, log
from pathlib import Path

import numpy as np
import pytest

from scalebench.procure.capacity import capacities
from scalebench.procure.catalogue import catalogue
from scalebench.procure.evidence import gather
from scalebench.procure.latency_table import LatencyTable, Rounds, highest_rate, latency_table
from scalebench.procure.load_plan import load_plan
from scalebench.procure.simulate import Server, simulate

TEN_MS: Rounds = ((0.010,) * 50,) * 5


@pytest.fixture
def short_simulations() -> None:
    """None here: theory wants all requests."""


def exponential(mean_s: float) -> Rounds:
    """60 rounds of exponential service times with exactly this mean."""
    laps = np.random.default_rng(7).exponential(size=(60, 500))
    return tuple(map(tuple, (mean_s * laps / laps.mean()).tolist()))


def at(table: LatencyTable, rate: float) -> float:
    return float(np.interp(rate, table.rates_ips, table.latency_s))


def highest(table: LatencyTable, limit_s: float) -> float:
    return float(highest_rate(table.rates_ips[None], table.latency_s[None], limit_s)[0])


@pytest.mark.parametrize(("rate", "p99_s"), [(30, 0.06579), (50, 0.09210), (70, 0.15351)])
def test_exponential_service_times(rate: float, p99_s: float) -> None:
    """M/M/1 with mu = 100/s: latencies are exponential, p99 = ln(100) / (mu - lambda). The table is its upper bound."""
    bound = at(latency_table(((1, exponential(0.010)),), 1, 99), rate)
    assert p99_s == pytest.approx(log(100) / (100 - rate), rel=1e-3)
    assert 0.99 * p99_s < bound < 1.12 * p99_s


def erlang(wait_s: float, rate: float, service_s: float) -> float:
    """P(wait <= t) of M/D/1: Erlang, 1909."""
    terms = (
        (rate * (number * service_s - wait_s)) ** number / factorial(number) * exp(rate * (wait_s - number * service_s))
        for number in range(int(wait_s // service_s) + 1)
    )
    return (1 - rate * service_s) * sum(terms)


@pytest.mark.parametrize("rate", [30, 50, 70, 80])
def test_equal_service_times(rate: float) -> None:
    """M/D/1: of all requests at least 99 %, and not many more, are answered within the latency of the table."""
    bound = at(latency_table(((1, TEN_MS),), 1, 99), rate)
    assert 0.989 < erlang(bound - 0.010, rate, 0.010) < 0.9955


def test_the_highest_rate_is_that_of_theory() -> None:
    """M/M/1: 100 ms at p99 are met up to 100 - ln(100) / 0.1 = 53.95 requests per second; at p95 up to 70.04."""
    service = ((1, exponential(0.010)),)
    assert 0.93 * 53.95 < highest(latency_table(service, 1, 99), 0.100) <= 1.01 * 53.95
    assert 0.93 * 70.04 < highest(latency_table(service, 1, 95), 0.100) <= 1.01 * 70.04
    assert highest(latency_table(service, 1, 99), 0.040) == 0, "p99 of the service alone is 46 ms"


@pytest.mark.parametrize(("copies", "rate"), [(1, 120.0), (2, 260.0)])
def test_batches_as_in_the_event_simulation(copies: int, rate: float) -> None:
    """Another program, on SimPy, with arrivals and draws of its own."""
    curves = {1: [0.010, 0.012], 2: [0.014, 0.015], 4: [0.021, 0.026]}
    sizes = tuple((batch, (tuple(times * 40),) * 3) for batch, times in curves.items())
    table = latency_table(sizes, copies, 99)
    run = simulate(Server(curves, 4, copies=copies), rate, 20_000)
    assert run.latency_s(99) == pytest.approx(at(table, rate), rel=0.08)


def test_batches_serve_what_waits() -> None:
    """Eight images in the time of one, at 0.6 of saturation: hardly anybody waits for more than one batch."""
    table = latency_table(((1, ((1.0,) * 80,)), (8, ((1.0,) * 80,))), 1, 99)
    assert 1.9 < at(table, 2.4) <= 2.0 + 1e-9
    assert 1.9 < at(table, 4.8) < 2.6


def test_the_highest_rate_lies_between_those_simulated() -> None:
    rates, latencies = np.array([[1.0, 2.0, 4.0]]), np.array([[10.0, 20.0, 40.0]])
    assert highest_rate(rates, latencies, 9.0).tolist() == [0.0]
    assert highest_rate(rates, latencies, 10.0).tolist() == [1.0]
    assert highest_rate(rates, latencies, 30.0).tolist() == [3.0]
    assert highest_rate(rates, latencies, 99.0).tolist() == [4.0]


def test_half_the_speed_is_twice_the_latency_at_half_the_rate() -> None:
    fast, slow = (latency_table(((1, ((0.01 * pace,) * 50,)), (4, ((0.02 * pace,) * 50,))), 1, 99) for pace in (1, 2))
    assert slow.rates_ips == pytest.approx(fast.rates_ips / 2)
    assert slow.latency_s == pytest.approx(2 * fast.latency_s)


def test_slow_passes_that_come_together_are_worse() -> None:
    """One round in five is three times as slow: its passes follow one another, as they were measured."""
    together: Rounds = (*[(0.010,) * 100] * 4, (0.030,) * 100)
    scattered: Rounds = ((*(0.010,) * 4, 0.030) * 20,) * 5
    grouped, mixed = (latency_table(((1, rounds),), 1, 99) for rounds in (together, scattered))
    assert at(grouped, 50) > 2 * at(mixed, 50)


def test_resnet50_int8_does_not_meet_twice_its_service_time(root: Path, tmp_path: Path) -> None:
    """At 0.6 of full batches 90 % of the requests are answered within twice t(1), 29.1 ms, not 99."""
    text = (root / "plans" / "example.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("latency_ms: 100", "latency_ms: 29.1"), ("overhead_ms: 20 ", "overhead_ms: 0 "),
        ("models: [resnet18, resnet50, efficientnet_b0, efficientnet_b3]", "models: [resnet50]"),
        ("    runtimes: [onnx", "    precisions: [int8]\n    runtimes: [onnx"),
        ("  images: {camera: 1280x960, decoder: simplejpeg}\n", ""), ("bound: lower95", "bound: median"),
        ("runs: [../results/reference/serving, ../results/reference/vehicle_damage]",
         f"runs: [{root}/results/reference/serving]"),
    ):  # fmt: skip
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
    file = load_plan(tmp_path / "plan.yaml")
    evidence = gather(file, catalogue())
    (capacity,) = capacities(file.plan, evidence, draws=0)[0]
    curve = next(c for c in evidence.nodes["two-cores"].curves if c.setup == capacity.setup)
    laps = {step.batch: [lap for of_round in step.laps for lap in of_round] for step in curve.batches}
    planned = capacity.planned_ips(0.6)
    assert 0 < planned < 0.6 / 0.01456, "what 2 t(1) allowed"

    def within(server: Server, rate: float) -> float:
        return float((simulate(server, rate, 8000).latencies_s[1600:] <= 0.0291).mean())

    assert 0.85 < within(Server({1: laps[1]}, 1), 0.6 / 0.01456) < 0.95
    assert within(Server({b: t for b, t in laps.items() if b <= capacity.batch}, capacity.batch), planned) > 0.985
