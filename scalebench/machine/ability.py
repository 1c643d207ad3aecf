"""Ability: measured peak rates of one device. Plain data, stored with the results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Unit = Literal["FLOP/s", "B/s"]

EMULATED = "emulated"
"""Note on a precision that the device only emulates: less than a quarter of its fp32 rate."""

CONTENDED = "contended"
"""Start of the note on a peak whose threads waited for a core: it is too low to be a bound."""


@dataclass(frozen=True)
class Peak:
    """One peak.

    Attributes:
        best: best repetition of the best shape, for lower bounds on time.
        sustained: best median over a second of work: the rate to expect of longer work.
        unit: ``FLOP/s`` or ``B/s``.
        shape: where ``best`` was reached.
        reps: repetitions behind it, over all shapes.
        note: ``emulated``, ``contended: ...``, both separated by ``; ``, or empty.
    """

    best: float
    sustained: float
    unit: Unit
    shape: str
    reps: int
    note: str = ""

    @property
    def contended(self) -> bool:
        """Whether other work used the cores meanwhile."""
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
        llc_bytes: size of the last-level cache, sum of all its parts, where known.
        canary_cv: coefficient of variation of the canary during the measurement.
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
