"""A machine's measured peaks beside the catalogue row that bears its name."""

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
class Beside:
    """One measured peak and what the catalogue says.

    Attributes:
        what: ``fp32``, ``fp16``, ``bf16`` or ``memory``.
        measured: best that was reached, FLOP/s or bytes per second.
        rated: of the whole chip; None where the catalogue has no number.
        share: measured over rated; of a processor over the share of its cores that were used, but for memory.
        note: what is special about the measured one, see ``Peak``.
    """

    what: str
    measured: float
    unit: str
    rated: float | None
    share: float | None
    note: str = ""


@dataclass(frozen=True)
class AtHand:
    """One device of this machine.

    Attributes:
        name: as driver or system name it.
        device, threads: what was measured.
        cores: of the processor's row that were used, as a share; 1 for boards.
        chip: its row; None where no row bears this name.
        peaks: measured ones beside the row's; without a row as measured.
    """

    name: str
    device: str
    threads: int
    cores: float
    chip: Chip | None
    peaks: tuple[Beside, ...]


def row_of(name: str, chips: Iterable[Chip]) -> Chip | None:
    """The row that bears a name; makers, ``(R)``, core counts and clocks in it do not matter, anything else does."""
    wanted = _words(name)
    return next((chip for chip in chips if wanted and any(_words(known) == wanted for known in chip.names)), None)


def _words(name: str) -> tuple[str, ...]:
    return tuple(word for word in _WORD.findall(_NOISE.sub(" ", name.lower())) if word not in _FILLERS)


def device_name(hardware: Mapping[str, Any]) -> str:
    """What a machine's device is called, from the hardware facts of its environment."""
    return str(hardware.get("gpu") or (hardware.get("cpu") or {}).get("name") or "")


def at_hand(hardware: Mapping[str, Any], ability: Ability, chips: Iterable[Chip]) -> AtHand:
    """Hold measured peaks against the catalogue.

    Args:
        hardware: facts of the device's environment.
        ability: its measured peaks.
        chips: the catalogue.
    """
    name = device_name(hardware)
    chip = row_of(name, chips)
    cores = min(1.0, ability.threads / chip.cores) if chip is not None and chip.cores else 1.0
    products = [
        _beside(what, peak, None if chip is None else chip.peak(what), cores) for what, peak in ability.matmul.items()
    ]
    streams = [ability.bandwidth[name] for name in ("copy", "triad") if name in ability.bandwidth]
    best = max(streams, key=lambda peak: peak.best, default=None)
    memory = [] if best is None else [_beside("memory", best, None if chip is None else chip.bandwidth, 1.0)]
    return AtHand(name, ability.device, ability.threads, cores, chip, (*products, *memory))


def _beside(what: str, peak: Peak, rated: float | None, part: float) -> Beside:
    share = None if rated is None else peak.best / (rated * part)
    return Beside(what, peak.best, peak.unit, rated, share, peak.note)
