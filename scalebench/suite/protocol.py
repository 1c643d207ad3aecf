"""Protocol: how long and how often a case is measured. Plain data, so the measuring process can read it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from scalebench.suite.device_kinds import kind_of

_HOW_MANY = frozenset({"rounds", "max_rounds", "target", "target_cuda", "budget_s", "timeout_s"})
"""Fields that decide how many rounds there are, not how one is measured."""
_TURNS = ("turns", "turn_s", "heat_s")
_ALONE = ("warmup_s", "warmup_cuda_s", "warmup_max_s", "chunk_s", "chunk_max_s", "min_iterations")
"""Fields that only rounds by turns have, and only rounds alone."""
_LARGEST_STRIDE = 8
LONG_S = 0.2
"""A pass this long needs no untimed one before it in its turn: filling the caches is a small part of it."""
_MAY_BE_0 = frozenset({"energy_s", "turns"})


@dataclass(frozen=True)
class Protocol:
    """Rounds of a case and the phases of one round.

    Attributes:
        rounds: least number of processes that measure the case; the n of its intervals.
        max_rounds: most of them, where more are needed for the target; None makes exactly ``rounds``.
        target: relative half-width of the 95 % interval that a case on the CPU is to reach.
        target_cuda: the same on CUDA and on every other accelerator.
        budget_s: wall time after which a case gets no round beyond ``rounds``, seconds.
        warmup_s: least warm-up time on the CPU, seconds.
        warmup_cuda_s: the same on CUDA and on every other accelerator.
        warmup_max_s: warm-up is cut here and flagged ``warmup_unsettled``, seconds.
        chunk_s: least time of the timed chunk, seconds, for latency and for throughput each.
        chunk_max_s: the chunk ends here once ``min_iterations`` / 3 are in, seconds.
        min_iterations: least timed iterations, unless ``chunk_max_s`` comes first.
        turns: turns of a case in a heat, where processes take turns on the CPU; 0 measures every round alone.
        turn_s: least timed time of a turn, seconds; one pass is enough.
        heat_s: a case with long passes takes fewer turns, so that a heat costs it about this many seconds.
        energy_s: length of the energy window, seconds; 0 measures no energy.
        timeout_s: a round that takes longer is killed and recorded as such, seconds.
    """

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic, which must not be imported here

    rounds: int = 5
    max_rounds: int | None = None
    target: float = 0.03
    target_cuda: float = 0.01
    budget_s: float = 120.0
    warmup_s: float = 1.0
    warmup_cuda_s: float = 2.0
    warmup_max_s: float = 10.0
    chunk_s: float = 1.0
    chunk_max_s: float = 5.0
    min_iterations: int = 10
    turns: int = 12
    turn_s: float = 0.05
    heat_s: float = 2.0
    energy_s: float = 0.0
    timeout_s: float = 600.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and not (value > 0 or (field.name in _MAY_BE_0 and value == 0)):
                raise ValueError(f"{field.name} must be greater than 0")
        if self.warmup_max_s < self.warmup_s or self.chunk_max_s < self.chunk_s or self.most_rounds < self.rounds:
            raise ValueError("a maximum must not be below its minimum")

    @property
    def most_rounds(self) -> int:
        """Rounds after which a case is done, however wide its interval."""
        return self.rounds if self.max_rounds is None else self.max_rounds

    @property
    def adaptive(self) -> bool:
        """Whether the spread of the first rounds decides how many there are."""
        return self.most_rounds > self.rounds

    @property
    def method(self) -> dict[str, float]:
        """The part that changes what a number means; the rest only changes how many there are."""
        other = _ALONE if self.turns else _TURNS
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _HOW_MANY and f.name not in other}

    def phases(self) -> Protocol:
        """The same method with default numbers of rounds: equal for rounds that mean the same."""
        return Protocol(**{"turns": 0, **self.method})  # type: ignore[arg-type]  # ints and floats by name

    def stride(self, pass_s: float) -> int:
        """Every how many turns a case with passes of this length takes one: 1, 2, 4 or 8, so that turns of cases meet.

        As few turns as keep a heat to about ``heat_s`` for it, but at least an eighth.
        """
        every = 1
        while every < _LARGEST_STRIDE and self.turns * self.turn_cost(pass_s) / every > self.heat_s:
            every *= 2
        return every

    def turn_cost(self, pass_s: float) -> float:
        """Expected seconds of one turn."""
        return pass_s if pass_s >= LONG_S else pass_s + max(pass_s, self.turn_s)

    def alone(self) -> Protocol:
        """The same for rounds that have the machine to themselves."""
        return replace(self, turns=0)

    def target_on(self, device: str) -> float:
        """Relative half-width that a case on ``device`` is to reach."""
        return self.target if kind_of(device).on_host else self.target_cuda

    def least_warmup_s(self, device: str) -> float:
        """Least warm-up on ``device``, seconds; never above the cap."""
        return self.warmup_s if kind_of(device).on_host else min(self.warmup_cuda_s, self.warmup_max_s)


PROTOCOLS = {
    "quick": Protocol(rounds=3, warmup_s=0.3, warmup_max_s=3.0, chunk_s=0.4, chunk_max_s=2.0, min_iterations=6),
    "standard": Protocol(rounds=3, max_rounds=20),
    "rigorous": Protocol(
        rounds=10, max_rounds=40, target=0.015, target_cuda=0.005, budget_s=600.0, warmup_s=2.0, chunk_s=2.0
    ),
}
