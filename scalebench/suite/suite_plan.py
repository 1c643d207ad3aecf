"""Plan: a suite with all names resolved. Plain data, stored at the head of each result file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from scalebench.suite.case import Case, case_from_json
from scalebench.suite.training_study import TrainingStudy, study_from_json
from scalebench.suite.variant import Variant, parse_variant


@dataclass(frozen=True)
class Member:
    """One variant of a matched group.

    Attributes:
        method: scaling method.
        depth, width: multipliers of the variant; of a base that is itself scaled they include its own.
        trim: blocks left out again after rounding up, see ``Variant``.
        resolution: pixels.
        macs: counted MACs per image.
        residual: counted MACs over the target's, minus one.
    """

    method: str
    depth: float
    width: float
    resolution: int
    macs: int
    residual: float
    trim: int = 0

    def variant(self, base: str) -> Variant:
        """Its model, from the written name of the base."""
        return replace(parse_variant(base), depth=self.depth, width=self.width, trim=self.trim)


@dataclass(frozen=True)
class Group:
    """Variants of one base whose counted MACs agree within ``tolerance``.

    Attributes:
        base: base model; at ``base_resolution`` pixels it costs ``base_macs`` MACs per image.
        target: multiple of the base's counted MACs.
        tolerance: largest relative residual.
    """

    base: str
    base_resolution: int
    base_macs: int
    target: float
    tolerance: float
    members: tuple[Member, ...]

    def variant(self, member: Member) -> Variant:
        """A member's model, taken apart."""
        return member.variant(self.base)

    def model(self, member: Member) -> str:
        """Written name of a member's model."""
        return self.variant(member).name


@dataclass(frozen=True)
class Limits:
    """Limits of a case.

    Attributes:
        latency_s: longest latency of a batch, seconds.
        memory_bytes: most memory of a process beyond its libraries, bytes.
        batch: images per forward pass that the limits are for.
    """

    latency_s: float | None = None
    memory_bytes: float | None = None
    batch: int = 1

    @property
    def bounds(self) -> dict[str, float]:
        """Largest value by metric."""
        both = {"latency_s": self.latency_s, "memory_bytes": self.memory_bytes}
        return {name: most for name, most in both.items() if most is not None}


@dataclass(frozen=True)
class Scene:
    """What the camera sees: a field of view across which an image's side lies, and a detail that must not be missed.

    Attributes:
        field_of_view_mm: width of what one image shows, millimetres.
        detail_mm: width of the detail, millimetres.
    """

    field_of_view_mm: float
    detail_mm: float

    def pixels(self, resolution: int) -> float:
        """Pixels that the detail covers in an image of ``resolution`` pixels: resolution x detail / field of view."""
        return resolution * self.detail_mm / self.field_of_view_mm


@dataclass(frozen=True)
class Plan:
    """Cases to measure, specifications to count, and the groups they form.

    Attributes:
        suite, title: from the file.
        text: the YAML, verbatim.
        cases: measured cases, in file order.
        counts: cases of mode ``count``: every measured model, and what the claims need beside them.
        groups: matched groups.
        claims: claim ids to judge.
        rounds: requested rounds per case.
        seed: of the order of the rounds.
        machines: hardware keys of the machines it is for.
        limits, scene: from the suite, where it has them.
        merged: cases that two entries of different kinds reach, measured once.
        notes: sentences on targets that were chosen, and on variants left out.
        budget_s: time for the rounds, seconds; None is without end.
        study: what is trained from scratch; None where nothing is.
    """

    suite: str
    title: str
    text: str
    cases: tuple[Case, ...]
    counts: tuple[Case, ...]
    groups: tuple[Group, ...]
    claims: tuple[str, ...]
    rounds: int
    merged: int = 0
    seed: int = 0
    machines: tuple[str, ...] = ()
    limits: Limits | None = None
    scene: Scene | None = None
    notes: tuple[str, ...] = ()
    budget_s: float | None = None
    study: TrainingStudy | None = None


def plan_from_json(data: dict[str, Any]) -> Plan:
    """Build a plan from ``asdict`` output."""
    groups = tuple(
        Group(**{**group, "members": tuple(Member(**member) for member in group["members"])})
        for group in data["groups"]
    )
    cases, counts = (tuple(case_from_json(case) for case in data[key]) for key in ("cases", "counts"))
    return Plan(
        **{
            **data,
            "cases": cases,
            "counts": counts,
            "groups": groups,
            "claims": tuple(data["claims"]),
            "machines": tuple(data.get("machines", ())),
            "notes": tuple(data.get("notes", ())),
            "limits": Limits(**data["limits"]) if data.get("limits") else None,
            "scene": Scene(**data["scene"]) if data.get("scene") else None,
            "study": study_from_json(data["study"]) if data.get("study") else None,
        }
    )
