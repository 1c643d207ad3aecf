"""How often the intervals cover the truth, on a synthetic clock whose truth is known.

Iterations of a round are autocorrelated (AR(1), log-normal) and every round has a level of its own, as real ones have.
Run it: ``python tests/bench/interval_coverage.py --draws 1000``; tests/analysis/test_interval_coverage.py checks the
result.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from scalebench.analysis.stats import of_rounds
from scalebench.analysis.stopping import standing
from scalebench.record import Environment, Record
from scalebench.suite.case import Case
from scalebench.suite.protocol import PROTOCOLS

HERE = Environment("synthetic", "hw", "sw")
CASE = Case("resnet18", 224, protocol=PROTOCOLS["standard"])
TRUTH = 1.0


@dataclass(frozen=True)
class Clock:
    """A synthetic machine.

    Attributes:
        between: standard deviation of a round's level, on logarithms.
        within: standard deviation of an iteration, on logarithms.
        correlation: lag-1 autocorrelation of the iterations.
        laps: iterations per round.
    """

    between: float = 0.05
    within: float = 0.05
    correlation: float = 0.6
    laps: int = 40

    def round(self, rng: np.random.Generator) -> np.ndarray:
        """Laps of one round, seconds; the truth is 1."""
        steps = rng.normal(0, self.within * math.sqrt(1 - self.correlation**2), self.laps)
        noise = np.empty(self.laps)
        noise[0] = rng.normal(0, self.within)
        for i in range(1, self.laps):
            noise[i] = self.correlation * noise[i - 1] + steps[i]
        return np.exp(rng.normal(0, self.between) + noise)


def fixed(clock: Clock, rounds: int, draws: int, seed: int = 1) -> float:
    """Share of t-intervals over ``rounds`` round medians that cover the truth."""
    rng = np.random.default_rng(seed)
    found = [of_rounds([float(np.median(clock.round(rng))) for _ in range(rounds)]) for _ in range(draws)]
    return float(np.mean([e.low <= TRUTH <= e.high for e in found]))


def stopped(clock: Clock, draws: int, seed: int = 2) -> tuple[float, float]:
    """Share of covering intervals where the stop rule chose the number of rounds, and the mean of that number."""
    rng = np.random.default_rng(seed)
    covered, used = [], []
    for _ in range(draws):
        made: list[Record] = []
        while standing(made, CASE.protocol, "cpu") == "open":
            median = float(np.median(clock.round(rng)))
            facts = {"latency_s": median, "throughput_ips": 1 / median}
            made.append(Record("s", CASE, len(made), "ok", "", HERE, facts=facts, wall_s=1.0))
        found = of_rounds([record.facts["latency_s"] for record in made])
        covered.append(found.low <= TRUTH <= found.high)
        used.append(len(made))
    return float(np.mean(covered)), float(np.mean(used))


def naive(clock: Clock, draws: int, seed: int = 3) -> float:
    """Share of t-intervals over the iterations of one process that cover the truth."""
    rng = np.random.default_rng(seed)
    hits = []
    for _ in range(draws):
        logs = np.log(clock.round(rng))
        half = stats.t.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / math.sqrt(len(logs))
        hits.append(abs(logs.mean()) <= half)
    return float(np.mean(hits))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    draws = parser.parse_args().draws
    print(f"share of 95 % intervals that cover the truth, {draws} draws each")
    print("between  within  correlation | 5 rounds  10 rounds  stop rule (mean rounds) | iterations of one process")
    for clock in (Clock(0.02, 0.05), Clock(), Clock(0.08, 0.05), Clock(0.05, 0.1, 0.8)):
        share, rounds = stopped(clock, draws)
        print(
            f"{clock.between:7.2f} {clock.within:7.2f} {clock.correlation:12.1f} | {fixed(clock, 5, draws):8.3f} "
            f"{fixed(clock, 10, draws):10.3f} {share:10.3f} ({rounds:.1f}) {naive(clock, draws):17.3f}"
        )


if __name__ == "__main__":
    main()
