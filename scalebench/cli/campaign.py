"""One suite on one machine: what is stored, what is still open, and the run that closes the gap."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from itertools import chain
from pathlib import Path
from typing import Any

from scalebench.analysis.stopping import counted_rounds, iterations, standing
from scalebench.errors import WorkerError
from scalebench.execute.abilities import abilities, kept
from scalebench.execute.client import Worker
from scalebench.execute.estimate import Costs, case_seconds, static_parts
from scalebench.execute.events import Event, Listener, PeaksStarted, RoundEnded
from scalebench.execute.memory_guard import Memory
from scalebench.execute.offering import refusal
from scalebench.execute.one_round import RoundOptions, run_round, skipped_round, usual_canary
from scalebench.execute.planner import Prepared
from scalebench.execute.schedule import Crew, History, Limit, Wish, history, run_sweeps
from scalebench.machine.environment import software_versions
from scalebench.machine.limits import LIMIT_SHARE, free_memory
from scalebench.record import Environment, Record
from scalebench.store.jsonl import Results, Writer, read_results, result_files
from scalebench.store.previous import set_aside
from scalebench.suite.case import COUNT, INPUT, Case

_PAPER = "on-paper"
_STAMP = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True)
class Options:
    """How a run goes about it.

    Attributes:
        seed: of the order of the rounds.
        retry_failed: measure failed cases again.
        budget_s: time for the rounds, seconds; None is without end.
        limit_bytes: memory a case may take; None is nine tenths of what is free.
        predict: whether cases that are predicted not to fit are skipped.
        peaks: whether the machine's peaks are measured where they are not known.
    """

    seed: int = 0
    retry_failed: bool = False
    budget_s: float | None = None
    limit_bytes: int | None = None
    predict: bool = True
    peaks: bool = True


class Campaign:
    """The rounds of a prepared suite in its results folder.

    Args:
        prepared: plan, counted facts and machines.
        folder: ``results/<suite>``.
        options: seed, limits, what to retry.
    """

    def __init__(self, prepared: Prepared, folder: Path, options: Options | None = None) -> None:
        self._options = options or Options()
        self.prepared = replace(prepared, plan=replace(prepared.plan, seed=self._options.seed))
        self._folder = folder
        expected = {case: case_seconds(case, prepared.facts) for case in prepared.plan.cases}
        self.costs = Costs(expected)
        known = {case.key: case for case in prepared.plan.cases}
        for key, records in self._made().items():
            for record in records:
                if key in known and record.outcome == "ok":
                    self.costs.learn(known[key], record.wall_s)

    def stored(self) -> Results:
        """Everything the folder holds."""
        files = result_files([self._folder]) if any(self._folder.glob("*.jsonl")) else []
        return read_results(files)

    def open(self) -> dict[Case, Wish]:
        """Cases that are not done on this machine, with what they still need."""
        made = self._made()
        wishes = {case: wish_of(case, made.get(case.key, [])) for case in self.prepared.plan.cases}
        return {case: wish for case, wish in wishes.items() if wish is not None}

    def set_aside(self) -> None:
        """Put this machine's result files out of the way, so that nothing counts as measured."""
        for machine in self.prepared.machines.values():
            set_aside(self._folder, machine.machine)

    def run(self, worker: Worker, listen: Listener) -> None:
        """Store the plan and the counts where they are new, then measure until every case is done.

        Args:
            worker: the warm server for cases on the CPU; CUDA cases get a fresh interpreter each.
            listen: hears what is going on.

        Raises:
            StoreError: a record could not be written; the run stops there.
        """
        writer = self._writer()
        self._store_paper(writer)
        wishes = self.open()
        if not wishes:
            return
        made = self._made()
        with Worker(fork=False) as fresh:

            def workers(device: str) -> Worker:
                return worker if device == "cpu" else fresh

            if self._options.peaks:
                self._store_peaks(wishes, workers, writer, listen)
            crew = Crew(
                measure=self._measurer(workers, made),
                wish=wish_of,
                cost=self.costs.of,
                sink=writer.append,
                listen=self._learning(listen),
                memory=self._memory(made),
                refresh=worker.close,
            )
            run_sweeps(self.prepared.plan.cases, made, crew, self._options.seed, Limit(self._options.budget_s))

    def _made(self) -> History:
        return history(self.stored().records, self.prepared.machines, self._options.retry_failed)

    def _measurer(self, workers: Callable[[str], Worker], made: History) -> Callable[[Case, int, Wish], Record]:
        suite, machines = self.prepared.plan.suite, self.prepared.machines

        def measure(case: Case, number: int, wish: Wish) -> Record:
            refused = refusal(case)
            if refused is not None:
                return skipped_round(suite, case, number, machines[case.device], *refused, {})
            terms = RoundOptions(
                wish.iterations, self._options.limit_bytes, usual_canary(case, chain.from_iterable(made.values()))
            )
            return run_round(workers(case.device), suite, case, number, machines[case.device], terms)

        return measure

    def _learning(self, listen: Listener) -> Listener:
        def hear(event: Event) -> None:
            if isinstance(event, RoundEnded) and event.record.outcome == "ok":
                self.costs.learn(event.record.case, event.record.wall_s)
            listen(event)

        return hear

    def _memory(self, made: History) -> Memory:
        suite, machines, facts = self.prepared.plan.suite, self.prepared.machines, self.prepared.facts

        def skip(case: Case, number: int, ending: str, why: str, found: Mapping[str, Any]) -> Record:
            return skipped_round(suite, case, number, machines[case.device], ending, why, found)

        memory = Memory(
            lambda case: None if case.mode == INPUT else static_parts(case, facts[case.counted()]),
            self._free_bytes,
            skip,
            self._options.predict,
        )
        for records in made.values():
            for record in records:
                memory.learn(record)
        return memory

    def _free_bytes(self, device: str) -> int | None:
        if self._options.limit_bytes is not None:
            return self._options.limit_bytes
        if device != "cpu":
            gib = self.prepared.machines[device].hardware.get("gpu_memory_gib")
            return None if gib is None else int(gib * 2**30)
        free = free_memory()
        return None if free is None else int(LIMIT_SHARE * free)

    def _store_peaks(
        self, cases: Iterable[Case], workers: Callable[[str], Worker], writer: Writer, listen: Listener
    ) -> None:
        known = self.stored().abilities
        for device, threads in sorted({(case.device, case.threads) for case in cases}):
            environment = self.prepared.machines[device]
            if kept(environment, device, threads) is None:
                listen(PeaksStarted(device, threads))
            try:
                ability = abilities(workers(device), environment, device, threads)
            except WorkerError as error:  # the rounds do not need the peaks
                listen(PeaksStarted(device, threads, error.message))
                continue
            if ability not in known:
                writer.note(ability)

    def _writer(self) -> Writer:
        stamp = next_stamp((file.name for file in self._folder.glob("*.jsonl")), datetime.now(timezone.utc))
        machine = next(iter(self.prepared.machines.values())).machine
        return Writer(self._folder / f"{stamp}-{machine}.jsonl", self.prepared.plan)

    def _store_paper(self, writer: Writer) -> None:
        stored = self.stored()
        if self.prepared.plan not in stored.plans[-1:]:
            writer.begin()
        counted = {record.case: record for record in stored.records if record.case.mode == COUNT}
        for case in self.prepared.plan.counts:
            record = count_record(self.prepared.plan.suite, case, self.prepared.facts[case])
            before = counted.get(case)
            if before is None or (before.facts, before.error) != (record.facts, record.error):
                writer.append(record)


