"""Paired rounds of two cases, or of one under two interpreters: by turns in one heat, or alone in ABBA order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from scalebench.errors import MachineError, WorkerError
from scalebench.execute.client import Worker
from scalebench.execute.events import HeatStarted, Listener, Note, RoundEnded, RoundStarted, silent
from scalebench.execute.heat_blocks import MOST
from scalebench.execute.one_heat import HeatMember, run_heat
from scalebench.execute.one_round import RoundOptions, run_round
from scalebench.execute.schedule import RESTART_SWEEPS
from scalebench.machine.canaries import usual_canary
from scalebench.record import Environment, Record
from scalebench.suite.case import Case
from scalebench.suite.device_kinds import AUTO, DEVICE_WORDS, is_device, kind_of

Duel = list[tuple[Record, Record]]
"""Pairs of rounds of A and B, in the order of measurement."""

_ENVIRONMENT_S = 120.0
_B_FIRST = (False, True, True, False)
"""ABBA, then BAAB: over four pairs each side comes first twice, so that a linear drift cancels."""


@dataclass(frozen=True)
class RoundRunner:
    """Measures rounds of one side.

    Attributes:
        suite: name stored with its records.
        environment: machine and software of its interpreter.
        warm: forking server, for the CPU.
        fresh: starts an interpreter per round, where the device needs it.
    """

    suite: str
    environment: Environment
    warm: Worker
    fresh: Worker

    def worker(self, device: str) -> Worker:
        """The worker for jobs on ``device``."""
        return self.warm if kind_of(device).fork else self.fresh

    def measure(self, case: Case, number: int, earlier: Iterable[Record] = ()) -> Record:
        """One round, failed or not; ``earlier`` rounds give the median time of the canary."""
        options = RoundOptions(usual=usual_canary(case, earlier))
        return run_round(self.worker(case.device), self.suite, case, number, self.environment, options)

    def measure_heat(self, cases: Sequence[Case], number: int, earlier: Sequence[Record], seed: int) -> list[Record]:
        """One round of each case by turns; ``seed`` is that of their order, the rest as in ``measure``."""
        members = [HeatMember(case, number, usual_canary(case, earlier)) for case in cases]
        return run_heat(self.warm, self.suite, members, self.environment, seed=seed)


@dataclass(frozen=True)
class PairCallbacks:
    """Callbacks of the loop over pairs.

    Attributes:
        runners: of A and of B.
        needs_pair: whether a duel needs another pair, from those it has.
        sink: stores a record durably.
        listen: receives events.
    """

    runners: tuple[RoundRunner, RoundRunner]
    needs_pair: Callable[[Duel], bool]
    sink: Callable[[Record], None]
    listen: Listener

    def refresh(self) -> None:
        """Stop the servers: new ones have other address layouts."""
        for runner in self.runners:
            runner.warm.close()


def describe(worker: Worker, device: str, announce: Listener = silent) -> tuple[str, Environment]:
    """The device that ``auto``, ``cpu`` or ``cuda:1`` names for the worker's interpreter, and its environment.

    What ``auto`` means is announced.

    Raises:
        MachineError: no such device; a word that names no kind of device is refused before anything starts.
        WorkerError: the interpreter has an incompatible version of scalebench.
    """
    if device != AUTO and not is_device(device):
        raise MachineError(f"{device!r} is no device", f"write {DEVICE_WORDS}")
    ending = worker.run({"do": "environment", "devices": [device]}, _ENVIRONMENT_S)
    if ending.error:
        raise MachineError(ending.error["message"], ending.error["hint"])
    try:
        answer = ending.answers[0]
        environment = Environment(**answer["environment"])
        if device == AUTO:
            announce(Note(f"device auto is {answer['device']}: {answer['reason']}"))
        return answer["device"], environment
    except KeyError:
        raise MachineError(f"the machine could not be described: {ending.stderr[-500:]}") from None
    except TypeError as error:
        raise WorkerError(f"the other interpreter has an incompatible scalebench: {error}") from None


def run_pairs(cases: Sequence[tuple[Case, Case]], rounds: int, calls: PairCallbacks, seed: int = 0) -> list[Duel]:
    """Measure each duel (A, B) pair by pair, all duels interleaved, until none needs more.

    Cases that take turns are the two members of a heat of A's runner; the others are measured one after the other.
    ``rounds`` are the pairs expected per duel, for the progress; ``seed`` is that of the orders.
    """
    duels: list[Duel] = [[] for _ in cases]
    done = sweeps = 0
    while open_ := [index for index, duel in enumerate(duels) if calls.needs_pair(duel)]:
        if sweeps and sweeps % RESTART_SWEEPS == 0:
            calls.refresh()
        random.Random(f"{seed}-{sweeps}").shuffle(open_)
        total = done + 2 * sum(max(1, rounds - len(duels[index])) for index in open_)
        for index in open_:
            earlier = [record for duel in duels for pair in duel for record in pair]
            number, progress = len(duels[index]), (done, total)
            if all(case.by_turns for case in cases[index]):
                pair = _heat(cases[index], number, calls, earlier, progress, seed)
            else:
                pair = _pair(cases[index], number, calls, earlier, progress)
            duels[index].append(pair)
            done += 2
        sweeps += 1
    return duels


def _heat(
    cases: tuple[Case, Case],
    number: int,
    calls: PairCallbacks,
    earlier: Sequence[Record],
    progress: tuple[int, int],
    seed: int,
) -> tuple[Record, Record]:
    done, total = progress
    calls.listen(HeatStarted(cases, done, total))
    measured = calls.runners[0].measure_heat(cases, number, earlier, _seed_of_heat(seed, done))
    a, b = (replace(record, suite=side.suite) for record, side in zip(measured, calls.runners, strict=True))
    for step, record in enumerate((a, b), 1):
        calls.sink(record)
        calls.listen(RoundEnded(record, done + step, total))
    return a, b


def _seed_of_heat(seed: int, done: int) -> int:
    return (seed << 20) + done


def _pair(
    cases: tuple[Case, Case], number: int, calls: PairCallbacks, earlier: Sequence[Record], progress: tuple[int, int]
) -> tuple[Record, Record]:
    done, total = progress
    b_first = _B_FIRST[number % len(_B_FIRST)]
    records: dict[int, Record] = {}
    for step, side in enumerate((1, 0) if b_first else (0, 1)):
        calls.listen(RoundStarted(cases[side], done + step, total))
        records[side] = calls.runners[side].measure(cases[side], number, earlier)
        calls.sink(records[side])
        calls.listen(RoundEnded(records[side], done + step + 1, total))
    return records[0], records[1]


def run_once(
    cases: Sequence[Case], rounds: int, runner: RoundRunner, sink: Callable[[Record], None], listen: Listener,
    seed: int = 0,
) -> list[Record]:  # fmt: skip
    """One run of ``rounds`` sweeps over ``cases``, each in a freshly shuffled order; failures do not stop it.

    As in a run of a suite, cases that take turns are measured in heats.
    """
    records: list[Record] = []
    total = rounds * len(cases)
    for number in range(rounds):
        if number and number % RESTART_SWEEPS == 0:
            runner.warm.close()
        for group in _groups(random.Random(f"{seed}-{number}").sample(cases, len(cases))):
            done, earlier = len(records), tuple(records)
            if group[0].by_turns:
                listen(HeatStarted(tuple(group), done, total))
                measured = runner.measure_heat(group, number, earlier, _seed_of_heat(seed, done))
            else:
                listen(RoundStarted(group[0], done, total))
                measured = [runner.measure(group[0], number, earlier)]
            for record in measured:
                sink(record)
                records.append(record)
                listen(RoundEnded(record, len(records), total))
    return records


def _groups(order: Sequence[Case]) -> Sequence[Sequence[Case]]:
    """Cases that take turns in heats as large as those of a suite, each other case by itself; in their order."""
    together = [case for case in order if case.by_turns]
    return [together[at : at + MOST] for at in range(0, len(together), MOST)] + [
        [case] for case in order if not case.by_turns
    ]
