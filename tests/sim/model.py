"""The model of the simulated device: how fast it is, how much it holds, and what fails. Needs no torch."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

MODEL_FILE = "SCALEBENCH_SIM_MODEL"
"""Variable of the environment: file of the model, read by every process at its start and after a fork."""

CARD_FILE = "SCALEBENCH_SIM_CARD"
"""Variable of the environment: file in which processes share the memory of the cards."""
NVML_FILE = "SCALEBENCH_FAKE_NVML"
"""Variable of the environment: file with what the fake NVML replays, see ``nvml.c``."""
UUID = "51b0a4d1-0000-4000-8000-000000000000"
"""By which a library of counters knows the first device; the last digit is the number of the device."""


@dataclass(frozen=True)
class Fault:
    """A kernel that fails.

    Attributes:
        operator: part of the name of the operators that have the fault, for example ``silu``.
        kind: ``error``, an illegal memory access that shows when the host waits and stays; ``unsupported``, refused at
            once; ``crash``, SIGSEGV at launch; ``kill``, SIGKILL at launch; ``hang``, it never ends; ``slows``, its
            n-th call takes n times as long.
        after: calls that succeed before.
    """

    operator: str
    kind: Literal["error", "unsupported", "crash", "kill", "hang", "slows"]
    after: int = 0


@dataclass(frozen=True)
class Model:
    """A rate of 0 means that its work takes no time. Times in seconds, sizes in bytes.

    Attributes:
        devices: their number.
        kernel_s: of every kernel, besides its arithmetic and its bytes. Not 0 where rounds are measured: the canary
            works until some time has passed.
        flops_per_s: of matrix products and convolutions in fp32; two operations per multiply-add.
        half_speedup: factor for fp16 and bf16.
        tf32_speedup: factor for fp32 where tf32 is allowed.
        bytes_per_s: of the tensors that a kernel reads and writes, each counted once.
        host_bytes_per_s: of copies from and to the host.
        drift_per_s: a kernel that starts t seconds after the beginning takes 1 + drift t times as long.
        launch_s: host time of every launch.
        queue: kernels that a stream holds before a launch has to wait.
        capacity: of each device.
        context: that every process takes at its first use.
        others: in use by processes that are not simulated.
        cache: size of the last-level cache; reading what lies in it costs no time.
        benchmark_speedup: factor for convolutions where ``torch.backends.cudnn.benchmark`` is on.
        event_speed: of the clock of events; a sound device has 1.
        leaks: memory that is freed never comes back.
        computed_calls: every operator computes so often in a process, and later only takes its time; 0 is always.
        computed_bytes: operators on more bytes than this only take their time; 0 is no limit.
        faults: of kernels.
        name: of the card.
        precisions: that the card says it has, beside fp32.
        fork: whether rounds are forked, else each gets a fresh interpreter.
        exit_s: real seconds that an interpreter takes to exit.
        telemetry: library of its counters, as in ``DeviceKind``.
        reading_s: host time of every question to that library.
        macs_per_s: as in ``DeviceKind``; by default that of the CPU, which does the arithmetic.
        peaks_s: as in ``DeviceKind``, of virtual time.
        virtual_waits: sleeping advances the virtual clock, which is the monotonic one too.
    """

    devices: int = 2
    kernel_s: float = 200e-6
    flops_per_s: float = 0.0
    half_speedup: float = 1.0
    tf32_speedup: float = 1.0
    bytes_per_s: float = 0.0
    host_bytes_per_s: float = 0.0
    drift_per_s: float = 0.0
    launch_s: float = 0.0
    queue: int = 1024
    capacity: int = 2**30
    context: int = 0
    others: int = 0
    cache: int = 0
    benchmark_speedup: float = 1.0
    event_speed: float = 1.0
    leaks: bool = False
    computed_calls: int = 0
    computed_bytes: int = 0
    faults: tuple[Fault, ...] = ()
    name: str = "Simulated One"
    precisions: tuple[str, ...] = ("fp16", "bf16", "tf32")
    fork: bool = True
    exit_s: float = 0.0
    telemetry: str = ""
    reading_s: float = 0.0
    macs_per_s: float = 15e9
    peaks_s: float = 0.5
    virtual_waits: bool = False

    def write(self, file: Path) -> None:
        """Write it for other processes."""
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")


def model_from_environment() -> Model:
    """The model in the file that the environment names; the default where it names none.

    Raises:
        TypeError: an unknown setting.
    """
    file = os.environ.get(MODEL_FILE)
    if not file:
        return Model()
    content: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))
    content["faults"] = tuple(Fault(**fault) for fault in content.get("faults", ()))
    return Model(**content)
