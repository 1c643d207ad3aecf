"""Do forked children and fresh interpreters agree? Alternating rounds of both, ratio with its interval.

``python tests/bench/start_methods.py --rounds 10``. Nothing else may run meanwhile.
"""

from __future__ import annotations

import argparse
import time

from scalebench.analysis.stats import ratio
from scalebench.execute.client import Worker
from scalebench.execute.one_round import run_round
from scalebench.machine.environment import collect, usable_cores
from scalebench.suite.case import Case
from scalebench.suite.protocol import PROTOCOLS
from scalebench.units import interval


def main() -> None:
    """Print one line per model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--models", nargs="+", default=["resnet18", "efficientnet_b0"])
    arguments = parser.parse_args()
    here = collect("cpu")
    with Worker() as forked, Worker(fork=False) as fresh:
        for model in arguments.models:
            case = Case(model, 224, threads=usable_cores(), protocol=PROTOCOLS["quick"])
            found: dict[str, list[float]] = {"forked": [], "fresh": []}
            started = time.monotonic()
            for number in range(arguments.rounds):
                order = (("forked", forked), ("fresh", fresh))
                for name, worker in order if number % 2 else order[::-1]:
                    record = run_round(worker, "start-methods", case, number, here)
                    found[name].append(record.facts["latency_s"])
            r = ratio(found["fresh"], found["forked"])
            print(
                f"{case.label}: fresh over forked {r.value:.3f} {interval(r.low, r.high)}, "
                f"n = {arguments.rounds} each, "
                f"{time.monotonic() - started:.0f} s"
            )


if __name__ == "__main__":
    main()
