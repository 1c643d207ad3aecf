"""Cases whose times are those of launches: claims about arithmetic are not decided by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from scalebench.claims.judged_parts import Judged
from scalebench.suite.variant import parse_at

if TYPE_CHECKING:
    from scalebench.analysis.analyse import Analysis
    from scalebench.claims.base_part import BasePart, Configuration

_NAMED = 3
"""Cases that a sentence names."""


def launch_bound(part: BasePart, configuration: Configuration, analysis: Analysis) -> tuple[str, ...]:
    """Launch-bound cases behind a part in one configuration, as ``MODEL@PIXELS``; none where it is not about time."""
    rounds = analysis.used.get(configuration) if configuration and part.of_time else None
    bound = rounds.launch_bound() if rounds else frozenset()
    if not bound:
        return ()
    need = part.needs()
    cases = {(variant.name, resolution or 0) for variant, resolution in map(parse_at, need.cases)}
    for group in analysis.plan.groups:
        for group_need in need.groups:
            if group.base == group_need.base:
                members = [member for member in group.members if member.method in group_need.methods]
                cases |= {(group.model(member), member.resolution) for member in members}
    return tuple(f"{model}@{resolution}" for model, resolution in sorted(bound & cases))


def launch_sentences(parts: Sequence[Judged]) -> Iterator[str]:
    """Why intervals that would decide do not."""
    names = list(dict.fromkeys(name for part in parts for name in part.launch_bound))
    if not names:
        return
    others = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    yield (
        f"Launch-bound here: {', '.join(names[:_NAMED])}{others}. Their times are those of launches, "
        "which say nothing about arithmetic; a larger batch or a CUDA graph does."
    )
