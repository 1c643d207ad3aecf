"""The simulated device as a kind of scalebench, found by the plugin's entry point. Needs no torch."""

from __future__ import annotations

from scalebench.suite.device_kinds import CUDA, DeviceKind
from tests.sim.model import model_from_environment

_MODEL = model_from_environment()
SIM = DeviceKind(
    "sim",
    "simulated accelerator",
    {"eager": CUDA.runtimes["eager"]},
    fork=_MODEL.fork,
    telemetry=_MODEL.telemetry,
    macs_per_s=_MODEL.macs_per_s,
    start_s=1.0,
    peaks_s=_MODEL.peaks_s,
    stream_bytes=2**22,
    canary_side=128,
    canary_mib=1,
)
