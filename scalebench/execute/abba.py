"""Rounds side by side: two cases, or one under two interpreters, in ABBA order within one run."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from scalebench.errors import MachineError, WorkerError
from scalebench.execute.client import Worker
from scalebench.execute.events import Listener, RoundEnded, RoundStarted
from scalebench.execute.one_round import RoundOptions, run_round, usual_canary
from scalebench.execute.schedule import RESTART_SWEEPS
from scalebench.record import Environment, Record
from scalebench.suite.case import Case

Duel = list[tuple[Record, Record]]
"""Rounds of A and of B, made one after the other."""

_ENVIRONMENT_S = 120.0
_B_FIRST = (False, True, True, False)
"""ABBA, then BAAB: over four pairs each side comes first twice, and a steady drift adds to neither."""


@dataclass(frozen=True)
class Bench:
    """Where one side is measured.

    Attributes:
        suite: name stored with its records.
        environment: the machine and the software of its interpreter.
        warm: server that forks, for the CPU.
        fresh: starts an interpreter per round, for CUDA.
    """

    suite: str
    environment: Environment
    warm: Worker
    fresh: Worker

    def measure(self, case: Case, number: int, made: Iterable[Record] = ()) -> Record:
        """One round; every ending is a record. ``made`` are the rounds before it, for the usual time of the canary."""
        worker = self.warm if case.device == "cpu" else self.fresh
        terms = RoundOptions(canary_s=usual_canary(case, made))
        return run_round(worker, self.suite, case, number, self.environment, terms)


@dataclass(frozen=True)
class PairCrew:
    """Those that paired rounds need.

    Attributes:
        benches: of A and of B.
        more: whether a duel needs another pair, from those it has.
        sink: stores a record; when it returns, the record is safe.
        listen: hears what is going on.
    """

    benches: tuple[Bench, Bench]
    more: Callable[[Duel], bool]
    sink: Callable[[Record], None]
    listen: Listener

    def refresh(self) -> None:
        """Stop the servers: the next ones have other address layouts."""
        for bench in self.benches:
            bench.warm.close()


def describe(worker: Worker, word: str) -> tuple[str, Environment]:
    """What a device word (``auto``, ``cpu``, ``cuda:1``) means to the worker's interpreter, and its environment.

    Raises:
        MachineError: no such device.
        WorkerError: an interpreter whose scalebench speaks another language.
    """
    ending = worker.run({"do": "environment", "devices": [word]}, _ENVIRONMENT_S)
    if ending.error:
        raise MachineError(ending.error["message"], ending.error["hint"])
    try:
        return ending.answers[0]["device"], Environment(**ending.answers[0]["environment"])
    except KeyError:
        raise MachineError(f"the machine could not be described: {ending.stderr[-500:]}") from None
    except TypeError as error:
        raise WorkerError(f"the other scalebench describes machines differently: {error}") from None


def run_pairs(duels: Sequence[tuple[Case, Case]], rounds: int, crew: PairCrew, seed: int = 0) -> list[Duel]:
    """Measure each duel pair by pair, all duels interleaved, until none wants more.

    Args:
        duels: (A, B).
        rounds: pairs expected per duel, for the progress.
        crew: measures, decides, stores and listens.
        seed: of the order of the duels within a sweep.

    Returns: pairs by duel, in the order they were made. A duel ends with the first round that did not end well.
    """
    made: list[Duel] = [[] for _ in duels]
    done = sweeps = 0
    while open_ := [index for index, duel in enumerate(made) if crew.more(duel)]:
        if sweeps and sweeps % RESTART_SWEEPS == 0:
            crew.refresh()
        random.Random(f"{seed}-{sweeps}").shuffle(open_)
        total = done + 2 * sum(max(1, rounds - len(made[index])) for index in open_)
        for index in open_:
            before = [record for duel in made for pair in duel for record in pair]
            made[index].append(_pair(duels[index], len(made[index]), crew, before, (done, total)))
            done += 2
        sweeps += 1
    return made


def _pair(
    duel: tuple[Case, Case], number: int, crew: PairCrew, made: Sequence[Record], progress: tuple[int, int]
) -> tuple[Record, Record]:
    done, total = progress
    b_first = _B_FIRST[number % len(_B_FIRST)]
    found: dict[int, Record] = {}
    for step, side in enumerate((1, 0) if b_first else (0, 1)):
        crew.listen(RoundStarted(duel[side], done + step, total))
        found[side] = crew.benches[side].measure(duel[side], number, made)
        crew.sink(found[side])
        crew.listen(RoundEnded(found[side], done + step + 1, total))
    return found[0], found[1]


def run_once(
    cases: Sequence[Case], rounds: int, bench: Bench, sink: Callable[[Record], None], listen: Listener, seed: int = 0
) -> list[Record]:
    """One run of ``rounds`` sweeps over ``cases``, each in a freshly shuffled order; failures do not stop it."""
    made: list[Record] = []
    total = rounds * len(cases)
    for number in range(rounds):
        if number and number % RESTART_SWEEPS == 0:
            bench.warm.close()
        order = list(cases)
        random.Random(f"{seed}-{number}").shuffle(order)
        for case in order:
            listen(RoundStarted(case, len(made), total))
            record = bench.measure(case, number, made)
            sink(record)
            made.append(record)
            listen(RoundEnded(record, len(made), total))
    return made
