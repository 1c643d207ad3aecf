"""Environment and Record. A record is the stored result of one round; a failed round is stored too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from scalebench.errors import StoreError
from scalebench.suite.case import Case, case_from_json
from scalebench.suite.device_kinds import kind_of

SCHEMA = 4
"""Version of the stored format.

1 (0.1.0): first format.
2 (0.1.0): ``memory_bytes`` holds one input; in schema 1 all three that are rotated were resident.
3 (0.1.0): ``ending`` gives the outcome in detail, ``telemetry`` the state of the machine around it.
4 (0.2.0): ``heat`` and ``turns`` say with which rounds this one took turns.
"""


def _one_input(content: dict[str, Any]) -> dict[str, Any]:
    """1 -> 2: subtract the two extra inputs from the CPU's memory, 4 bytes per element."""
    facts = content.get("facts", {})
    if not facts.get("memory_bytes"):
        return content
    case = content["case"]
    extra_bytes = 2 * case["batch"] * 3 * case["resolution"] ** 2 * 4
    return {**content, "facts": {**facts, "memory_bytes": facts["memory_bytes"] - extra_bytes}}


def _ending_and_telemetry(content: dict[str, Any]) -> dict[str, Any]:
    """2 -> 3: the ending follows from outcome and error; without telemetry the procedure was another one."""
    if "outcome" not in content:
        cases = [{**case, "procedure": 1} for case in content["plan"]["cases"]]
        return {**content, "plan": {**content["plan"], "cases": cases}}
    case = content["case"]
    if case["mode"] != "count":
        content = {**content, "case": {**case, "procedure": 1}}
    outcome, error = content["outcome"], content.get("error") or {}
    signalled = error.get("type") == "Signal"
    endings = {
        "failed": f"error({error.get('type', '')})",
        "oom": "oom_host" if kind_of(content["case"]["device"]).on_host else "oom_device",
        "crashed": f"killed_signal({error.get('message', '').rpartition(' ')[2]})" if signalled else "exit",
    }
    return {**content, "ending": endings.get(outcome, outcome), "telemetry": {}}


def _alone(content: dict[str, Any]) -> dict[str, Any]:
    """3 -> 4: every round had the machine to itself."""

    def alone(case: dict[str, Any]) -> dict[str, Any]:
        return {**case, "protocol": {**case["protocol"], "turns": 0}}

    if "outcome" not in content:
        return {**content, "plan": {**content["plan"], "cases": [alone(case) for case in content["plan"]["cases"]]}}
    return {**content, "case": alone(content["case"]), "heat": "", "turns": []}


UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: _one_input,
    2: _ending_and_telemetry,
    3: _alone,
}
"""Functions from each older schema to the next."""

IMPORTED = "imported-"
"""Prefix of ``Environment.machine`` for numbers read from a table, not measured by scalebench."""

Outcome = Literal["ok", "failed", "oom", "timeout", "crashed", "skipped", "wrong"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True)
class Environment:
    """The machine and software of a record.

    Attributes:
        machine: slug of CPU or GPU and hardware key; never the host name.
        hw_key, sw_key: first 12 hex digits of the sha256 over ``hardware`` and ``software``.
        hardware, software: the facts behind the keys.
        host: hash of the host's name, or the name itself with ``--keep-host``; not part of any key.
    """

    machine: str
    hw_key: str
    sw_key: str
    hardware: Mapping[str, Any] = field(default_factory=dict)
    software: Mapping[str, Any] = field(default_factory=dict)
    host: str = ""

    @property
    def imported(self) -> bool:
        """Whether its numbers come from a published table: one value each, no samples, no interval."""
        return self.machine.startswith(IMPORTED)


@dataclass(frozen=True)
class Record:
    """Result of one round.

    Attributes:
        suite: name of the suite.
        case: what was measured.
        round: 0-based number of the round.
        outcome: how it ended.
        started: UTC start, ISO 8601; empty where an imported table does not give it.
        environment: the machine and its software.
        samples: raw, unrounded samples by name; times in seconds.
        facts: single values by metric name, in SI units.
        notes: flags: what could not be measured, or is doubtful.
        error: type, message and last lines of stderr of a round that did not succeed.
        wall_s: wall time of the round in the parent, seconds.
        ending: the outcome in detail: ``ok``, ``oom_host``, ``oom_device``, ``oom_killed``, ``timeout``,
            ``killed_signal(SIGSEGV)``, ``exit``, ``error(BuildError)``, ``skipped_predicted_oom``,
            ``skipped_known_oom``, ``skipped_not_offered``, ``skipped_not_installed``, ``wrong``.
        telemetry: readings of the machine around the timed chunks, and the canary's times.
        heat: identifies the rounds whose processes took turns; empty where this one had the machine to itself.
        turns: number of the turn of each lap of ``samples["latency_s"]``, ascending. Equal numbers in one heat were
            taken one after the other.
    """

    suite: str
    case: Case
    round: int
    outcome: Outcome
    started: str
    environment: Environment
    samples: Mapping[str, list[float]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    error: Mapping[str, str] | None = None
    wall_s: float = 0.0
    ending: str = ""
    telemetry: Mapping[str, Any] = field(default_factory=dict)
    heat: str = ""
    turns: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"unknown outcome {self.outcome!r}")

    def to_json(self) -> dict[str, Any]:
        """Content of one stored line."""
        return {"kind": "record", "schema": SCHEMA, "key": self.case.key, **asdict(self)}


def record_from_json(data: Mapping[str, Any]) -> Record:
    """Read a stored line of any known schema.

    Raises:
        StoreError: written by a newer scalebench, or not a record.
    """
    content = upgrade(dict(data))
    try:
        environment = Environment(**content["environment"])
        case = case_from_json(content["case"])
        plain = (
            "suite",
            "round",
            "outcome",
            "started",
            "samples",
            "facts",
            "error",
            "wall_s",
            "ending",
            "telemetry",
            "heat",
        )
        return Record(
            **{name: content[name] for name in plain},
            case=case,
            environment=environment,
            notes=tuple(content["notes"]),
            turns=tuple(content["turns"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"not a record: {type(error).__name__} {error}") from None


def upgrade(content: dict[str, Any]) -> dict[str, Any]:
    """Bring a stored line to the current schema, one step at a time."""
    number = content.get("schema")
    if not isinstance(number, int) or not 1 <= number <= SCHEMA:
        raise StoreError(f"schema {number!r} is not known to this version", f"it reads schema 1 to {SCHEMA}")
    for step in range(number, SCHEMA):
        content = UPGRADES[step](content)
    return content
