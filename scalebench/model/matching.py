"""Finds multipliers whose COUNTED MACs hit a target; rounded nominal ones miss it by up to 80 %."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from torch import nn

from scalebench.errors import BuildError, UnreachableError
from scalebench.model.build import build, fixed_input
from scalebench.model.complexity import count, count_model
from scalebench.model.product_macs import UnlistedFunctionError, product_macs
from scalebench.model.shared_layers import Memory, shared_layers
from scalebench.suite.model_facts import MatchRequest, Spec, nominal
from scalebench.suite.suite_plan import Member
from scalebench.suite.variant import Variant, parse_variant

_FINE = 1.002
"""The bracket is halved until its ends differ by less than this; blocks, channels and pixels are coarser."""
_STRUCTURES = 4
"""At most this many structures have their resolution adjusted."""
_LEVELS = 0.25
"""What lies further from the target, relative to it, is no alternative to it."""
_ADJUSTABLE = ("compound", "fast")
"""Methods that scale resolution among other axes, so that a few pixels may close the last gap."""


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
class _Attempt:
    spec: Spec
    macs: int
    log_shift: float  # |log| of the resolution over the nominal one

    def residual(self, goal: float) -> float:
        return self.macs / goal - 1


def match(request: MatchRequest, in_full: bool = False) -> Match:
    """Variant of ``request.base`` by ``request.method`` that costs ``target`` times the base, counted.

    Bisects the nominal factor (counted MACs never fall when it grows), then, for methods that scale
    several axes, the resolution pixel by pixel at the two structures around the target. The search is on shapes alone;
    the base, and a result that misses the target, are counted in full, other results by ``execute.match_groups``.

    Args:
        request: what is matched.
        in_full: count every variant on the way in full.

    Raises:
        UnreachableError: no rounding comes within the tolerance; the message gives the nearest residual.
        BuildError: the base cannot be scaled by this method.
    """
    base_macs, attempts = _search(request, _counter()) if in_full else _searched(request)
    best = _best(attempts, request.target * base_macs)
    base = Spec(parse_variant(request.base), request.resolution)
    missed = abs(best.residual(request.target * base_macs)) > request.tolerance
    if _counted(base) != base_macs or (missed and _counted(best.spec) != best.macs):
        base_macs, attempts = _search(request, _counter())
        best = _best(attempts, request.target * base_macs)
    residual = best.residual(request.target * base_macs)
    if abs(residual) > request.tolerance:
        raise UnreachableError(
            f"{request.base} by {request.method}: no rounding reaches {request.target:g} times the MACs within "
            f"{request.tolerance:.1%}; nearest is {best.macs / base_macs:.3f} times ({residual:+.1%})",
            "raise the tolerance or choose another target",
        )
    v = best.spec.variant
    member = Member(request.method, v.depth, v.width, best.spec.resolution, best.macs, residual, v.trim)
    return Match(base_macs, member)


def levels(request: MatchRequest) -> list[float]:
    """Multiples of the base's MACs that ``request.method`` reaches, ascending.

    These are the ones that the search for the target met within a quarter of it, or else the nearest.

    Raises:
        BuildError: as ``match``.
    """
    base_macs, attempts = _searched(request)
    goal = request.target * base_macs
    within = [a for a in attempts if abs(a.residual(goal)) <= _LEVELS] or [_best(attempts, goal)]
    return sorted({attempt.macs / base_macs for attempt in within})


_Search = tuple[int, list[_Attempt]]


def _searched(request: MatchRequest) -> _Search:
    """The search on shapes alone, or on full counts where an operator's shapes are not known."""
    if request.method not in ("width", "depth") and fixed_input(parse_variant(request.base).base):
        raise BuildError(
            f"{request.base} has a fixed input size, so its resolution cannot be searched",
            "list it under timm with the resolutions you want",
        )
    try:
        return _search(request, _shape_counter())
    except UnlistedFunctionError:
        return _search(request, _counter())


def _search(request: MatchRequest, macs: Callable[[Spec], int]) -> _Search:
    """MACs of the base, and every variant that was tried on the way to the target."""
    base_macs = macs(Spec(parse_variant(request.base), request.resolution))
    goal = request.target * base_macs

    def attempt(factor: float) -> _Attempt:
        spec = nominal(request.base, request.resolution, request.method, factor)
        return _Attempt(spec, macs(spec), 0.0)

    attempts = _bisect(attempt, goal, request.target)
    if request.method in _ADJUSTABLE:
        attempts += _adjusted(attempts, macs, goal, request.tolerance)
    if abs(_best(attempts, goal).residual(goal)) > request.tolerance:
        attempts += _by_trimming(attempts, macs, goal)
    return base_macs, attempts


