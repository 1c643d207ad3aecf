"""Blocks: which cases take turns with each other in one sweep."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from scalebench.suite.case import Case

MOST = 8
"""Processes of a heat, the reference's included: all are alive at once, and more of them have turns further apart."""
ALIKE = 8.0
"""Cases that are not compared stand together only where their costs differ by at most this factor: beside long passes
the turns of a short one are far apart."""

Block = tuple[Case, ...]


@dataclass(frozen=True)
class Room:
    """What limits a block.

    Attributes:
        bytes_of: memory of a case's process.
        free_bytes: memory for all of them; None where unknown.
        cost: expected seconds of a round.
    """

    bytes_of: Callable[[Case], float]
    free_bytes: float | None
    cost: Callable[[Case], float]

    def has(self, block: Sequence[Case], case: Case) -> bool:
        """Whether the case fits in beside the others."""
        return len(block) < MOST and self.holds([*block, case])

    def holds(self, block: Sequence[Case]) -> bool:
        """Whether all fit into memory together."""
        return self.free_bytes is None or sum(map(self.bytes_of, block)) <= self.free_bytes

    def alike(self, one: Case, other: Case) -> bool:
        """Whether two cases cost about the same."""
        low, high = sorted((self.cost(one), self.cost(other)))
        return high <= ALIKE * low


def blocks(
    cases: Sequence[Case], pairs: Iterable[tuple[Case, Case]], reference: Case | None, room: Room, seed: str = ""
) -> list[Block]:
    """Put each case into one block, with those it is compared with as far as there is room.

    Cases with many comparisons come first and take their neighbours along; what is left over is drawn at random, so
    that another sweep puts other cases together. Any two cases can be compared through the reference, which stands in
    every block where it fits.

    Args:
        cases: that need a round.
        pairs: cases to be compared; those that are not both among ``cases`` are left out.
        reference: None where there is none.
        room: limits of a block.
        seed: of the order.
    """
    order = random.Random(seed).sample(list(cases), len(cases))
    neighbours: dict[Case, list[Case]] = {case: [] for case in order}
    for over, under in pairs:
        if over in neighbours and under in neighbours:
            neighbours[over].append(under)
            neighbours[under].append(over)
    left = dict.fromkeys(case for case in sorted(order, key=lambda case: -len(neighbours[case])) if case != reference)
    finished: list[Block] = []
    while left:
        finished.append(_block(next(iter(left)), left, neighbours, reference, room))
        for case in finished[-1]:
            left.pop(case, None)
    if not finished and reference in neighbours and reference is not None:
        return [(reference,)]
    return random.Random(seed).sample(finished, len(finished))


def _block(
    first: Case,
    left: Mapping[Case, None],
    neighbours: Mapping[Case, Sequence[Case]],
    reference: Case | None,
    room: Room,
) -> Block:
    block = [first]
    if reference is not None and room.has(block, reference):
        block.append(reference)
    for case in block:  # grows while it is read: neighbours breadth first
        for near in neighbours.get(case, ()):
            if near in left and near not in block and room.has(block, near):
                block.append(near)
    for case in left:
        free = case not in block and not any(near in left for near in neighbours[case])
        if free and room.alike(first, case) and room.has(block, case):
            block.append(case)
    return tuple(block)
