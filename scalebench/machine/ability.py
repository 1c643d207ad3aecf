"""Ability: what one machine can do at most, measured. Plain data, stored with the results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Unit = Literal["FLOP/s", "B/s"]

EMULATED = "emulated"
"""Note of a precision that the device reaches by detours: less than a quarter of its fp32."""

CONTENDED = "contended"
"""Begins the note of a peak whose threads had to wait for a core: it is too low, and no bound."""


@dataclass(frozen=True)
class Peak:
    """One peak.

    Attributes:
        best: best repetition of the best shape, for lower bounds.
        sustained: best median over a second of work: what to expect for long.
        unit: ``FLOP/s`` or ``B/s``.
        shape: where ``best`` was reached.
        reps: repetitions behind it, over all shapes.
        note: what is special about it: ``emulated``, ``contended: ...``, both with ``; `` between them, or nothing.
    """

    best: float
    sustained: float
    unit: Unit
    shape: str
    reps: int
    note: str = ""

    @property
    def contended(self) -> bool:
        """Whether something else ran on its cores."""
        return CONTENDED in self.note


@dataclass(frozen=True)
class Ability:
    """Peaks of one device with one number of threads.

    Attributes:
        machine, hw_key, sw_key: as in ``Environment``.
        device, threads: what was measured.
        started: UTC, ISO 8601.
        matmul: by precision, FLOP/s.
        bandwidth: ``copy``, ``triad`` and ``llc``, bytes per second.
        llc_bytes: size of the last cache, all of its parts together, where known.
        canary_cv: coefficient of variation of the canary meanwhile.
    """

    machine: str
    hw_key: str
    sw_key: str
    device: str
    threads: int
    started: str
    matmul: Mapping[str, Peak] = field(default_factory=dict)
    bandwidth: Mapping[str, Peak] = field(default_factory=dict)
    llc_bytes: int | None = None
    canary_cv: float | None = None


def ability_from_json(data: Mapping[str, Any]) -> Ability:
    """Build an ability from ``asdict`` output; unknown fields raise TypeError, missing peaks KeyError."""
    peaks = {kind: {name: Peak(**peak) for name, peak in data[kind].items()} for kind in ("matmul", "bandwidth")}
    return Ability(**{**data, **peaks})
