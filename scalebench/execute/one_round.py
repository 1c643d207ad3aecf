"""One round of one case in one process. Every outcome, failures included, is a Record."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any

from scalebench.execute.client import Ending, Worker
from scalebench.machine.canaries import Canaries
from scalebench.machine.limits import oom_kills
from scalebench.machine.telemetry import Reading, between, runnable, surroundings
from scalebench.machine.validity import doubts
from scalebench.record import Environment, Outcome, Record
from scalebench.suite.case import Case
from scalebench.suite.device_kinds import kind_of
from scalebench.suite.precisions import PRECISIONS
from scalebench.units import digits

_TAIL_LINES = 12


@dataclass(frozen=True)
class RoundOptions:
    """Options of one round.

    Attributes:
        iterations: timed iterations, or None for the protocol's own rule.
        limit_bytes: memory limit of the child; None lets the child derive it from free memory.
        usual: median canary on this device, to detect drift; None where unknown.
    """

    iterations: int | None = None
    limit_bytes: int | None = None
    usual: Mapping[str, float] | None = None


def run_round(
    worker: Worker, suite: str, case: Case, number: int, environment: Environment, options: RoundOptions | None = None
) -> Record:
    """Measure ``case`` once; ``number`` is the 0-based number of the round, ``environment`` that of the worker."""
    options = options or RoundOptions()
    start = RoundStart.begin()
    limits = {"iterations": options.iterations, "limit_bytes": options.limit_bytes}
    job = {"do": "measure", "case": asdict(case), **limits}
    ending = worker.run(job, case.protocol.timeout_s)
    return start.record(suite, case, number, environment, ending, options.usual)


@dataclass(frozen=True)
class RoundStart:
    """What is known before a process starts, and belongs into its record.

    Attributes:
        started: UTC, ISO 8601.
        kills: the kernel's counter of processes killed for memory; None where unknown.
        load: other runnable tasks.
    """

    started: str
    kills: int | None
    load: float | None

    @classmethod
    def begin(cls) -> RoundStart:
        """Read everything now."""
        return cls(_now(), oom_kills(), runnable())

    def record(
        self,
        suite: str,
        case: Case,
        number: int,
        environment: Environment,
        ending: Ending,
        usual: Mapping[str, float] | None = None,
        heat: str = "",
        turns: Sequence[int] = (),
    ) -> Record:
        """The record of a round that has ended; ``usual`` as in ``RoundOptions``, the rest as in ``Record``."""
        killed = self.kills is not None and (oom_kills() or 0) > self.kills
        outcome, detail = outcome_of(ending, case.device, killed)
        answer = ending.answers.get(0, {}) if outcome == "ok" else {}
        error = None if outcome == "ok" else explain(ending, case.protocol.timeout_s)
        samples, facts = answer.get("samples", {}), answer.get("facts", {})
        if facts.get("verified", "ok") != "ok":
            outcome, detail, error = "wrong", "wrong", _verification_error(case, facts)
        telemetry = {}
        if answer:
            more = {"load_before": self.load, "surroundings": surroundings(), "usual_canary": usual}
            telemetry = {**answer["telemetry"], **more}
        return Record(
            suite,
            case,
            number,
            outcome,
            self.started,
            environment,
            samples=samples,
            facts=facts,
            notes=(*answer.get("notes", ()), *validity_flags(case, samples, telemetry, usual)),
            error=error,
            wall_s=ending.wall_s,
            ending=detail,
            telemetry=telemetry,
            heat=heat if answer else "",
            turns=tuple(turns),
        )


def _verification_error(case: Case, facts: Mapping[str, Any]) -> dict[str, str]:
    """Error of a completed round whose outputs failed verification."""
    error, agreement = facts["mean_error"], facts["top1_agreement"]
    if error is None:
        return {"type": "Wrong", "message": "the outputs are not finite"}
    return {
        "type": "Wrong",
        "message": f"the outputs differ from eager fp32 by {digits(error)} in the mean, more than the bound of "
        f"{PRECISIONS[case.precision].bound:g} for {case.precision}; "
        f"same class on {100 * agreement:.0f} % of the images",
    }


def validity_flags(
    case: Case, samples: Mapping[str, list[float]], telemetry: Mapping[str, Any], usual: Mapping[str, float] | None
) -> tuple[str, ...]:
    """Flags of a completed round from its telemetry; none without telemetry.

    Canaries are compared with the ``usual`` ones only where the process was idle.
    """
    if not telemetry:
        return ()
    before, after = (Reading(**telemetry[moment]) for moment in ("before", "after"))
    canary = telemetry["canary"]
    idle = all(reading.get("idle") for reading in canary.values())
    return doubts(
        asdict(between(before, after, case.threads)),
        samples["latency_s"],
        case.threads,
        case.kind,
        Canaries(canary["before"], canary["after"], usual) if idle and usual else None,
        telemetry["load_before"],
        telemetry["gpu"],
        case.by_turns,
    )


def skipped_round(
    suite: str, case: Case, number: int, environment: Environment, ending: str, reason: str, facts: Mapping[str, Any]
) -> Record:
    """The record of a round that was not started."""
    error = {"type": "Skipped", "message": reason}
    return Record(suite, case, number, "skipped", _now(), environment, facts=facts, error=error, ending=ending)


def outcome_of(ending: Ending, device: str, oom_killed: bool = False) -> tuple[Outcome, str]:
    """Outcome and detailed ending of a job.

    ``oom_killed`` is whether the kernel's counter of OOM kills rose: SIGKILL alone proves nothing.
    """
    if ending.timed_out:
        return "timeout", "timeout"
    if ending.error is not None:
        if ending.error["kind"] != "oom":
            return "failed", f"error({ending.error['type']})"
        of_device = ending.error["type"] == "OutOfMemoryError" or "CU" in ending.error["message"]
        return "oom", "oom_device" if of_device and not kind_of(device).on_host else "oom_host"
    if ending.exit == 0 and 0 in ending.answers:
        return "ok", "ok"
    if ending.exit == -signal.SIGKILL and oom_killed:
        return "oom", "oom_killed"
    return "crashed", f"killed_signal({_signal(ending.exit)})" if ending.exit < 0 else "exit"


def explain(ending: Ending, timeout_s: float) -> dict[str, str]:
    """Type, message and the last lines of stderr of a failed round."""
    if ending.timed_out:
        kind, message = "Timeout", f"killed after {timeout_s:g} s"
    elif ending.error is not None:
        kind, message = ending.error["type"], ending.error["message"]
    elif ending.exit < 0:
        kind, message = "Signal", f"ended by {_signal(ending.exit)}"
    else:
        kind, message = "Exit", f"ended with status {ending.exit} and no answer"
    return {"type": kind, "message": message, "stderr": "\n".join(ending.stderr.strip().splitlines()[-_TAIL_LINES:])}


def _signal(exit_code: int) -> str:
    try:
        return signal.Signals(-exit_code).name
    except ValueError:  # a real-time signal has no name
        return str(-exit_code)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
