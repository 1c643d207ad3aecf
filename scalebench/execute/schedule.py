"""Sweeps over the open cases: the order of the rounds, and the loop that makes them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from scalebench.execute.events import GivenUp, Listener, RoundEnded, RoundStarted
from scalebench.execute.memory_guard import Memory
from scalebench.record import Environment, Record
from scalebench.suite.case import Case

Machines = dict[str, Environment]
"""Device word of a case -> the machine it runs on."""
History = dict[str, list[Record]]
"""Key of a case -> its records on this machine, in the order they were made."""

RESTART_SWEEPS = 5
"""Forked rounds share their server's address layout; a new server every few sweeps gives another one."""


@dataclass(frozen=True)
class Wish:
    """Another round of a case.

    Attributes:
        rounds: how many are still expected, this one included.
        iterations: timed iterations of this one, or None for the protocol's own rule.
    """

    rounds: int
    iterations: int | None = None


@dataclass(frozen=True)
class Crew:
    """Those a run works with.

    Attributes:
        measure: makes one round and returns its record; every ending is a record.
        wish: whether a case needs another round, from its records; None when it is done.
        cost: expected wall seconds of one round.
        sink: stores a record; when it returns, the record is safe.
        listen: hears what is going on.
        refresh: starts the measuring server anew.
        memory: knows what will not fit.
    """

    measure: Callable[[Case, int, Wish], Record]
    wish: Callable[[Case, Sequence[Record]], Wish | None]
    cost: Callable[[Case], float]
    sink: Callable[[Record], None]
    listen: Listener
    memory: Memory
    refresh: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Limit:
    """How long a run may go on.

    Attributes:
        seconds: from the start of the sweeps; None is without end.
        clock: monotonic seconds.
    """

    seconds: float | None = None
    clock: Callable[[], float] = field(default=time.monotonic)


def history(records: Sequence[Record], machines: Mapping[str, Environment], retry_failed: bool = False) -> History:
    """Records of these machines by case.

    Args:
        records: earlier records of the suite, from any machine.
        machines: only records with one of their hardware and software keys are kept.
        retry_failed: forget rounds that did not end well, so that their cases are open again.
    """
    here = {(m.hw_key, m.sw_key) for m in machines.values()}
    found: History = {}
    for record in records:
        if (record.environment.hw_key, record.environment.sw_key) in here and (
            record.outcome == "ok" or not retry_failed
        ):
            found.setdefault(record.case.key, []).append(record)
    return found


def run_sweeps(cases: Sequence[Case], made: History, crew: Crew, seed: int = 0, limit: Limit | None = None) -> None:
    """Measure sweep after sweep until every case is done, or the time is over.

    Every sweep makes one round of each open case in a freshly shuffled order, so that a slow minute of the machine
    spreads over all cases: measuring case by case to completion finds differences between identical systems
    (10.1145/3030207.3030229). Cases that an interruption left behind catch up first.

    Args:
        cases: what the suite asks for.
        made: earlier records of this machine; new ones are added.
        crew: those who measure, decide, store and listen.
        seed: of the order.
        limit: of the time.
    """
    limit = limit or Limit()
    deadline = None if limit.seconds is None else limit.clock() + limit.seconds
    done = sweeps = 0
    while True:
        open_ = {case: wish for case in cases if (wish := crew.wish(case, made.get(case.key, [])))}
        # Asked anew for every sweep: what seemed too dear at an assumed rate may fit at the measured one.
        dropped = [] if deadline is None else too_much(open_, crew.cost, deadline - limit.clock())
        wishes = {case: wish for case, wish in open_.items() if case not in dropped}
        if not wishes:
            if dropped:
                crew.listen(GivenUp(tuple(dropped), limit.seconds or 0.0))
            return
        if sweeps and sweeps % RESTART_SWEEPS == 0:
            crew.refresh()
        sweeps += 1
        order = sweep_order(list(wishes), made, seed)
        left = sum(wish.rounds for wish in wishes.values())
        for case in order:
            if deadline is not None and limit.clock() + crew.cost(case) > deadline:
                continue
            crew.listen(RoundStarted(case, done, done + left))
            record = _round(case, wishes[case], made, crew)
            crew.sink(record)
            made.setdefault(case.key, []).append(record)
            done, left = done + 1, left - 1
            if record.outcome != "ok":
                left -= wishes[case].rounds - 1
            crew.listen(RoundEnded(record, done, done + left))


def _round(case: Case, wish: Wish, made: History, crew: Crew) -> Record:
    number = len(made.get(case.key, []))
    skipped = crew.memory.refuse(case, number)
    if skipped is not None:
        return skipped
    record = crew.measure(case, number, wish)
    crew.memory.learn(record)
    return record


def sweep_order(cases: Sequence[Case], made: Mapping[str, Sequence[Record]], seed: int) -> list[Case]:
    """The cases with the fewest rounds, shuffled; the seed and the number of records make it repeatable."""
    rounds = {case: len(made.get(case.key, ())) for case in cases}
    fewest = min(rounds.values())
    order = sorted((case for case in cases if rounds[case] == fewest), key=lambda case: case.key)
    random.Random(f"{seed}-{sum(map(len, made.values()))}").shuffle(order)
    return order


def too_much(wishes: Mapping[Case, Wish], cost: Callable[[Case], float], seconds: float) -> list[Case]:
    """Cases that do not fit into the time left: the dearest, because each makes room for many others.

    Args:
        wishes: open cases with the rounds they still need.
        cost: expected wall seconds of one round.
        seconds: time left.
    """
    price = {case: cost(case) * wish.rounds for case, wish in wishes.items()}
    given_up, left = [], seconds
    for case in sorted(price, key=lambda case: price[case]):
        left -= price[case]
        if left < 0:
            given_up.append(case)
    return given_up
