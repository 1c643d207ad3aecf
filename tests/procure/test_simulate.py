"""The simulation against queueing theory, and what has to hold for any server."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalebench.procure.simulate import Search, Server, capacity_by_simulation, simulate

TEN_MS = {1: [0.010]}
QUICK = Search(requests=600, replications=3, steps=6)

servers = st.builds(
    Server,
    st.fixed_dictionaries({
        size: st.lists(st.floats(1e-3, 0.05), min_size=1, max_size=4) for size in (1, 2, 4)
    }),
    cap=st.integers(1, 4),
    delay_s=st.sampled_from([0.0, 0.003, 0.02]),
    copies=st.integers(1, 3),
)  # fmt: skip


@pytest.mark.parametrize(("utilisation", "expected"), [(0.5, 0.005), (0.8, 0.020)])
def test_one_at_a_time_waits_as_pollaczek_and_khinchine_say(utilisation: float, expected: float) -> None:
    """M/D/1 waits rho / (2 (1 - rho)) services, here of 10 ms; the mean lies within four standard errors of that."""
    server = Server(TEN_MS, cap=1)
    waits = [simulate(server, utilisation / 0.010, 3000, seed).latencies_s[300:].mean() - 0.010 for seed in range(8)]
    error = np.std(waits, ddof=1) / math.sqrt(len(waits))
    assert abs(np.mean(waits) - expected) < 4 * error
    assert error < 0.1 * expected, "tight enough to tell it from half or twice as much"


def test_two_copies_wait_as_erlang_says() -> None:
    """M/M/2 at rho 0.7: Erlang C gives a mean wait of rho^2 / (1 - rho^2) = 0.961 mean service times."""
    exponential = -np.log1p(-(np.arange(2000) + 0.5) / 2000) * 0.010
    server = Server({1: exponential.tolist()}, cap=1, copies=2)
    runs = [simulate(server, 2 * 0.7 / 0.010, 3000, seed).latencies_s[300:].mean() for seed in range(8)]
    error = np.std(runs, ddof=1) / math.sqrt(len(runs))
    assert abs(np.mean(runs) - 0.010 * (1 + 0.49 / 0.51)) < 4 * error
    assert error < 0.002


def test_past_saturation_the_queue_grows_and_the_server_never_rests() -> None:
    run = simulate(Server({4: [0.020]}, cap=4), 1.3 * 200, 2000)
    first, *_, last = np.array_split(run.latencies_s, 10)
    assert last.mean() > 5 * first.mean()
    assert run.busy > 0.99
    assert run.batches[10:-1].min() == 4


def test_far_below_saturation_a_request_is_alone_and_waits_for_the_delay_only() -> None:
    run = simulate(Server({1: [0.010], 8: [0.030]}, cap=8, delay_s=0.005), 0.01, 50)
    assert run.latencies_s == pytest.approx(0.015)
    assert run.batches.tolist() == [1] * 50


def test_a_full_batch_is_not_held_back() -> None:
    run = simulate(Server({2: [0.001]}, cap=2, delay_s=1000.0), 1.0, 40)
    assert run.batches.tolist() == [2] * 20
    assert run.latencies_s[1::2] == pytest.approx(0.001), "the second of each pair starts it at once"


def test_a_batch_between_two_sizes_takes_the_time_of_the_next_larger_one() -> None:
    server = Server({1: [0.001], 4: [0.004], 8: [0.008]}, cap=8)
    assert [server.times(images) for images in (1, 2, 4, 5, 8)] == [[0.001], [0.004], [0.004], [0.008], [0.008]]
    assert server.saturation == pytest.approx(1000)


@settings(max_examples=60)
@given(servers, st.floats(1.0, 2000.0), st.integers(1, 80), st.integers(0, 5))
def test_every_request_is_answered_in_batches_within_the_cap(
    server: Server, rate: float, requests: int, seed: int
) -> None:
    run = simulate(server, rate, requests, seed)
    assert run.batches.max() <= server.cap
    assert run.batches.sum() == requests
    assert np.isfinite(run.latencies_s).all()
    assert run.latencies_s.min() >= min(min(times) for times in server.curves.values()) - 1e-9
    assert 0 < run.busy <= 1 + 1e-9
    assert run.latency_s(50) <= run.latency_s(95) <= run.latency_s(99) <= run.latencies_s.max()
    again = simulate(server, rate, requests, seed)
    assert (again.latencies_s == run.latencies_s).all(), "a seed decides everything"


@settings(max_examples=40)
@given(st.floats(0.001, 0.02), st.integers(1, 3), st.floats(20.0, 1500.0), st.integers(0, 20))
def test_another_copy_makes_no_request_slower(service: float, copies: int, rate: float, seed: int) -> None:
    """First come, first served with equal service times: true for every single request, not only on average."""
    fewer, more = (simulate(Server({1: [service]}, 1, copies=k), rate, 100, seed) for k in (copies, copies + 1))
    assert (more.latencies_s <= fewer.latencies_s + 1e-9).all()


def test_the_capacity_is_where_the_level_begins_to_be_missed() -> None:
    server, search = Server(TEN_MS, cap=1), Search(requests=2000, replications=1, steps=9)
    capacity = capacity_by_simulation(server, 0.050, 99, search=search).value
    assert 0 < capacity < server.saturation
    assert simulate(server, capacity, 2000, "0-0").latency_s(99) <= 0.050
    assert simulate(server, 1.02 * capacity, 2000, "0-0").latency_s(99) > 0.050


def test_the_capacity_has_an_interval_over_replications_and_grows_with_slack_and_copies() -> None:
    server = Server({1: [0.010, 0.011], 4: [0.022, 0.024]}, cap=4)
    tight, loose = (capacity_by_simulation(server, slo, 95, search=QUICK) for slo in (0.050, 0.100))
    two = capacity_by_simulation(Server(server.curves, 4, copies=2), 0.050, 95, search=QUICK)
    assert tight.low < tight.value < tight.high
    assert tight.n == 3
    assert tight.value < loose.value <= server.saturation
    assert two.value > tight.value
    assert capacity_by_simulation(server, 0.060, 95, 0.010, QUICK) == pytest.approx(tight), "overhead is taken off"


def test_what_even_an_idle_server_misses_has_no_capacity() -> None:
    assert capacity_by_simulation(Server(TEN_MS, 1), 0.009, 99, search=QUICK).value == 0


@pytest.mark.parametrize(
    "wrong", [{"cap": 0}, {"cap": 2}, {"copies": 0}, {"delay_s": -1.0}, {"curves": {}}, {"curves": {1: []}}]
)
def test_a_server_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"at least|no service times"):
        Server(**{"curves": TEN_MS, "cap": 1, **wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize(("rate", "requests"), [(0.0, 10), (-1.0, 10), (1.0, 0)])
def test_a_load_that_cannot_be_is_refused(rate: float, requests: int) -> None:
    with pytest.raises(ValueError, match="above 0"):
        simulate(Server(TEN_MS, 1), rate, requests)
