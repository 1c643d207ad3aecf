"""A machine's measured peaks against the rated ones of its catalogue row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scalebench.machine.ability import Ability, Peak
from scalebench.procure.chip import Chip

_NOISE = re.compile(r"\((?:r|tm)\)|\d+-core|@.*")
_WORD = re.compile(r"[a-z0-9+]+")
_FILLERS = frozenset({"cpu", "processor", "intel", "amd", "nvidia"})


@dataclass(frozen=True)
class RatedPeak:
    """One measured peak and its rating.

    Attributes:
        what: ``fp32``, ``fp16``, ``bf16`` or ``memory``.
        measured: best that was reached, FLOP/s or bytes per second.
        rated: of the whole chip; None if the catalogue has no number.
        share: measured over rated; of a processor over the share of its cores that were used, except for memory.
        note: on the measured peak, see ``Peak``.
    """

    what: str
    measured: float
    unit: str
    rated: float | None
    share: float | None
    note: str = ""


@dataclass(frozen=True)
class RatedDevice:
    """One device of this machine, with the name that driver or system give it.

    Attributes:
        cores: share of the processor's cores that were used; 1 for boards.
        chip: its row; None if the device is not in the catalogue.
    """

    name: str
    device: str
    threads: int
    cores: float
    chip: Chip | None
    peaks: tuple[RatedPeak, ...]


def row_of(name: str, chips: Iterable[Chip]) -> Chip | None:
    """The row of a device name, regardless of its maker, ``(R)``, core count and clock."""
    words = _words(name)
    return next((chip for chip in chips if words and any(_words(alias) == words for alias in chip.names)), None)


def _words(name: str) -> tuple[str, ...]:
    return tuple(word for word in _WORD.findall(_NOISE.sub(" ", name.lower())) if word not in _FILLERS)


def device_name(hardware: Mapping[str, Any]) -> str:
    """Name of a machine's device, from the hardware facts of its environment."""
    return str(hardware.get("gpu") or (hardware.get("cpu") or {}).get("name") or "")


def rate_device(hardware: Mapping[str, Any], ability: Ability, chips: Iterable[Chip]) -> RatedDevice:
    """Compare measured peaks with the catalogue; ``hardware`` are the facts of the device's environment."""
    name = device_name(hardware)
    chip = row_of(name, chips)
    cores = min(1.0, ability.threads / chip.cores) if chip is not None and chip.cores else 1.0
    peaks = [_rated(what, peak, chip.peak(what) if chip else None, cores) for what, peak in ability.matmul.items()]
    streams = [ability.bandwidth[stream] for stream in ("copy", "triad") if stream in ability.bandwidth]
    if streams:
        peaks.append(_rated("memory", max(streams, key=lambda peak: peak.best), chip.bandwidth if chip else None, 1.0))
    return RatedDevice(name, ability.device, ability.threads, cores, chip, tuple(peaks))


def _rated(what: str, peak: Peak, rated: float | None, cores: float) -> RatedPeak:
    share = None if rated is None else peak.best / (rated * cores)
    return RatedPeak(what, peak.best, peak.unit, rated, share, peak.note)
