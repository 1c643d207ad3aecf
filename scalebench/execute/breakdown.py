"""Where the time of a case goes, round by round: one process each, asked by the parent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from scalebench.errors import WorkerError
from scalebench.execute.client import Worker
from scalebench.execute.one_round import explain, outcome_of
from scalebench.suite.case import Case


def parts_of_rounds(
    worker: Worker, case: Case, rounds: int, heard: Callable[[int, dict[str, Any]], None] = lambda _n, _f: None
) -> list[dict[str, Any]]:
    """Time the parts of a model in ``rounds`` fresh processes. Whoever calls this holds the machine's lock.

    Args:
        worker: forks on the CPU, starts afresh on CUDA.
        case: model, resolution, batch, device, threads and protocol.
        rounds: how many.
        heard: hears (number, facts) of each round.

    Returns: facts of each round, see ``measure.parts.parts``.

    Raises:
        WorkerError: a round ended before it had answered.
    """
    found = []
    for number in range(rounds):
        ending = worker.run({"do": "parts", "case": asdict(case)}, case.protocol.timeout_s)
        outcome, _ = outcome_of(ending, case.device)
        if outcome != "ok":
            said = explain(ending, case.protocol.timeout_s)["message"]
            raise WorkerError(f"{case.label}: {said}", "try a smaller batch or resolution" if outcome == "oom" else "")
        facts = dict(ending.answers[0]["facts"])
        found.append(facts)
        heard(number, facts)
    return found
