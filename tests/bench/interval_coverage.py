"""How often the 95 % intervals cover the truth, on a synthetic clock whose truth is known.

Iterations of a round are autocorrelated (AR(1)) and every round has a level of its own, as real ones have.
Run it: ``python tests/bench/interval_coverage.py --draws 2000``; tests/analysis/test_interval_coverage.py checks the
result.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import signal, stats

from scalebench.analysis.floor import noise_floor
from scalebench.analysis.stats import Estimate, of_rounds, ratio
from scalebench.analysis.stopping import counted_rounds, standing
from scalebench.analysis.tails import tail
from scalebench.record import Environment, Record
from scalebench.suite.case import Case
from scalebench.suite.protocol import PROTOCOLS

HERE = Environment("synthetic", "hw", "sw")
Z95 = 1.959964


@dataclass(frozen=True)
class Clock:
    """A synthetic machine; the median of an iteration is 1 s.

    Attributes:
        between: standard deviation of a round's level, on logarithms.
        within: standard deviation of an iteration, on logarithms.
        correlation: lag-1 autocorrelation of the normal scores of the iterations.
        laps: iterations per round.
        skewed: whether logs of iterations are exponential, not normal, about their median.
    """

    between: float = 0.05
    within: float = 0.05
    correlation: float = 0.6
    laps: int = 40
    skewed: bool = False

    def rounds(self, count: int, rng: np.random.Generator) -> list[np.ndarray]:
        """Iterations of ``count`` rounds, seconds."""
        steps = rng.normal(0, math.sqrt(1 - self.correlation**2), (count, self.laps))
        steps[:, 0] = rng.normal(0, 1, count)
        scores = signal.lfilter([1], [1, -self.correlation], steps, axis=1)
        levels = rng.normal(0, self.between, (count, 1))
        return list(np.exp(levels + self._logs(scores)))

    def truth(self, quantile: float) -> float:
        """This quantile of the iterations of a typical process, seconds: the geometric mean over processes."""
        return math.exp(float(self._logs(np.asarray(stats.norm.ppf(quantile)))))

    def _logs(self, scores: np.ndarray) -> np.ndarray:
        if not self.skewed:
            return self.within * scores
        logs: np.ndarray = self.within * (math.log(0.5) - np.log(stats.norm.sf(scores)))
        return logs


@dataclass(frozen=True)
class Coverage:
    """Share of draws with an interval, and of those intervals that cover the truth (NaN without any)."""

    given: float
    covered: float


def mean_of_rounds(clock: Clock, rounds: int, draws: int, seed: int = 1) -> float:
    """Coverage of a case's value over ``rounds`` round medians."""
    rng = np.random.default_rng(seed)
    drawn = [of_rounds([float(np.median(laps)) for laps in clock.rounds(rounds, rng)]) for _ in range(draws)]
    return _covered(drawn, 1.0)


def ratio_of_cases(clock: Clock, other: Clock, rounds: int, draws: int, seed: int = 2) -> float:
    """Coverage of the ratio of two cases that are equally fast."""
    rng = np.random.default_rng(seed)

    def medians(of: Clock) -> list[float]:
        return [float(np.median(laps)) for laps in of.rounds(rounds, rng)]

    return _covered([ratio(medians(clock), medians(other)) for _ in range(draws)], 1.0)


def iterations_of_one_process(clock: Clock, draws: int, seed: int = 3) -> float:
    """Coverage of t-intervals over the iterations of one process, which are not replicates."""
    rng = np.random.default_rng(seed)
    return _covered([of_rounds(clock.rounds(1, rng)[0].tolist()) for _ in range(draws)], 1.0)


def product_tail(quantile: float) -> Callable[[list[np.ndarray]], Estimate | None]:
    """The interval that pages print."""
    return lambda rounds: tail(rounds, quantile).estimate  # type: ignore[arg-type]  # arrays are sequences


def bootstrapped_tail(quantile: float) -> Callable[[list[np.ndarray]], Estimate | None]:
    """The percentile bootstrap over rounds of the pooled quantile, for comparison."""

    def interval(rounds: list[np.ndarray]) -> Estimate:
        rng, pooled = np.random.default_rng(0), np.concatenate(rounds)
        picks = rng.integers(len(rounds), size=(200, len(rounds)))
        drawn = [np.quantile(np.concatenate([rounds[i] for i in pick]), quantile) for pick in picks]
        low, high = np.quantile(drawn, [0.025, 0.975])
        return Estimate(float(np.quantile(pooled, quantile)), float(low), float(high), len(rounds))

    return interval


def tails(
    clock: Clock,
    quantile: float,
    rounds: int,
    draws: int,
    interval: Callable[[list[np.ndarray]], Estimate | None] | None = None,
    seed: int = 4,
) -> Coverage:
    """Coverage of a quantile over ``rounds`` rounds, where it is given."""
    rng, estimate = np.random.default_rng(seed), interval or product_tail(quantile)
    drawn = [e for _ in range(draws) if (e := estimate(clock.rounds(rounds, rng))) is not None]
    return Coverage(len(drawn) / draws, _covered(drawn, clock.truth(quantile)))


@dataclass(frozen=True)
class Stopped:
    """Coverage where the stop rule chose the number of rounds.

    Attributes:
        covered: share of all intervals.
        converged: share of cases that ended as ``converged``.
        covered_converged: share of their intervals.
        made: mean number of rounds made.
        half_width: median of the intervals' relative half-width.
    """

    covered: float
    converged: float
    covered_converged: float
    made: float
    half_width: float


