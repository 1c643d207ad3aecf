"""measure(case): the probes of its mode, one after the other, in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from scalebench.errors import MachineError
from scalebench.machine.nvml import Gpu
from scalebench.measure import pipeline
from scalebench.measure.canary import canary
from scalebench.measure.copies import measure_copies
from scalebench.measure.energy import energy
from scalebench.measure.latency import latency, throughput, warm
from scalebench.measure.memory import cpu_peak, cuda_peak
from scalebench.measure.observe import observed
from scalebench.measure.part_timing import parts
from scalebench.measure.session import Measurement, Session, open_session, pin
from scalebench.measure.training_probes import parts_of_a_step, stability
from scalebench.measure.verify import verify
from scalebench.measure.watch import gpu_of
from scalebench.suite.case import INPUT, Case
from scalebench.suite.dense import KINDS, package_version


def memory(session: Session) -> Measurement:
    """Peak memory of one forward pass or training step."""
    if session.device.type == "cuda":
        facts, notes = cuda_peak(session.once, session.device)
    else:
        facts, notes = cpu_peak(session.once, session.resident_before)
    return Measurement(facts=facts, notes=notes)


Probe = Callable[[Session], Measurement]


@dataclass(frozen=True)
class Phases:
    """Probes of a mode in the order they run; the machine is watched around the timed ones.

    Memory comes first: nothing timed has raised the peak yet. Energy comes last: it heats the machine up.
    """

    before: tuple[Probe, ...]
    timed: tuple[Probe, ...]
    after: tuple[Probe, ...] = ()


PROBES = {
    "inference": Phases((memory, warm), (latency, throughput), (energy, verify)),
    "training": Phases((memory, warm), (latency, throughput), (parts_of_a_step, stability, energy)),
    "blocks": Phases((memory, warm), (latency, parts)),
}


def measure(case: Case, iterations: int | None = None) -> Measurement:
    """Measure one round of ``case`` in this process, which should do nothing else before or after.

    Args:
        case: what to measure.
        iterations: timed iterations of the latency chunk; None for the protocol's own rule.

    Returns: the probes' samples, facts and notes, merged, and the telemetry around the timed ones.

    Raises:
        ScalebenchError: the case cannot be built, its device is not there, or the clock is broken.
        RuntimeError: torch's own errors, among them out of memory.
    """
    if case.mode == INPUT:
        return _input(case, iterations)
    if case.instances > 1:
        return merged(*measure_copies(case, iterations, memory, verify, canary))
    pin(case)
    session = open_session(case, iterations)
    phases = PROBES[case.mode]
    before = [probe(session) for probe in phases.before]
    timed, telemetry = observed(session, lambda: [probe(session) for probe in phases.timed])
    after = [probe(session) for probe in phases.after]
    described = Measurement(facts={**session.describe(), **_builder(case.variant.task)})
    return merged([described, *before, *timed, *after], telemetry)


def _builder(kind: str) -> dict[str, str]:
    """The package that built a dense model, with its version: it is not among the software of every record."""
    return {"built_by": f"{KINDS[kind].package} {package_version(kind)}"} if kind and KINDS[kind].package else {}


def _input(case: Case, iterations: int | None) -> Measurement:
    """No model. The window of several processes comes last: the readings beside the chunks are of this one."""
    intake = pipeline.open_intake(case, iterations)
    before = pipeline.warm(intake)
    alone = [pipeline.steps, *([pipeline.together] if case.instances == 1 else [])]
    timed, telemetry = observed(intake, lambda: [probe(intake) for probe in alone])
    after = [pipeline.together(intake)] if case.instances > 1 else []
    return merged([before, *timed, *after], telemetry)


def merged(found: Sequence[Measurement], telemetry: Mapping[str, Any]) -> Measurement:
    """One measurement out of several; later ones win where names collide."""
    return Measurement(
        samples={name: laps for one in found for name, laps in one.samples.items()},
        facts={name: value for one in found for name, value in one.facts.items()},
        notes=tuple(note for one in found for note in one.notes),
        telemetry=telemetry,
    )


def resolve_device(word: str) -> str:
    """``auto`` -> the first GPU, else the CPU; other words are checked.

    Raises:
        MachineError: a GPU that is not there.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if word == "auto":
        return "cuda:0" if count else "cpu"
    if word == "cpu":
        return word
    index = int(word.partition(":")[2] or 0)
    if index >= count:
        raise MachineError(f"device {word!r} is not there: torch sees {count} CUDA devices", "use cpu or auto")
    return f"cuda:{index}"


def gpu_facts(device: str) -> dict[str, Any]:
    """What torch and NVML say about a GPU, memory in whole GiB; empty for the CPU.

    Cards of one name differ in speed by their power limit, by ECC and by how they are divided.
    """
    if not device.startswith("cuda"):
        return {}
    found = torch.cuda.get_device_properties(torch.device(device))
    gpu = gpu_of(torch.device(device))
    told = {"power_limit_w": gpu.power_limit_w(), "ecc": gpu.ecc(), "mig": gpu.mig()} if isinstance(gpu, Gpu) else {}
    return {
        **told,
        "gpu": found.name,
        "gpu_memory_gib": round(found.total_memory / 2**30),
        "multiprocessors": found.multi_processor_count,
        "compute_capability": f"{found.major}.{found.minor}",
    }


def gpu_software(device: str) -> dict[str, Any]:
    """Versions of the CUDA libraries torch runs on; empty for the CPU."""
    if not device.startswith("cuda"):
        return {}
    return {"cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}
