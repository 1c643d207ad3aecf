"""Simulated latencies against queueing theory."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from scalebench.procure import latency_table as simulated
from scalebench.procure.latency_table import SHARES, LatencyTable, highest_rate, latency_table


@pytest.fixture(scope="module", autouse=True)
def _long_simulations() -> Iterator[None]:
    """The percentiles of theory want the product's own number of requests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulated, "SHARES", (0.3, 0.6))
        latency_table.cache_clear()
        yield
    latency_table.cache_clear()


@pytest.fixture
def short_simulations() -> None:
    """None here."""


def at(table: LatencyTable) -> dict[float, float]:
    return dict(zip((0.3, 0.6), table.latency_s.tolist(), strict=True))


def test_m_m_1() -> None:
    """Exponential times of 1 s at 0.6 a second: the sojourn is exponential too, p99 = ln 100 / (1 - 0.6) = 11.51 s."""
    laps = np.random.default_rng(7).exponential(size=(20, 2000))
    laps /= laps.mean()
    table = latency_table(((1, tuple(map(tuple, laps.tolist()))),), 1, 99)
    assert table.rates_ips == pytest.approx([0.3, 0.6], rel=0.02)
    assert at(table)[0.3] == pytest.approx(math.log(100) / 0.7, rel=0.08)
    assert at(table)[0.6] == pytest.approx(11.513, rel=0.12)


def test_m_d_1() -> None:
    """Constant times of 1 s: p99 of wait and service by Erlang's series, 2.89 s at 0.3 and 5.53 s at 0.6."""
    table = latency_table(((1, ((1.0,) * 80,)),), 1, 99)
    assert at(table)[0.3] == pytest.approx(2.891, rel=0.05)
    assert at(table)[0.6] == pytest.approx(5.530, rel=0.08)
    assert (table.latency_s >= [2.85, 5.45]).all(), "an upper bound"


def test_slow_passes_come_in_groups() -> None:
    """Half of the rounds at 1.6 s a pass, half at 0.4: as slow as that at 0.6 a second queues for a whole round."""
    mixed = latency_table(((1, ((0.4,) * 80, (1.6,) * 80)),), 1, 99)
    shuffled = latency_table(((1, ((0.4, 1.6) * 40,)),), 1, 99)
    assert at(mixed)[0.6] > 1.5 * at(shuffled)[0.6]


def test_batches_serve_what_waits() -> None:
    """Eight images in the time of one: at 0.6 of saturation, 4.8 a second, nobody waits for more than one batch."""
    table = latency_table(((1, ((1.0,) * 80,)), (8, ((1.0,) * 80,))), 1, 99)
    assert table.rates_ips == pytest.approx([2.4, 4.8])
    assert 1.9 < at(table)[0.3] <= 2.0 + 1e-9
    assert 1.9 < at(table)[0.6] < 2.6


def test_the_highest_rate_lies_between_those_simulated() -> None:
    rates, latencies = np.array([[1.0, 2.0, 4.0]]), np.array([[10.0, 20.0, 40.0]])
    assert highest_rate(rates, latencies, 9.0).tolist() == [0.0]
    assert highest_rate(rates, latencies, 10.0).tolist() == [1.0]
    assert highest_rate(rates, latencies, 30.0).tolist() == [3.0]
    assert highest_rate(rates, latencies, 99.0).tolist() == [4.0]


def test_the_lowest_rate_hardly_queues() -> None:
    assert SHARES[0] == 0.01