def stopped(protocol: str, spread: float, draws: int, seed: int = 5) -> Stopped:
    """The scheduler's own rule on rounds whose medians spread by ``spread``."""
    rng, case = np.random.default_rng(seed), Case("resnet18", 224, protocol=PROTOCOLS[protocol].alone())
    estimates, endings, made = [], [], []
    for _ in range(draws):
        records: list[Record] = []
        while (ending := standing(records, case.protocol, "cpu")) == "open":
            median = math.exp(rng.normal(0, spread))
            facts = {"latency_s": median, "throughput_ips": 1 / median}
            records.append(Record("s", case, len(records), "ok", "", HERE, facts=facts, wall_s=1.0))
        estimates.append(of_rounds([record.facts["latency_s"] for record in counted_rounds(records)]))
        endings.append(ending)
        made.append(len(records))
    converged = [e for e, ending in zip(estimates, endings, strict=True) if ending == "converged"]
    return Stopped(
        _covered(estimates, 1.0), len(converged) / draws, _covered(converged, 1.0), float(np.mean(made)),
        float(np.median([e.half_width for e in estimates])),
    )  # fmt: skip


def floors(cases: int, runs: int, shared: float, draws: int, seed: int = 6) -> float:
    """Coverage of the noise floor; this share of the variance of a run is common to all its cases."""
    rng, sd = np.random.default_rng(seed), 0.05
    own, common = sd * math.sqrt(1 - shared), sd * math.sqrt(shared)
    drawn = [
        noise_floor(list(np.exp(rng.normal(0, own, (cases, runs)) + rng.normal(0, common, runs)))) for _ in range(draws)
    ]
    return _covered(drawn, Z95 * math.sqrt(2) * sd)


def _covered(estimates: list[Estimate], truth: float) -> float:
    return float(np.mean([e.low <= truth <= e.high for e in estimates])) if estimates else math.nan


CLOCKS = (Clock(0.02), Clock(), Clock(0.08), Clock(0.12), Clock(0.05, 0.1, 0.8))


def print_values(draws: int) -> None:
    """Values and ratios over fixed numbers of rounds."""
    print("\n| spread between, within, autocorrelation | 3 rounds | 5 rounds | 10 rounds | ratio, 3 | ratio, 5 | "
          "iterations of one process |\n|---|---|---|---|---|---|---|")  # fmt: skip
    for clock in CLOCKS:
        cells = [mean_of_rounds(clock, rounds, draws) for rounds in (3, 5, 10)]
        cells += [ratio_of_cases(clock, replace(clock, between=clock.between / 3), rounds, draws) for rounds in (3, 5)]
        cells.append(iterations_of_one_process(clock, draws))
        name = f"{clock.between:.0%}, {clock.within:.0%}, {clock.correlation:g}"
        print(f"| {name} | {' | '.join(f'{cell:.3f}' for cell in cells)} |")


def print_tails(draws: int) -> None:
    """Tails, and what the percentile bootstrap over five rounds would cover; given: share of cases with an interval."""
    print("\n| quantile, iterations per round, autocorrelation | given | 3 rounds | 5 rounds | 10 rounds | skewed, 5 | "
          "bootstrap, 5 |\n|---|---|---|---|---|---|---|")  # fmt: skip
    for quantile, laps, correlation in (
        (0.95, 40, 0.0), (0.95, 40, 0.3), (0.95, 80, 0.6), (0.95, 200, 0.8),
        (0.99, 76, 0.0), (0.99, 76, 0.3), (0.99, 76, 0.5), (0.99, 152, 0.6), (0.99, 300, 0.8),
    ):  # fmt: skip
        clock = Clock(0.05, 0.05, correlation, laps)
        found = [tails(clock, quantile, rounds, draws) for rounds in (3, 5, 10)]
        skewed = tails(replace(clock, skewed=True), quantile, 5, draws)
        old = tails(clock, quantile, 5, draws // 4, bootstrapped_tail(quantile))
        cells = [*(f.covered for f in found), skewed.covered, old.covered]
        print(f"| p{100 * quantile:g}, {laps}, {correlation:g} | {found[1].given:.2f} | "
              f"{' | '.join(f'{cell:.3f}' for cell in cells)} |")  # fmt: skip


def print_stopped(draws: int) -> None:
    """The stop rule of each protocol."""
    print("\n| protocol | spread between rounds | covered | converged | covered, of the converged | rounds made | "
          "half-width |\n|---|---|---|---|---|---|---|")  # fmt: skip
    for protocol in PROTOCOLS:
        for spread in (0.02, 0.04, 0.08, 0.12, 0.2):
            s = stopped(protocol, spread, draws)
            share = "-" if math.isnan(s.covered_converged) or s.converged * draws < 30 else f"{s.covered_converged:.3f}"
            print(f"| {protocol} | {spread:.0%} | {s.covered:.3f} | {s.converged:.1%} | {share} | {s.made:.1f} | "
                  f"{s.half_width:.1%} |")  # fmt: skip


def print_floors(draws: int) -> None:
    """The noise floor, by how much of the noise of a run all its cases share."""
    print("\n| noise floor of 4 cases | nothing shared | half shared | all shared |\n|---|---|---|---|")
    for runs in (2, 4, 8):
        cells = [floors(4, runs, shared, draws) for shared in (0.0, 0.5, 1.0)]
        print(f"| {runs} runs | {' | '.join(f'{cell:.3f}' for cell in cells)} |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2000)
    draws = parser.parse_args().draws
    print(f"share of 95 % intervals that cover the truth, {draws} draws each")
    for table in (print_values, print_tails, print_stopped, print_floors):
        table(draws)


if __name__ == "__main__":
    main()
