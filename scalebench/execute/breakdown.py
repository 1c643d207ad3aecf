"""Time of the parts of a model, each round in its own process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from scalebench.errors import WorkerError
from scalebench.execute.client import Worker
from scalebench.execute.one_round import explain, outcome_of
from scalebench.suite.case import Case


def parts_of_rounds(
    worker: Worker, case: Case, rounds: int, listen: Callable[[int, dict[str, Any]], None] = lambda _n, _f: None
) -> list[dict[str, Any]]:
    """Time the parts of a model in ``rounds`` fresh processes. The caller must hold the machine lock.

    ``listen`` receives number and facts of each round.

    Returns: facts of each round, see ``measure.part_timing.parts``.

    Raises:
        WorkerError: a round failed.
    """
    rounds_facts = []
    for number in range(rounds):
        ending = worker.run({"do": "parts", "case": asdict(case)}, case.protocol.timeout_s)
        outcome, _ = outcome_of(ending, case.device)
        if outcome != "ok":
            message = explain(ending, case.protocol.timeout_s)["message"]
            raise WorkerError(
                f"{case.label}: {message}", "try a smaller batch or resolution" if outcome == "oom" else ""
            )
        facts = dict(ending.answers[0]["facts"])
        rounds_facts.append(facts)
        listen(number, facts)
    return rounds_facts