def wish_of(case: Case, records: Sequence[Record]) -> Wish | None:
    """Another round of ``case`` while the stop rule leaves it open."""
    if standing(records, case.protocol, case.device) != "open":
        return None
    adaptive = case.protocol.most_rounds > case.protocol.rounds
    least = max(1, case.protocol.rounds - len(counted_rounds(records)))
    return Wish(least, iterations(records) if adaptive else None)


def next_stamp(names: Iterable[str], now: datetime) -> str:
    """Start of a new file's name, behind all others: files are read by name, and a clock may have been set back."""
    stamps = [now]
    for name in names:
        with contextlib.suppress(ValueError):  # a file that somebody has renamed
            before = datetime.strptime(name.partition("-")[0], _STAMP).replace(tzinfo=timezone.utc)
            stamps.append(before + timedelta(microseconds=1))
    return max(stamps).strftime(_STAMP)


def count_record(suite: str, case: Case, facts: Mapping[str, Any]) -> Record:
    """A count as a record: on paper, on no machine."""
    versions = software_versions()
    environment = Environment(_PAPER, "", "", software={name: versions[name] for name in ("torch", "timm")})
    problem = facts.get("error")
    error = {"type": "BuildError", "message": problem} if problem else None
    return Record(
        suite, case, 0, "failed" if problem else "ok", datetime.now(timezone.utc).isoformat(timespec="seconds"),
        environment, facts={} if problem else facts, error=error, ending="error(BuildError)" if problem else "ok",
    )  # fmt: skip