def _best(attempts: list[_Attempt], goal: float) -> _Attempt:
    """Smallest residual plus a tenth of the shift from the nominal resolution."""
    return min(attempts, key=lambda a: abs(a.residual(goal)) + a.log_shift / 10)


@cache
def _counted(spec: Spec) -> int:
    """MACs in full: the base is that of several requests."""
    return count(spec.variant, spec.resolution).macs


def _counter() -> Callable[[Spec], int]:
    """Counts specs in full, building each structure once."""
    models: dict[Variant, nn.Module] = {}
    counts: dict[Spec, int] = {}

    def macs(spec: Spec) -> int:
        if spec not in counts:
            if spec.variant not in models:
                models[spec.variant] = build(spec.variant, spec.resolution, device="meta")
            counts[spec] = count_model(models[spec.variant], spec.variant.name, spec.resolution).macs
        return counts[spec]

    return macs


def _shape_counter() -> Callable[[Spec], int]:
    """Counts specs by shapes alone, at a tenth of the cost of a full count."""
    models: dict[Variant, nn.Module] = {}
    counts: dict[Spec, int] = {}

    def macs(spec: Spec) -> int:
        if spec not in counts:
            if spec.variant not in models:
                with shared_layers(_layers(spec.variant.base)):
                    models[spec.variant] = build(spec.variant, spec.resolution, device="meta")
            counts[spec] = product_macs(models[spec.variant], spec.resolution)
        return counts[spec]

    return macs


@lru_cache(maxsize=1)
def _layers(base: str) -> Memory:  # noqa: ARG001 - of one base at a time
    """Layers of all variants that this process has built of ``base``."""
    return {}


def _bisect(attempt: Callable[[float], _Attempt], goal: float, target: float) -> list[_Attempt]:
    low, high = 1.0, target
    attempts = [attempt(high)]
    while attempts[-1].macs < goal and high < 1024 * target:
        low, high = high, 2 * high
        attempts.append(attempt(high))
    while high / low > _FINE:
        middle = math.sqrt(low * high)
        attempts.append(attempt(middle))
        if abs(attempts[-1].residual(goal)) < 1e-3:
            break
        low, high = (middle, high) if attempts[-1].macs < goal else (low, middle)
    return attempts


def _adjusted(attempts: list[_Attempt], macs: Callable[[Spec], int], goal: float, tolerance: float) -> list[_Attempt]:
    """Structures next to the goal at adjusted resolutions, nearest structure first, until one is close enough."""
    nearest = {a.spec.variant: a for a in sorted(attempts, key=lambda a: -abs(a.residual(goal)))}
    adjusted: list[_Attempt] = []
    for candidate in list(reversed(nearest.values()))[:_STRUCTURES]:
        adjusted += _by_pixels(candidate, macs, goal)
        if abs(_best(adjusted, goal).residual(goal)) < tolerance / 4:
            break
    return adjusted


def _by_trimming(attempts: list[_Attempt], macs: Callable[[Spec], int], goal: float) -> list[_Attempt]:
    """The nearest attempt above the goal, with one block after another removed until it is below."""
    above = min((a for a in attempts if a.macs > goal), key=lambda a: a.macs, default=None)
    trimmed: list[_Attempt] = []
    while above and above.macs > goal:
        v = above.spec.variant
        spec = Spec(replace(v, trim=v.trim + 1), above.spec.resolution)
        try:
            above = _Attempt(spec, macs(spec), above.log_shift)
        except BuildError:  # no further stage can spare a block, or this base has no stages
            break
        trimmed.append(above)
    return trimmed


def _by_pixels(nominal: _Attempt, macs: Callable[[Spec], int], goal: float) -> list[_Attempt]:
    """Same structure at the resolutions that bracket the goal, by bisection."""
    start = nominal.spec.resolution
    low, high = start * 3 // 4, start * 4 // 3
    attempts = []
    while high - low > 1:
        middle = (low + high) // 2
        spec = Spec(nominal.spec.variant, middle)
        attempts.append(_Attempt(spec, macs(spec), abs(math.log(middle / start))))
        low, high = (middle, high) if attempts[-1].macs < goal else (low, middle)
    return attempts
