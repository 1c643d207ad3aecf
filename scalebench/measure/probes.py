"""Run the probes of a case's mode, one after the other, in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scalebench.measure import pipeline
from scalebench.measure.canary import canary
from scalebench.measure.copies import measure_copies
from scalebench.measure.energy import energy
from scalebench.measure.latency import latency, throughput, warm
from scalebench.measure.memory import cpu_peak, device_peak
from scalebench.measure.observe import with_telemetry
from scalebench.measure.part_timing import parts
from scalebench.measure.session import Measurement, Session, merged, open_session, pin
from scalebench.measure.training_probes import stability, step_parts
from scalebench.measure.verify import verify
from scalebench.suite.case import INPUT, Case
from scalebench.suite.dense import KINDS, package_version
from scalebench.suite.own_files import remembered
from scalebench.suite.own_kinds import OWN_KINDS

_STEPS_BEFORE = 2
"""Training steps before the one whose memory is measured: in the first the optimiser has no state yet."""


def memory(session: Session) -> Measurement:
    """Peak memory of one forward pass, or of the third training step: the optimiser's state exists after the first."""
    own_memory = session.runtime.own_memory and not session.case.kind.on_host
    foreign_before = session.accelerator.foreign_bytes() if own_memory else None  # the first pass loads its model
    if session.case.mode == "training":
        for _ in range(_STEPS_BEFORE):
            session.once()
    if session.case.kind.on_host:
        facts, notes = cpu_peak(session.once, session.resident_before)
    else:
        facts, notes = device_peak(session.once, session.accelerator, foreign_before, session.used_before)
    return Measurement(facts=facts, notes=notes)


Probe = Callable[[Session], Measurement]


@dataclass(frozen=True)
class Phases:
    """Probes of a mode in the order they run; telemetry is recorded around the timed ones.

    Memory comes first, before anything timed can raise the peak. Energy comes last, because it heats the machine.
    """

    before: tuple[Probe, ...]
    timed: tuple[Probe, ...]
    after: tuple[Probe, ...] = ()


PROBES = {
    "inference": Phases((memory, warm), (latency, throughput), (energy, verify)),
    "training": Phases((memory, warm), (latency, throughput), (step_parts, stability, energy)),
    "blocks": Phases((memory, warm), (latency, parts)),
}


def measure(case: Case, iterations: int | None = None) -> Measurement:
    """Measure one round of ``case`` in this process, which must do nothing else before or after.

    ``iterations`` is the length of the latency chunk; None for the protocol's own rule.

    Returns: the probes' samples, facts and notes, merged, and the telemetry around the timed ones.

    Raises:
        ScalebenchError: the case cannot be built, its device is missing, or the clock went back.
        RuntimeError: torch's own errors, including out of memory.
    """
    if case.mode == INPUT:
        return _measure_input(case, iterations)
    if case.instances > 1:
        return merged(*measure_copies(case, iterations, memory, verify, canary))
    pin(case)
    session = open_session(case, iterations)
    phases = PROBES[case.mode]
    before = [probe(session) for probe in phases.before]
    timed, telemetry = with_telemetry(session.device, lambda: [probe(session) for probe in phases.timed])
    after = [probe(session) for probe in phases.after]
    described = Measurement(facts={**session.describe(), **built_by(case)})
    return merged([described, *before, *timed, *after], telemetry)


def built_by(case: Case) -> dict[str, str]:
    """Package and version that built a dense model, which the environment of a record does not list; file of an own."""
    kind = case.variant.task
    if kind in OWN_KINDS:
        return {"built_by": remembered(case.model).label}
    return {"built_by": f"{KINDS[kind].package} {package_version(kind)}"} if kind and KINDS[kind].package else {}


def _measure_input(case: Case, iterations: int | None) -> Measurement:
    """Input pipeline without a model. Several processes come last: telemetry is that of this process."""
    session = pipeline.open_input_session(case, iterations)
    before = pipeline.warm(session)
    probes = [pipeline.latency, *([pipeline.throughput] if case.instances == 1 else [])]
    timed, telemetry = with_telemetry(session.device, lambda: [probe(session) for probe in probes])
    after = [pipeline.throughput(session)] if case.instances > 1 else []
    return merged([before, *timed, *after], telemetry)
