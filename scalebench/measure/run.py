"""measure(case): the probes of its mode, one after the other, in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from scalebench.errors import MachineError
from scalebench.measure.latency import latency, throughput
from scalebench.measure.memory import cpu_peak, cuda_peak
from scalebench.measure.session import Measurement, Session, open_session
from scalebench.suite.case import Case


def memory(session: Session) -> Measurement:
    """Peak memory of one forward pass."""
    if session.device.type == "cuda":
        facts, notes = cuda_peak(session.once, session.device)
    else:
        facts, notes = cpu_peak(session.once, session.resident_before)
    return Measurement(facts=facts, notes=notes)


PROBES: dict[str, tuple[Callable[[Session], Measurement], ...]] = {
    # Memory comes first: nothing timed has raised the peak yet.
    "inference": (memory, latency, throughput),
}


def measure(case: Case) -> Measurement:
    """Measure one round of ``case`` in this process, which should do nothing else before or after.

    Returns: the probes' samples, facts and notes, merged.

    Raises:
        ScalebenchError: the case cannot be built or its device is not there.
        RuntimeError: torch's own errors, among them out of memory.
    """
    session = open_session(case)
    samples: dict[str, list[float]] = {}
    facts: dict[str, Any] = session.runtime.describe()
    notes: list[str] = []
    for probe in PROBES[case.mode]:
        found = probe(session)
        samples |= found.samples
        facts |= found.facts
        notes += found.notes
    return Measurement(samples, facts, tuple(notes))


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
    """What torch says about a GPU, memory in whole GiB; empty for the CPU."""
    if not device.startswith("cuda"):
        return {}
    found = torch.cuda.get_device_properties(torch.device(device))
    return {
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
