"""Protocol: how long and how often a case is measured. Plain data, so the measuring process can read it."""

from __future__ import annotations

from dataclasses import dataclass, fields

_NOT_METHOD = {"rounds", "timeout_s"}


@dataclass(frozen=True)
class Protocol:
    """Rounds of a case and the phases of one round.

    Attributes:
        rounds: processes that measure the case; the n of every interval.
        warmup_s: least warm-up time, seconds.
        warmup_max_s: warm-up is cut here and flagged ``warmup_unsettled``, seconds.
        chunk_s: least time of the timed chunk, seconds, for latency and for throughput each.
        chunk_max_s: the chunk ends here once ``min_iterations`` / 3 are in, seconds.
        min_iterations: least timed iterations, unless ``chunk_max_s`` comes first.
        timeout_s: a round that takes longer is killed and recorded as such, seconds.
    """

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic, which must not be imported here

    rounds: int = 5
    warmup_s: float = 1.0
    warmup_max_s: float = 10.0
    chunk_s: float = 1.0
    chunk_max_s: float = 5.0
    min_iterations: int = 10
    timeout_s: float = 600.0

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise ValueError(f"{field.name} must be greater than 0")
        if self.warmup_max_s < self.warmup_s or self.chunk_max_s < self.chunk_s:
            raise ValueError("a maximum must not be below its minimum")

    @property
    def method(self) -> dict[str, float]:
        """The part that changes what a number means; rounds and time-out only change how many there are."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _NOT_METHOD}


PROTOCOLS = {
    "quick": Protocol(rounds=3, warmup_s=0.3, warmup_max_s=3.0, chunk_s=0.4, chunk_max_s=2.0, min_iterations=6),
    "standard": Protocol(),
    "rigorous": Protocol(rounds=10, warmup_s=2.0, chunk_s=2.0),
}
