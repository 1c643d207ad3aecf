"""Sweeps over the open cases: the order of the rounds, and the loop that measures them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from scalebench.execute.events import GivenUp, Listener, RoundEnded, RoundStarted
from scalebench.record import Environment, Record
from scalebench.suite.case import Case

Machines = dict[str, Environment]
"""Device of a case -> the machine it runs on."""
RecordsByCase = dict[str, list[Record]]
"""Key of a case -> its records on this machine, in the order of measurement."""

RESTART_SWEEPS = 5
"""Forked rounds share their server's address layout; a new server every few sweeps changes it."""


@dataclass(frozen=True)
class RoundNeed:
    """What an open case still needs.

    Attributes:
        rounds: expected number, the next one included.
        iterations: timed iterations of the next round, or None for the protocol's own rule.
    """

    rounds: int
    iterations: int | None = None


@dataclass(frozen=True)
class RoundCallbacks:
    """Callbacks of the round loop.

    Attributes:
        measure: measures one round and returns its record, failed or not.
        need: what a case still needs, from its records; None when it is done.
        cost: expected wall seconds of one round.
        sink: stores a record durably.
        listen: receives events.
        refuse: the record of a round that is not started, see ``offering`` and ``MemoryGuard``; None where it may be.
        learn: hears every measured round.
        refresh: restarts the measuring server.
    """

    measure: Callable[[Case, int, RoundNeed], Record]
    need: Callable[[Case, Sequence[Record]], RoundNeed | None]
    cost: Callable[[Case], float]
    sink: Callable[[Record], None]
    listen: Listener
    refuse: Callable[[Case, int], Record | None]
    learn: Callable[[Record], None]
    refresh: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class TimeBudget:
    """Time limit of a run.

    Attributes:
        seconds: from the start of the sweeps; None is no limit.
        clock: monotonic seconds.
        deadline: time of the clock at which it ends, once it has started; None before, and without a limit.
    """

    seconds: float | None = None
    clock: Callable[[], float] = field(default=time.monotonic)
    deadline: float | None = None

    def started(self) -> TimeBudget:
        """The same, running from now on unless it runs already."""
        if self.seconds is None or self.deadline is not None:
            return self
        return replace(self, deadline=self.clock() + self.seconds)


def records_by_case(
    records: Sequence[Record], machines: Mapping[str, Environment], retry_failed: bool = False
) -> RecordsByCase:
    """Records with the hardware and software keys of one of ``machines``, by case.

    ``retry_failed`` drops failed rounds, so that their cases are open again.
    """
    keys = {(machine.hw_key, machine.sw_key) for machine in machines.values()}
    by_case: RecordsByCase = {}
    for record in records:
        same_machine = (record.environment.hw_key, record.environment.sw_key) in keys
        if same_machine and (record.outcome == "ok" or not retry_failed):
            by_case.setdefault(record.case.key, []).append(record)
    return by_case


def run_sweeps(
    cases: Sequence[Case],
    records: RecordsByCase,
    calls: RoundCallbacks,
    seed: int = 0,
    budget: TimeBudget | None = None,
) -> None:
    """Measure sweep after sweep until every case is done, or the time is over.

    Every sweep measures one round of each open case in a freshly shuffled order, so that a slow minute of the machine
    spreads over all cases: measuring case by case to completion finds differences between identical systems
    (10.1145/3030207.3030229). Cases with fewer rounds after an interruption catch up first.

    ``records`` are the earlier records of this machine; new ones are added. ``seed`` is that of the order.
    """
    budget = (budget or TimeBudget()).started()
    deadline = budget.deadline
    done = sweeps = 0
    while True:
        open_ = {case: need for case in cases if (need := calls.need(case, records.get(case.key, [])))}
        # Every sweep anew: a case too expensive at the assumed rate may fit at the measured one.
        dropped = [] if deadline is None else over_budget(open_, calls.cost, deadline - budget.clock())
        needs = {case: need for case, need in open_.items() if case not in dropped}
        if not needs:
            if dropped:
                calls.listen(GivenUp(tuple(dropped), budget.seconds or 0.0))
            return
        if sweeps and sweeps % RESTART_SWEEPS == 0:
            calls.refresh()
        sweeps += 1
        left = sum(need.rounds for need in needs.values())
        for case in sweep_order(list(needs), records, seed):
            if deadline is not None and budget.clock() + calls.cost(case) > deadline:
                continue
            calls.listen(RoundStarted(case, done, done + left))
            record = _round(case, needs[case], len(records.get(case.key, [])), calls)
            calls.sink(record)
            records.setdefault(case.key, []).append(record)
            done, left = done + 1, left - 1
            if record.outcome != "ok":
                left -= needs[case].rounds - 1
            calls.listen(RoundEnded(record, done, done + left))


def _round(case: Case, need: RoundNeed, number: int, calls: RoundCallbacks) -> Record:
    refused = calls.refuse(case, number)
    if refused is not None:
        return refused
    record = calls.measure(case, number, need)
    calls.learn(record)
    return record


def sweep_order(cases: Sequence[Case], records: Mapping[str, Sequence[Record]], seed: int) -> list[Case]:
    """The cases with the fewest rounds, shuffled; seed and number of records make the order reproducible."""
    rounds = {case: len(records.get(case.key, ())) for case in cases}
    fewest = min(rounds.values())
    order = sorted((case for case in cases if rounds[case] == fewest), key=lambda case: case.key)
    random.Random(f"{seed}-{sum(map(len, records.values()))}").shuffle(order)
    return order


def over_budget(needs: Mapping[Case, RoundNeed], cost: Callable[[Case], float], seconds: float) -> list[Case]:
    """Cases that do not fit into the remaining ``seconds``: the most expensive, because each makes room for many."""
    price = {case: cost(case) * need.rounds for case, need in needs.items()}
    dropped, left = [], seconds
    for case in sorted(price, key=price.__getitem__):
        left -= price[case]
        if left < 0:
            dropped.append(case)
    return dropped
