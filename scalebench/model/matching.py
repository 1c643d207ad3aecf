"""Finds the multipliers whose COUNTED MACs hit a target; after rounding, nominal ones miss by up to 80 %."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import nn

from scalebench.errors import BuildError, UnreachableError
from scalebench.model.build import build, fixed_input
from scalebench.model.complexity import count_model
from scalebench.suite.model_facts import MatchRequest, Spec, nominal
from scalebench.suite.suite_plan import Member
from scalebench.suite.variant import Variant

_FINE = 1.002
"""The bracket is halved until its ends differ by less than this; blocks, channels and pixels are coarser."""
_STRUCTURES = 4
"""Structures whose resolution is adjusted at most."""
_ADJUSTABLE = ("compound", "fast")
"""Methods that scale resolution beside something else, so a few pixels may close the last gap."""


@dataclass(frozen=True)
class Match:
    """A matched variant and the cost of its base.

    Attributes:
        base_macs: MACs of the base at the request's resolution, per image.
        member: the variant, with its residual.
    """

    base_macs: int
    member: Member


@dataclass(frozen=True)
class _Try:
    spec: Spec
    macs: int
    moved: float  # |log| of the resolution over the nominal one

    def residual(self, goal: float) -> float:
        return self.macs / goal - 1


def match(request: MatchRequest) -> Match:
    """Variant of ``request.base`` by ``request.method`` that costs ``target`` times the base, counted.

    Bisects the nominal factor (counted MACs never fall when it grows), then, for methods that scale
    several axes, the resolution pixel by pixel at the two structures around the target.

    Raises:
        UnreachableError: no rounding comes within the tolerance; the nearest residual is named.
        BuildError: the base cannot be scaled this way.
    """
    if request.method not in ("width", "depth") and fixed_input(request.base):
        raise BuildError(
            f"{request.base} has a fixed input size, so its resolution cannot be searched",
            "list it under timm with the resolutions you want",
        )
    macs = _counter()
    base_macs = macs(Spec(Variant(request.base), request.resolution))
    goal = request.target * base_macs

    def attempt(factor: float) -> _Try:
        spec = nominal(request.base, request.resolution, request.method, factor)
        return _Try(spec, macs(spec), 0.0)

    tries = _bisect(attempt, goal, request.target)
    if request.method in _ADJUSTABLE:
        tries += _adjusted(tries, macs, goal, request.tolerance)
    best = _best(tries, goal)
    if abs(best.residual(goal)) > request.tolerance:
        best = _best([best, *_by_trimming(tries, macs, goal)], goal)
    residual = best.residual(goal)
    if abs(residual) > request.tolerance:
        raise UnreachableError(
            f"{request.base} by {request.method}: no rounding reaches {request.target:g} times the MACs within "
            f"{request.tolerance:.1%}; nearest is {best.macs / base_macs:.3f} times ({residual:+.1%})",
            "raise the tolerance or choose another target",
        )
    v = best.spec.variant
    member = Member(request.method, v.depth, v.width, best.spec.resolution, best.macs, residual, v.trim)
    return Match(base_macs, member)


def _best(tries: list[_Try], goal: float) -> _Try:
    """Smallest residual, a tenth of any departure from the nominal resolution added."""
    return min(tries, key=lambda t: abs(t.residual(goal)) + t.moved / 10)


def _counter() -> Callable[[Spec], int]:
    """Counts specs, building each structure once."""
    models: dict[Variant, nn.Module] = {}
    known: dict[Spec, int] = {}

    def macs(spec: Spec) -> int:
        if spec not in known:
            if spec.variant not in models:
                models[spec.variant] = build(spec.variant, spec.resolution, device="meta")
            known[spec] = count_model(models[spec.variant], spec.variant.name, spec.resolution).macs
        return known[spec]

    return macs


def _bisect(attempt: Callable[[float], _Try], goal: float, target: float) -> list[_Try]:
    low, high = 1.0, target
    tries = [attempt(high)]
    while tries[-1].macs < goal and high < 1024 * target:
        low, high = high, 2 * high
        tries.append(attempt(high))
    while high / low > _FINE:
        middle = math.sqrt(low * high)
        found = attempt(middle)
        tries.append(found)
        if abs(found.residual(goal)) < 1e-3:
            break
        low, high = (middle, high) if found.macs < goal else (low, middle)
    return tries


def _adjusted(tries: list[_Try], macs: Callable[[Spec], int], goal: float, tolerance: float) -> list[_Try]:
    """Structures next to the goal at adjusted resolutions, nearest structure first, until one is close enough."""
    nearest = {t.spec.variant: t for t in sorted(tries, key=lambda t: -abs(t.residual(goal)))}
    found: list[_Try] = []
    for candidate in list(reversed(nearest.values()))[:_STRUCTURES]:
        found += _by_pixels(candidate, macs, goal)
        if abs(_best(found, goal).residual(goal)) < tolerance / 4:
            break
    return found


def _by_trimming(tries: list[_Try], macs: Callable[[Spec], int], goal: float) -> list[_Try]:
    """The nearest attempt above the goal, with one block after another left out until it is below."""
    above = min((t for t in tries if t.macs > goal), key=lambda t: t.macs, default=None)
    trimmed: list[_Try] = []
    while above and above.macs > goal:
        v = above.spec.variant
        spec = Spec(replace(v, trim=v.trim + 1), above.spec.resolution)
        try:
            above = _Try(spec, macs(spec), above.moved)
        except BuildError:  # no further stage can spare a block, or this base has no stages
            break
        trimmed.append(above)
    return trimmed


def _by_pixels(found: _Try, macs: Callable[[Spec], int], goal: float) -> list[_Try]:
    """Same structure at the resolutions that bracket the goal, searched by halving."""
    start = found.spec.resolution
    low, high = start * 3 // 4, start * 4 // 3
    tries = []
    while high - low > 1:
        middle = (low + high) // 2
        spec = Spec(found.spec.variant, middle)
        tries.append(_Try(spec, macs(spec), abs(math.log(middle / start))))
        low, high = (middle, high) if tries[-1].macs < goal else (low, middle)
    return tries
