"""What differs between two machines, and between two states of their software, field by field."""

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
    """Two fingerprints, compared.

    Attributes:
        kind: ``cross-hardware`` where the hardware keys differ, ``software`` where only the software keys do.
        machines: slugs of A's and of B's machine.
        hardware, software: the fields behind it.
    """

    kind: Kind
    machines: tuple[str, str]
    hardware: tuple[FieldChange, ...] = ()
    software: tuple[FieldChange, ...] = ()

    @property
    def banner(self) -> str:
        """What a reader has to know before the numbers; empty where both sides are the same."""
        said = []
        if self.kind == "cross-hardware":
            fields = f" ({_listed(self.hardware)})" if self.hardware else ""
            said.append(f"two machines: {self.machines[0]} -> {self.machines[1]}{fields}")
        if self.software:
            said.append(f"software differs: {_listed(self.software)}")
        elif self.kind == "software":
            said.append("software differs in fields that were not stored")
        return "; ".join(said)


def fingerprint_difference(a: Environment, b: Environment) -> Difference:
    """Compare two machines by their keys and name every field that differs.

    The method is no part of an environment: ``pairing.pair_up`` compares it case by case.
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
    """Fields that differ, sorted; of lists only the items that went and came."""
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
        gone, come = (", ".join(str(item) for item in x if item not in y) for x, y in ((old, new), (new, old)))
        return gone or ABSENT, come or ABSENT
    return _word(old), _word(new)


def _word(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or ABSENT
    return ABSENT if value is None or value == "" else str(value)


def _listed(found: tuple[FieldChange, ...]) -> str:
    return ", ".join(map(str, found))
