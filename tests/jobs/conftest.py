"""A bench that answers at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scalebench.execute.abba import RoundRunner
from scalebench.execute.client import Worker
from scalebench.record import Environment, Record
from scalebench.suite.case import Case


class FakeBench(RoundRunner):
    """Measures at once: models called ``slow`` take 20 % longer on side B; the third digit depends on the round."""

    def measure(self, case: Case, number: int, made: Any = ()) -> Record:
        slow = 1.2 if case.model == "slow" and "-b" in self.suite else 1.0
        latency = 0.1 * slow * (1 + (number * 7 + len(self.suite)) % 5 / 1000)
        return Record(self.suite, case, number, "ok", "", self.environment, facts={"latency_s": latency})


@pytest.fixture
def bench() -> Callable[[str], RoundRunner]:
    return lambda suite: FakeBench(suite, Environment("epyc-1", "abc123", "s1"), Worker(), Worker())
