"""What measuring costs beside what is measured: the parent's CPU time, and the harness's part of a round.

``python tests/bench/overhead.py --rounds 10``. Nothing else may run meanwhile.
"""

from __future__ import annotations

import argparse
import time
from statistics import median

from scalebench.execute.client import Worker
from scalebench.execute.one_round import run_round
from scalebench.machine.environment import collect, usable_cores
from scalebench.record import Record
from scalebench.suite.case import Case
from scalebench.suite.protocol import PROTOCOLS


def harness_s(record: Record) -> float:
    """Wall time of a round less its warm-up and timed chunks: fork, build, memory pass, canary, answer."""
    samples = record.samples
    return record.wall_s - sum(sum(samples[name]) for name in ("warmup_s", "latency_s", "throughput_chunk_s"))


def main() -> None:
    """Print one line per model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    here = collect("cpu")
    with Worker() as worker:
        worker.run({"do": "environment", "devices": ["cpu"]}, 60)  # the server has imported torch
        for model in ("resnet18", "efficientnet_b0", "resnet50"):
            case = Case(model, 224, threads=usable_cores(), protocol=PROTOCOLS["standard"])
            cpu, wall = time.process_time(), time.monotonic()
            records = [run_round(worker, "overhead", case, number, here) for number in range(rounds)]
            cpu, wall = time.process_time() - cpu, time.monotonic() - wall
            print(
                f"{case.label}: parent {100 * cpu / wall:.2f} % of wall; "
                f"harness {median(map(harness_s, records)):.2f} s "
                f"of {wall / rounds:.2f} s a round (median of {rounds})"
            )


if __name__ == "__main__":
    main()
