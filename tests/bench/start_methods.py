"""Do rounds by turns, forked rounds alone and fresh interpreters alone agree? Ratios with intervals.

``python -m tests.bench.start_methods --sweeps 6``. Each sweep measures the cases in one heat, and each alone in a
forked child and in a fresh interpreter, in an order drawn anew. Nothing else may run meanwhile.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from scalebench.analysis.stats import Estimate, mean_ratio, ratio
from scalebench.execute.abba import RoundRunner, describe
from scalebench.execute.client import Worker
from scalebench.execute.lock import machine_lock
from scalebench.jobs.named_cases import base_case, resolve_cases
from scalebench.record import Record
from scalebench.suite.case import Case
from scalebench.units import interval

MODELS = ("resnet18@224", "resnet50@224", "efficientnet_b0@224", "efficientnet_b0@380", "efficientnet_b3@300")
METHODS = ("by turns", "forked, alone", "fresh, alone")
Times = dict[str, dict[Case, list[float]]]
"""Median latency of each round, by method and case."""


def measure(cases: Sequence[Case], forked: RoundRunner, fresh: RoundRunner, sweeps: int) -> Times:
    """Rounds of every case by every method."""
    times: Times = {method: {case: [] for case in cases} for method in METHODS}

    def keep(method: str, case: Case, record: Record) -> None:
        times[method][case].append(record.facts["latency_s"])

    def by_turns(number: int) -> None:
        for case, record in zip(cases, forked.measure_heat(cases, number, (), number), strict=True):
            keep("by turns", case, record)

    def alone(method: str, runner: RoundRunner, case: Case, number: int) -> None:
        keep(method, case, runner.measure(replace(case, protocol=case.protocol.alone()), number))

    for number in range(sweeps):
        steps: list[Callable[[int], None]] = [by_turns]
        for method, runner in zip(METHODS[1:], (forked, fresh), strict=True):
            steps += [partial(alone, method, runner, case) for case in cases]
        for step in random.Random(number).sample(steps, len(steps)):
            step(number)
    return times


def main() -> None:
    """Print a line per case and method, and one for all cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweeps", type=int, default=6)
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    arguments = parser.parse_args()
    with machine_lock(), Worker() as warm, Worker(fork=False) as fresh:
        here = describe(warm, "cpu")[1]
        cases = resolve_cases(arguments.models, base_case("cpu", 1, 2, "quick"), warm)
        runners = (RoundRunner("methods", here, warm, fresh), RoundRunner("methods", here, fresh, fresh))
        times = measure(cases, *runners, arguments.sweeps)
    print("| over rounds of a forked child alone | by turns | fresh, alone |\n|---|---|---|")
    usual = times["forked, alone"]
    for case in cases:
        print(f"| {case.label} | {' | '.join(_text(ratio(times[m][case], usual[case])) for m in METHODS[::2])} |")
    means = [mean_ratio([(times[method][case], usual[case]) for case in cases]) for method in METHODS[::2]]
    print(f"| mean of the cases | {' | '.join(map(_text, means))} |")


def _text(e: Estimate) -> str:
    return f"{e.value:.3f} {interval(e.low, e.high)}"


if __name__ == "__main__":
    main()
