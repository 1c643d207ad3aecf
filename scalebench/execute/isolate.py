"""One round of one case in one process. Every ending is a Record."""

from __future__ import annotations

import signal
from dataclasses import asdict
from datetime import datetime, timezone

from scalebench.execute.client import Ending, Worker
from scalebench.record import Environment, Outcome, Record
from scalebench.suite.case import Case

_TAIL_LINES = 12


def run_round(worker: Worker, suite: str, case: Case, number: int, environment: Environment) -> Record:
    """Measure ``case`` once.

    Args:
        worker: forks or starts the process.
        suite: name stored with the record.
        number: 0-based number of the round.
        environment: the machine, as the worker described it.
    """
    started = datetime.now(timezone.utc).isoformat(timespec="seconds")
    ending = worker.run({"do": "measure", "case": asdict(case)}, case.protocol.timeout_s)
    outcome = outcome_of(ending)
    found = ending.answers.get(0, {}) if outcome == "ok" else {}
    return Record(
        suite,
        case,
        number,
        outcome,
        started,
        environment,
        samples=found.get("samples", {}),
        facts=found.get("facts", {}),
        notes=tuple(found.get("notes", ())),
        error=None if outcome == "ok" else explain(ending, case.protocol.timeout_s),
        wall_s=ending.wall_s,
    )


def outcome_of(ending: Ending) -> Outcome:
    """The word for how a job ended."""
    if ending.timed_out:
        return "timeout"
    if ending.error is not None:
        return "oom" if ending.error["kind"] == "oom" else "failed"
    return "ok" if ending.exit == 0 and 0 in ending.answers else "crashed"


def explain(ending: Ending, timeout_s: float) -> dict[str, str]:
    """Type, message and the last lines of stderr of a round that did not end well."""
    tail = "\n".join(ending.stderr.strip().splitlines()[-_TAIL_LINES:])
    if ending.timed_out:
        return {"type": "Timeout", "message": f"killed after {timeout_s:g} s", "stderr": tail}
    if ending.error is not None:
        return {"type": ending.error["type"], "message": ending.error["message"], "stderr": tail}
    if ending.exit < 0:
        return {"type": "Signal", "message": f"ended by {signal.Signals(-ending.exit).name}", "stderr": tail}
    return {"type": "Exit", "message": f"ended with status {ending.exit} and no answer", "stderr": tail}
