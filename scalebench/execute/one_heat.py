"""One heat: a round of each of several cases, whose processes take turns. Every outcome is a Record."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from scalebench.execute.client import Ending, Worker
from scalebench.execute.one_round import RoundStart
from scalebench.record import Environment, Record
from scalebench.suite.case import Case

_AROUND_S = 60.0
"""Forking, canaries and waiting for idle threads, at most."""


@dataclass(frozen=True)
class HeatMember:
    """A case in a heat.

    Attributes:
        case: on the CPU.
        number: 0-based number of its round.
        usual: median canary with this case's threads, see ``RoundOptions``.
    """

    case: Case
    number: int
    usual: Mapping[str, float] | None = None


def run_heat(
    worker: Worker,
    suite: str,
    members: Sequence[HeatMember],
    environment: Environment,
    limit_bytes: int | None = None,
    seed: int = 0,
) -> list[Record]:
    """Measure one round of each member; ``limit_bytes`` and ``seed`` as in ``measure.heat``."""
    start, name = RoundStart.begin(), uuid.uuid4().hex[:12]
    cases = [member.case for member in members]
    job = {"do": "heat", "cases": [asdict(case) for case in cases], "limit_bytes": limit_bytes, "seed": seed}
    ending = worker.run(job, _AROUND_S + sum(case.protocol.timeout_s for case in cases))
    results = [ending.answers.get(index) for index in range(len(members))]
    busy_s = sum(result["busy_s"] for result in results if result) or 1.0
    records = []
    for member, result in zip(members, results, strict=True):
        own = ending if result is None else _own_ending(result, ending.wall_s * result["busy_s"] / busy_s)
        turns = result["turns"] if result else ()
        records.append(start.record(suite, member.case, member.number, environment, own, member.usual, name, turns))
    return records


def _own_ending(result: Mapping[str, Any], wall_s: float) -> Ending:
    """How a member ended, as if it had been a job of its own; ``wall_s`` is its share of the heat's."""
    measurement = result["measurement"]
    return Ending(
        {} if measurement is None else {0: measurement}, result["error"], result["exit"], result["timed_out"],
        result["stderr"], wall_s,
    )  # fmt: skip
