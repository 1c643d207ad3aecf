"""One round of one case in one process. Every ending is a Record."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from statistics import median
from typing import Any

from scalebench.execute.client import Ending, Worker
from scalebench.machine.limits import oom_kills
from scalebench.machine.telemetry import Reading, between, runnable, surroundings
from scalebench.machine.validity import doubts
from scalebench.record import Environment, Outcome, Record
from scalebench.suite.case import Case
from scalebench.suite.precisions import PRECISIONS
from scalebench.units import digits

_TAIL_LINES = 12
_CANARIES = 4
"""Times of the canary after which a usual one can be named."""


@dataclass(frozen=True)
class RoundOptions:
    """What one round is told beside its case.

    Attributes:
        iterations: timed iterations, or None for the protocol's own rule.
        limit_bytes: memory the child may take; None leaves it to the child's own reading.
        canary_s: usual time of the canary on this device, against which drift is judged; None before it is known.
    """

    iterations: int | None = None
    limit_bytes: int | None = None
    canary_s: float | None = None


def run_round(
    worker: Worker, suite: str, case: Case, number: int, environment: Environment, terms: RoundOptions | None = None
) -> Record:
    """Measure ``case`` once.

    Args:
        worker: forks or starts the process.
        suite: name stored with the record.
        number: 0-based number of the round.
        environment: the machine, as the worker described it.
        terms: iterations, memory limit and the canary's usual time.
    """
    terms = terms or RoundOptions()
    started, kills, load = _now(), oom_kills(), runnable()
    job = {
        "do": "measure",
        "case": asdict(case),
        "iterations": terms.iterations,
        "limit_bytes": terms.limit_bytes,
    }
    ending = worker.run(job, case.protocol.timeout_s)
    killed = kills is not None and (oom_kills() or 0) > kills
    outcome, word = outcome_of(ending, case.device, killed)
    found = ending.answers.get(0, {}) if outcome == "ok" else {}
    error = None if outcome == "ok" else explain(ending, case.protocol.timeout_s)
    if found and found["facts"].get("verified", "ok") != "ok":
        outcome, word, error = "wrong", "wrong", _wrong(case, found["facts"])
    telemetry = {**found["telemetry"], "load_before": load, "surroundings": surroundings()} if found else {}
    return Record(
        suite,
        case,
        number,
        outcome,
        started,
        environment,
        samples=found.get("samples", {}),
        facts=found.get("facts", {}),
        notes=(*found.get("notes", ()), *doubts_of(case, found.get("samples", {}), telemetry, terms.canary_s)),
        error=error,
        wall_s=ending.wall_s,
        ending=word,
        telemetry=telemetry,
    )


def _wrong(case: Case, facts: Mapping[str, Any]) -> dict[str, str]:
    """Why a round that ran to its end is no result."""
    error, same = facts["relative_error"], facts["top1_agreement"]
    if error is None:
        return {"type": "Wrong", "message": "its outputs are not finite"}
    return {
        "type": "Wrong",
        "message": f"its outputs differ from eager fp32 by {digits(error)}, more than the "
        f"{PRECISIONS[case.precision].bound:g} "
        f"that {case.precision} may; the same class on {100 * same:.0f} % of the images",
    }


def doubts_of(
    case: Case, samples: Mapping[str, list[float]], telemetry: Mapping[str, Any], canary_s: float | None
) -> tuple[str, ...]:
    """Flags of a round that ended well, from its telemetry; none where there is none."""
    if not telemetry:
        return ()
    before, after = (Reading(**telemetry[moment]) for moment in ("before", "after"))
    canary = telemetry["canary"]
    return doubts(
        asdict(between(before, after, case.threads)),
        samples["latency_s"],
        case.threads,
        "cuda" if case.device.startswith("cuda") else "cpu",
        (canary["before"]["matmul_s"], canary["after"]["matmul_s"]),
        canary_s,
        telemetry["load_before"],
        telemetry["gpu"],
    )


def usual_canary(case: Case, made: Iterable[Record]) -> float | None:
    """Median of the canary's matrix products on the case's device and threads, seconds; None before there are four."""
    times = [
        reading["matmul_s"]
        for record in made
        if (record.case.device, record.case.threads) == (case.device, case.threads)
        for reading in record.telemetry.get("canary", {}).values()
    ]
    return median(times) if len(times) >= _CANARIES else None


def skipped_round(
    suite: str, case: Case, number: int, environment: Environment, ending: str, why: str, facts: Mapping[str, Any]
) -> Record:
    """The record of a round that was not started."""
    error = {"type": "Skipped", "message": why}
    return Record(suite, case, number, "skipped", _now(), environment, facts=facts, error=error, ending=ending)


def outcome_of(ending: Ending, device: str, oom_killed: bool = False) -> tuple[Outcome, str]:
    """The words for how a job ended, coarse and fine.

    Args:
        ending: as the worker's client saw it.
        device: of the case, which says whose memory ran out.
        oom_killed: whether the kernel's counter rose. SIGKILL alone proves nothing.
    """
    if ending.timed_out:
        return "timeout", "timeout"
    if ending.error is not None:
        if ending.error["kind"] != "oom":
            return "failed", f"error({ending.error['type']})"
        said = ending.error["type"] == "OutOfMemoryError" or "CU" in ending.error["message"]
        on_device = said and device != "cpu"
        return "oom", "oom_device" if on_device else "oom_host"
    if ending.exit == 0 and 0 in ending.answers:
        return "ok", "ok"
    if ending.exit == -signal.SIGKILL and oom_killed:
        return "oom", "oom_killed"
    return "crashed", f"killed_signal({_signal(ending.exit)})" if ending.exit < 0 else "exit"


def explain(ending: Ending, timeout_s: float) -> dict[str, str]:
    """Type, message and the last lines of stderr of a round that did not end well."""
    tail = "\n".join(ending.stderr.strip().splitlines()[-_TAIL_LINES:])
    if ending.timed_out:
        return {"type": "Timeout", "message": f"killed after {timeout_s:g} s", "stderr": tail}
    if ending.error is not None:
        return {"type": ending.error["type"], "message": ending.error["message"], "stderr": tail}
    if ending.exit < 0:
        return {"type": "Signal", "message": f"ended by {_signal(ending.exit)}", "stderr": tail}
    return {"type": "Exit", "message": f"ended with status {ending.exit} and no answer", "stderr": tail}


def _signal(exit_code: int) -> str:
    try:
        return signal.Signals(-exit_code).name
    except ValueError:  # a real-time signal has no name
        return str(-exit_code)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
