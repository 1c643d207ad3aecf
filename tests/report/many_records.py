"""Records of many cases, for the sizes that a page has to carry."""

from __future__ import annotations

from itertools import product

from scalebench.record import Record
from scalebench.store.jsonl import Results
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Plan
from tests.report.literal_report import MACHINE

FAMILIES = ("resnet", "efficientnet_b", "convnext_", "efficientnetv2_", "regnety_")


def many_results(records: int, rounds: int = 5) -> Results:
    """About ``records`` rounds of as many models, sizes and batches as it takes, with their counts."""
    sizes, batches = (128, 160, 192, 224, 256, 288, 320, 384), (1, 4, 16, 64)
    cases = [
        Case(f"{FAMILIES[number % len(FAMILIES)]}{number}", size, batch=batch)
        for number, size, batch in product(range(records), sizes, batches)
        if number * len(sizes) * len(batches) * rounds < records
    ][: -(-records // rounds)]
    made = [_round(case, round_) for round_ in range(rounds) for case in cases][:records]
    counts = [
        Record("many", case.counted(), 0, "ok", "2026-11-23T21:00:00+00:00", MACHINE, facts={
            "macs": int(_macs(case)), "params": 5_000_000, "activations": int(_macs(case) / 100), "blocks": 16})
        for case in {case.counted(): case for case in cases}.values()
    ]  # fmt: skip
    plan = Plan("many", "Many records", "schema: 1\n", tuple(cases), (), (), ("EN-02",), rounds)
    return Results((plan,), (*counts, *made), (), ())


def _macs(case: Case) -> float:
    return (1 + len(case.model) + sum(map(ord, case.model)) % 97) * 1e8 * (case.resolution / 224) ** 2


def _round(case: Case, round_: int) -> Record:
    latency = _macs(case) * case.batch**0.9 / 1e11 * (1 + ((round_ * 7 + case.resolution) % 11) / 100)
    facts = {"latency_s": latency, "throughput_ips": case.batch / latency, "memory_bytes": 5e7 + _macs(case) / 50}
    started = f"2026-11-23T22:{round_:02d}:00+00:00"
    laps = [latency * (1 + step / 1000) for step in range(8)]
    return Record("many", case, round_, "ok", started, MACHINE, {"latency_s": laps}, facts)
