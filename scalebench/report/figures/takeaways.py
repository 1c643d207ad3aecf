"""One sentence per figure, computed from its data, with the numbers in it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Takeaway:
    """A sentence and the unrounded figures in it."""

    text: str
    numbers: dict[str, float] = field(default_factory=dict)
