"""A case of three rounds, 100, 110 and 121 ms, one of a single round, and one that ran out of memory."""

from __future__ import annotations

from dataclasses import replace

from scalebench.record import Environment, Record
from scalebench.report.exports.entries import Export, collect
from scalebench.report.findings import find
from scalebench.store.jsonl import Results
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Plan
from tests.report.literal_report import MACHINE, make_record

ROUNDS = (0.1, 0.11, 0.121)
HARDWARE = {"device": "cpu", "cpu": {"name": "AMD EPYC", "usable_cores": 2}, "memory": {"gib": 24}}
CPU = replace(MACHINE, hardware=HARDWARE, software={"torch": "2.15.0", "python": "3.12", "system": "Linux"})


def make_records(environment: Environment = CPU) -> list[Record]:
    """Rounds of three cases and the counts of two: 4.089 and 1.814 G MACs."""
    facts = [{"latency_s": t, "throughput_ips": 1 / t, "memory_bytes": 5e7} for t in ROUNDS]
    rounds = [
        *(make_record("resnet50", 224, 4e9, n, facts=own, environment=environment) for n, own in enumerate(facts)),
        make_record("resnet18", 224, 2e9, 0, environment=environment),
        make_record("resnet152", 224, 1e10, 0, outcome="oom", environment=environment),
    ]
    counts = [
        Record("small", Case(model, 224).counted(), 0, "ok", "2026-11-23T21:00:00+00:00", environment,
               facts={"macs": macs, "params": 5_000_000})
        for model, macs in (("resnet50", 4_089_184_256), ("resnet18", 1_814_073_344))
    ]  # fmt: skip
    return [*counts, *rounds]


def plan_of(records: list[Record]) -> Plan:
    """A plan of the measured cases."""
    cases = tuple(dict.fromkeys(record.case for record in records if record.case.mode != "count"))
    return Plan("small", "A small suite", "", cases, (), (), (), 3)


def make_export(records: list[Record] | None = None) -> Export:
    """What is exported of records."""
    records = make_records() if records is None else records
    return collect(find(Results((plan_of(records),), tuple(records), (), ()), study=False))
