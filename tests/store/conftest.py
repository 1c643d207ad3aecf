from collections.abc import Callable

import pytest

from scalebench.record import Environment, Record
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Group, Member, Plan

ENVIRONMENT = Environment("xeon-abc123", "aaaaaaaaaaaa", "bbbbbbbbbbbb", {"cores": 4}, {"torch": "2.9.0"})
CASE = Case("resnet50", 224)


@pytest.fixture(scope="session")
def plan() -> Plan:
    """A plan with a case, a count and a group."""
    case = Case("resnet50", 224)
    members = (Member("depth", 2.0, 1.0, 224, 8_170_000_000, -0.001, trim=2),)
    group = Group("resnet50", 224, 4_089_184_256, 2.0, 0.02, members)
    return Plan("a_suite", "", "schema: 1\n", (case,), (case.counted(),), (group,), ("EN-02",), 3)


@pytest.fixture(scope="session")
def measured() -> Callable[..., Record]:
    """Makes the record of a round that ended well, or as ``changes`` say."""

    def make(round_: int = 0, case: Case = CASE, **changes: object) -> Record:
        content: dict[str, object] = {
            "suite": "a_suite", "case": case, "round": round_, "outcome": "ok", "started": "2026-11-23T22:00:00+00:00",
            "environment": ENVIRONMENT, "samples": {"latency_s": [0.1, 0.11]},
            "facts": {"latency_s": 0.1, "throughput_ips": 10.0, "memory_bytes": 5_000_000}, "wall_s": 2.0,
        }  # fmt: skip
        return Record(**{**content, **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def counted(measured: Callable[..., Record]) -> Callable[..., Record]:
    """Makes the record of a count."""

    def make(model: str, resolution: int, macs: int, **changes: object) -> Record:
        facts = {"macs": macs, "params": macs // 100, "activations": macs // 50, "blocks": 16}
        case = Case(model, resolution).counted()
        environment = Environment("on-paper", "", "", software={"torch": "2.9.0"})
        return measured(case=case, **{"facts": facts, "samples": {}, "environment": environment, **changes})

    return make
