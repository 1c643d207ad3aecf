"""Texts for the fake NVML, see ``nvml.c``."""

from __future__ import annotations

FUNCTIONS = {
    "power_mw": "nvmlDeviceGetPowerUsage",
    "limit_mw": "nvmlDeviceGetEnforcedPowerLimit",
    "default_limit_mw": "nvmlDeviceGetPowerManagementDefaultLimit",
    "energy_mj": "nvmlDeviceGetTotalEnergyConsumption",
    "reasons": "nvmlDeviceGetCurrentClocksEventReasons",
    "older_reasons": "nvmlDeviceGetCurrentClocksThrottleReasons",
    "sm_mhz": "nvmlDeviceGetClockInfo:1",
    "most_sm_mhz": "nvmlDeviceGetMaxClockInfo:1",
    "default_sm_mhz": "nvmlDeviceGetDefaultApplicationsClock:1",
    "celsius": "nvmlDeviceGetTemperature:0",
    "is_mig": "nvmlDeviceIsMigDeviceHandle",
    "mig_mode": "nvmlDeviceGetMigMode",
    "virtual": "nvmlDeviceGetVirtualizationMode",
    "architecture": "nvmlDeviceGetArchitecture",
    "ecc": "nvmlDeviceGetEccMode",
    "memory": "nvmlDeviceGetMemoryInfo",
    "processes": "nvmlDeviceGetComputeRunningProcesses_v3",
    "older_processes": "nvmlDeviceGetComputeRunningProcesses_v2",
}
"""Short names, by what they read; ``memory`` is total/used."""


def device(uuid: str, address: str = "00000000:3B:00.0", part_of: int | None = None, **readings: object) -> str:
    """Lines of one device; a reading is one value or a list of them, an error's code is ``!4``."""
    lines = [f"device {uuid} {address}"]
    lines += [] if part_of is None else [f"parent {part_of}"]
    for name, values in readings.items():
        series = values if isinstance(values, list) else [values]
        lines.append(" ".join([FUNCTIONS[name], *map(str, series)]))
    return "\n".join(lines)
