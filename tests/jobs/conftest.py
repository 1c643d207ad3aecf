"""A bench that answers at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from scalebench.execute.abba import RoundRunner
from scalebench.execute.client import Worker
from scalebench.record import Environment, Record
from scalebench.suite.case import Case


class FakeBench(RoundRunner):
    """Measures at once: models called ``slow`` take 20 % longer on side B; the third digit depends on the round.

    In heats the second member is side B; every turn of a heat has the same ratio, which varies from heat to heat by
    0.1 %, and by 20 % for models called ``noisy``.
    """

    def measure(self, case: Case, number: int, made: Any = ()) -> Record:
        slow = 1.2 if case.model == "slow" and "-b" in self.suite else 1.0
        latency = 0.1 * slow * (1 + (number * 7 + len(self.suite)) % 5 / 1000)
        return Record(self.suite, case, number, "ok", "", self.environment, facts={"latency_s": latency})

    def measure_heat(self, cases: Sequence[Case], number: int, earlier: Any, seed: int) -> list[Record]:
        records = []
        for member, case in enumerate(cases):
            spread = 0.2 if case.model == "noisy" else 0.001
            slow = 1.2 if case.model == "slow" and member else 1.0
            latency = 0.1 * slow * (1 + member * spread * (number % 5 - 2))
            records.append(Record(
                self.suite, case, number, "ok", "", self.environment, heat=f"heat {seed}", turns=(0, 1, 2),
                samples={"latency_s": [latency, 3 * latency, latency]}, facts={"latency_s": latency},
            ))  # fmt: skip
        return records


@pytest.fixture
def bench() -> Callable[[str], RoundRunner]:
    return lambda suite: FakeBench(suite, Environment("epyc-1", "abc123", "s1"), Worker(), Worker())
