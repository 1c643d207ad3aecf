from collections.abc import Callable, Sequence

import pytest

from scalebench.record import Environment, Record
from scalebench.suite.case import Case
from scalebench.suite.suite_plan import Group, Plan


@pytest.fixture(scope="session")
def measured() -> Callable[..., Record]:
    """Makes the record of one round: model, resolution, latency; where and how it ran as keywords."""

    def make(
        model: str, resolution: int, latency: float | None, round_: int = 0, *, machine: str = "xeon",
        software: str = "s", case: Case | None = None, outcome: str = "ok", **way: object,
    ) -> Record:  # fmt: skip
        facts = {} if latency is None else {"latency_s": latency, "throughput_ips": 1 / latency, "memory_bytes": 1e6}
        error = None if outcome == "ok" else {"type": "Some", "message": f"{outcome} it was"}
        return Record(
            suite="a_suite",
            case=case or Case(model, resolution, **way),  # type: ignore[arg-type]
            round=round_,
            outcome=outcome,  # type: ignore[arg-type]
            started="2026-11-23T22:00:00+00:00",
            environment=Environment(machine, f"hw-{machine}", software),
            facts=facts,
            error=error,
        )

    return make


@pytest.fixture(scope="session")
def counted() -> Callable[..., Record]:
    """Makes the record of a count."""

    def make(model: str, resolution: int, macs: float, activations: float = 1.0) -> Record:
        facts = {"macs": macs, "params": 1_000, "activations": activations, "blocks": 16}
        return Record(
            "a_suite", Case(model, resolution).counted(), 0, "ok", "2026-11-23T22:00:00+00:00",
            Environment("on-paper", "", ""), facts=facts,
        )  # fmt: skip

    return make


@pytest.fixture(scope="session")
def plan_of() -> Callable[..., Plan]:
    """Makes a plan of cases and groups."""

    def make(cases: Sequence[Case] = (), groups: Sequence[Group] = ()) -> Plan:
        return Plan("a_suite", "", "schema: 1\n", tuple(cases), (), tuple(groups), (), 3)

    return make
