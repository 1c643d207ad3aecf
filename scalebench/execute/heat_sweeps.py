"""Sweeps of heats: rounds by turns, heat after heat, until every case is done or the time is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from scalebench.execute.events import GivenUp, HeatStarted, Listener, RoundEnded
from scalebench.execute.heat_blocks import Block, Room, blocks
from scalebench.execute.schedule import RESTART_SWEEPS, RecordsByCase, TimeBudget
from scalebench.record import Record
from scalebench.suite.case import Case

TWICE_EVERY = 3
"""Every so many heats the reference stands in a heat twice: its ratio to itself shows what turns can distinguish."""


@dataclass(frozen=True)
class Agenda:
    """What is still to be measured.

    Attributes:
        rounds: expected rounds by open case, the next one included.
        pairs: comparisons that are still open.
    """

    rounds: dict[Case, int] = field(default_factory=dict)
    pairs: tuple[tuple[Case, Case], ...] = ()


@dataclass(frozen=True)
class HeatCallbacks:
    """Callbacks of the heat loop.

    Attributes:
        measure: measures one heat and returns a record per member, failed or not, in the members' order.
        agenda: what is still to be measured, asked before every sweep.
        sink: stores a record durably.
        listen: receives events.
        refuse: the record of a round that is not started, see ``offering`` and ``MemoryGuard``; None where it may be.
        learn: hears every record that was measured.
        room: limits of a block.
        refresh: restarts the measuring server.
    """

    measure: Callable[[Sequence[tuple[Case, int]], int], list[Record]]
    agenda: Callable[[], Agenda]
    sink: Callable[[Record], None]
    listen: Listener
    refuse: Callable[[Case, int], Record | None]
    learn: Callable[[Record], None]
    room: Room
    refresh: Callable[[], None] = lambda: None


def run_heats(
    records: RecordsByCase,
    reference: Case | None,
    calls: HeatCallbacks,
    seed: int = 0,
    budget: TimeBudget | None = None,
) -> None:
    """Measure sweep after sweep: every open case once, and the reference in every heat.

    Heats of a block are so spread over the whole run: the ratio of two cases moves with the state of the host, and
    heats back to back would show one state only.

    Args:
        records: earlier records of this machine; new ones are added.
        reference: see ``blocks``.
        calls: what measures, stores and decides.
        seed: of the orders.
        budget: heats that would end after it are left out.
    """
    budget = (budget or TimeBudget()).started()
    deadline = budget.deadline
    done = sweep = heats = 0
    while (agenda := calls.agenda()).rounds:
        if sweep and sweep % RESTART_SWEEPS == 0:
            calls.refresh()
        measured = 0
        left = sum(agenda.rounds.values())
        start = f"{seed}-{sum(map(len, records.values()))}"
        for number, block in enumerate(blocks(list(agenda.rounds), agenda.pairs, reference, calls.room, start)):
            if deadline is not None and budget.clock() + sum(map(calls.room.cost, block)) > deadline:
                continue
            heats += 1
            members = _with_twin(block, reference, calls.room) if heats % TWICE_EVERY == 0 else block
            calls.listen(HeatStarted(members, done, done + left))
            for record in _heat(members, records, calls, hash((seed, done, number)) & 0xFFFF):
                calls.sink(record)
                records.setdefault(record.case.key, []).append(record)
                planned = record.case in agenda.rounds
                done, left = done + 1, max(0, left - planned)
                if record.outcome != "ok" and planned:
                    left = max(0, left - agenda.rounds[record.case] + 1)
                calls.listen(RoundEnded(record, done, done + left))
                measured += 1
        if not measured:
            calls.listen(GivenUp(tuple(agenda.rounds), budget.seconds or 0.0))
            return
        sweep += 1


def _with_twin(block: Block, reference: Case | None, room: Room) -> Block:
    """The block with its reference case twice, where memory allows."""
    return (*block, reference) if reference in block and room.holds([*block, reference]) else block


def _heat(block: Block, records: RecordsByCase, calls: HeatCallbacks, seed: int) -> Iterable[Record]:
    """Records of one heat; those of members that are not started come first."""
    members = [(case, len(records.get(case.key, ())) + block[:at].count(case)) for at, case in enumerate(block)]
    refused = [calls.refuse(*member) for member in members]
    skipped = [record for record in refused if record is not None]
    members = [member for member, record in zip(members, refused, strict=True) if record is None]
    measured = calls.measure(members, seed) if members else []
    for record in measured:
        calls.learn(record)
    return [*skipped, *measured]
