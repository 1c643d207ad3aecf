"""Which rounds are still missing, in which order, and the loop that makes them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from scalebench.execute.client import Worker
from scalebench.execute.events import Listener, RoundEnded, RoundStarted
from scalebench.execute.isolate import run_round
from scalebench.record import Environment, Record
from scalebench.suite.case import Case

Round = tuple[Case, int]
Machines = dict[str, Environment]
"""Device word of a case -> the machine it runs on."""


def missing_rounds(
    cases: Sequence[Case],
    rounds: int,
    stored: Iterable[Record],
    machines: Machines,
    retry_failed: bool = False,
) -> list[Round]:
    """Rounds that this machine has not stored yet, sweep by sweep.

    A case that failed, ran out of memory or time counts as finished: starting it again would end the same way.

    Args:
        cases: what the suite asks for.
        rounds: rounds per case.
        stored: earlier records of the suite, from any machine.
        machines: where each device's cases run; only records with its hardware and software keys count.
        retry_failed: measure failed cases again.
    """
    here = {(m.hw_key, m.sw_key) for m in machines.values()}
    good: Counter[str] = Counter()
    bad: set[str] = set()
    for record in stored:
        if (record.environment.hw_key, record.environment.sw_key) in here:
            if record.outcome == "ok":
                good[record.case.key] += 1
                bad.discard(record.case.key)  # a later retry went well
            else:
                bad.add(record.case.key)
    open_cases = [case for case in cases if retry_failed or case.key not in bad]
    return [(case, number) for number in range(rounds) for case in open_cases if number >= good[case.key]]


def interleave(rounds: Iterable[Round], seed: int) -> list[Round]:
    """Shuffle within each sweep, so that a slow minute of the machine spreads over all cases.

    Measuring case by case to completion finds differences between identical systems (10.1145/3030207.3030229).
    """
    shuffler = random.Random(seed)
    keyed = [(number, shuffler.random(), case) for case, number in rounds]
    return [(case, number) for number, _, case in sorted(keyed, key=lambda item: item[:2])]


def run_rounds(
    rounds: Sequence[Round],
    suite: str,
    machines: Machines,
    sink: Callable[[Record], None],
    listen: Listener,
    workers: Callable[[str], Worker],
) -> None:
    """Measure round after round, handing each record to ``sink`` before the next begins.

    After a round that did not end well, the remaining rounds of its case are left out.

    Args:
        rounds: in the order to run them.
        suite: name stored with the records.
        machines: by device.
        sink: stores a record; when it returns, the record is safe.
        listen: hears what is going on.
        workers: the worker for a device.
    """
    dropped: set[str] = set()
    total = len(rounds)
    done = 0
    for case, number in rounds:
        if case.key in dropped:
            total -= 1
            continue
        listen(RoundStarted(case, done, total))
        record = run_round(workers(case.device), suite, case, number, machines[case.device])
        sink(record)
        if record.outcome != "ok":
            dropped.add(case.key)
        done += 1
        listen(RoundEnded(record, done, total))
