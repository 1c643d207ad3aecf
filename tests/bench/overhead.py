"""What measuring costs beside what is measured: the parent's CPU time, and the harness's part of a round and a heat.

``python tests/bench/overhead.py --rounds 10``. Nothing else may run meanwhile.
"""

from __future__ import annotations

import argparse
import time
from statistics import median

from scalebench.execute.client import Worker
from scalebench.execute.one_heat import HeatMember, run_heat
from scalebench.execute.one_round import run_round
from scalebench.machine.environment import collect, usable_cores
from scalebench.record import Record
from scalebench.suite.case import Case
from scalebench.suite.protocol import PROTOCOLS

_MODELS = ("resnet18", "efficientnet_b0", "resnet50")


def harness_s(record: Record) -> float:
    """Wall time of a round less its warm-up and timed chunks: fork, build, memory pass, canary, answer."""
    samples = record.samples
    return record.wall_s - sum(sum(samples[name]) for name in ("warmup_s", "latency_s", "throughput_chunk_s"))


def heat_harness_s(records: list[Record]) -> float:
    """Wall time of a heat per case, less timed laps and the untimed passes: three at first and one before each turn."""
    rest_s = 0.0
    for record in records:
        laps = record.samples["latency_s"]
        rest_s += record.wall_s - sum(laps) - median(laps) * (3 + len(set(record.turns)))
    return rest_s / len(records)


def main() -> None:
    """Print one line per model, and one for heats of all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    here = collect("cpu")
    with Worker() as worker:
        worker.run({"do": "environment", "devices": ["cpu"]}, 60)  # the server has imported torch
        cases = [Case(model, 224, threads=usable_cores(), protocol=PROTOCOLS["standard"]) for model in _MODELS]
        for case in cases:
            cpu, wall = time.process_time(), time.monotonic()
            records = [run_round(worker, "overhead", case, number, here) for number in range(rounds)]
            cpu, wall = time.process_time() - cpu, time.monotonic() - wall
            print(
                f"{case.label}: parent {100 * cpu / wall:.2f} % of wall; "
                f"harness {median(map(harness_s, records)):.2f} s "
                f"of {wall / rounds:.2f} s a round (median of {rounds})"
            )
        heats = [run_heat(worker, "overhead", [HeatMember(c, n) for c in cases], here, seed=n) for n in range(rounds)]
        heat_s = median(sum(record.wall_s for record in heat) for heat in heats)
        harness = median(map(heat_harness_s, heats))
        print(f"by turns: harness {harness:.2f} s a case, of heats of {heat_s:.2f} s (median of {rounds})")


if __name__ == "__main__":
    main()
