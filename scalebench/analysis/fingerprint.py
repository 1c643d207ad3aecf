"""Differences between two machines' hardware and software, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from scalebench.record import Environment

Kind = Literal["same", "software", "cross-hardware"]
ABSENT = "(none)"


@dataclass(frozen=True)
class FieldChange:
    """One field that differs; ``field`` is dotted: ``settings.OMP_NUM_THREADS``."""

    field: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.field} {self.old} -> {self.new}"


@dataclass(frozen=True)
class Difference:
    """Two fingerprints, compared."""

    kind: Kind  # ``cross-hardware`` where the hardware keys differ, ``software`` where only the software keys do
    machines: tuple[str, str]  # slugs of A and B
    hardware: tuple[FieldChange, ...] = ()
    software: tuple[FieldChange, ...] = ()

    @property
    def banner(self) -> str:
        """The differences in words; empty where both sides are the same."""
        texts = []
        hardware, software = (", ".join(map(str, fields)) for fields in (self.hardware, self.software))
        if self.kind == "cross-hardware":
            texts.append(f"two machines: {' -> '.join(self.machines)}" + (f" ({hardware})" if hardware else ""))
        if software:
            texts.append(f"software differs: {software}")
        elif self.kind == "software":
            texts.append("software differs in fields that were not stored")
        return "; ".join(texts)


def fingerprint_difference(a: Environment, b: Environment) -> Difference:
    """Compare two machines by their keys and name every field that differs.

    The timing method is not part of an environment: ``pairing.pair_up`` compares it case by case.
    """
    kind: Kind = "same"
    if a.hw_key != b.hw_key:
        kind = "cross-hardware"
    elif a.sw_key != b.sw_key:
        kind = "software"
    hardware = changes(a.hardware, b.hardware) if a.hw_key != b.hw_key else ()
    software = changes(a.software, b.software) if a.sw_key != b.sw_key else ()
    return Difference(kind, (a.machine, b.machine), hardware, software)


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Fields that differ, sorted; of lists only the items removed and added."""
    before, after = dict(_flat(old)), dict(_flat(new))
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return tuple(FieldChange(name, *_words(before.get(name), after.get(name))) for name in names)


def _flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _words(old: Any, new: Any) -> tuple[str, str]:
    if isinstance(old, (list, tuple)) and isinstance(new, (list, tuple)):
        removed, added = (", ".join(str(item) for item in x if item not in y) for x, y in ((old, new), (new, old)))
        return removed or ABSENT, added or ABSENT
    return _word(old), _word(new)


def _word(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or ABSENT
    return ABSENT if value is None or value == "" else str(value)
