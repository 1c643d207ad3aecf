"""Heat: processes of several cases, all alive, that take turns lap by lap.

Neighbours on a shared host come and go within seconds. Cases whose passes alternate see the same state of the host, so
the ratio of two turns is 2 to 7 times steadier than that of two rounds measured minutes apart (docs/measuring.md). Also
known as duet benchmarking (Bulej et al., ICPE 2020) and randomised multiple interleaved trials (Abedi and Brecht, ICPE
2017).
"""

from __future__ import annotations

import random
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from operator import attrgetter
from os import dup2
from statistics import median
from typing import IO, Any

import torch

from scalebench.machine.limits import die_with_parent, limit_round
from scalebench.machine.telemetry import Reading, between, joined, read
from scalebench.machine.validity import WAITED
from scalebench.measure.canary import await_idle, canary
from scalebench.measure.failure import describe_error
from scalebench.measure.latency import no_collection
from scalebench.measure.probes import PROBES, built_by, memory
from scalebench.measure.sampling import checked_lap
from scalebench.measure.session import Measurement, Session, merged, open_session
from scalebench.suite.case import Case
from scalebench.suite.device_kinds import CPU
from scalebench.suite.protocol import LONG_S

_WARM_PASSES = 2
_ATTEMPTS = 3
"""Of a turn whose threads waited for a core: other work disturbed it, whatever its laps say."""
_STDERR_TAIL = 4000
_ENDING_S = 5.0


@dataclass(frozen=True)
class HeatResult:
    """How one process of a heat ended.

    Attributes:
        measurement: of the round, or None where it failed.
        turns: number of the turn of each lap.
        busy_s: seconds of building the model and those in which it had the baton.
        error: as ``failure.describe_error`` gives it.
        exit: exit code; negative for a signal.
        timed_out: whether it was killed because it took too long.
        stderr: its last lines.
    """

    measurement: Measurement | None = None
    turns: tuple[int, ...] = ()
    busy_s: float = 0.0
    error: Mapping[str, str] | None = None
    exit: int = 0
    timed_out: bool = False
    stderr: str = ""


@dataclass(frozen=True)
class _Turn:
    """What a process sends back with the baton.

    Attributes:
        laps: seconds of each pass.
        before, after: readings around them.
        waited: time that its threads waited for a core, over the time between the readings.
        idle: whether its threads sleep in the end.
        retaken: attempts before and after it that waited longer.
    """

    laps: tuple[float, ...]
    before: Reading
    after: Reading
    waited: float
    idle: bool = True
    retaken: int = 0


@dataclass
class _Member:
    """A process of the heat, seen from the one that passes the baton."""

    case: Case
    process: BaseProcess
    pipe: Connection
    stderr: IO[bytes]
    stride: int = 1
    busy_s: float = 0.0
    numbered: list[tuple[int, _Turn]] = field(default_factory=list)
    end: HeatResult | None = None

    def pass_baton(self) -> Any:
        """Let the process work and wait until it gives the baton back; its answer, or None where it has ended."""
        start = time.monotonic()
        with suppress(BrokenPipeError):  # it is gone: receiving says so
            self.pipe.send(None)
        answer = self.await_answer()
        self.busy_s += time.monotonic() - start
        return answer

    def await_answer(self) -> Any:
        """What the process sends next, or None where it has ended."""
        answer: Any = None
        timed_out = not self.pipe.poll(self.case.protocol.timeout_s)
        if not timed_out:
            with suppress(EOFError, ConnectionResetError):
                answer = self.pipe.recv()
        if answer is None or isinstance(answer, dict):
            self.end = self._ended(answer, timed_out)
            return None
        return answer

    def _ended(self, error: dict[str, str] | None, timed_out: bool) -> HeatResult:
        if timed_out:
            self.process.kill()
        self.process.join(_ENDING_S)
        self.stderr.seek(max(0, self.stderr.seek(0, 2) - _STDERR_TAIL))
        tail = self.stderr.read().decode("utf-8", "replace")
        return HeatResult(
            busy_s=self.busy_s, error=error, exit=self.process.exitcode or 0, timed_out=timed_out, stderr=tail
        )


def heat(cases: Sequence[Case], limit_bytes: int | None, seed: int) -> Iterator[tuple[int, HeatResult]]:
    """Measure one round of every case, by turns. This process must not have used threads or devices before.

    Each case gets a process of its own, and all build their models at once. Then a baton passes: the one that has it
    works, the others sleep. First every process measures its memory and, unless its passes are long, makes two passes;
    then come the turns, in an order drawn anew for each; then what a round measures last. The canary runs before and
    after the turns, while all processes sleep.

    Args:
        cases: on the CPU; all their models must fit into memory together.
        limit_bytes: growth of each process; None derives it from free memory.
        seed: of the orders.

    Yields: index of the case and its result, in the order of the cases. A process that fails ends alone.
    """
    members = [_start(case, limit_bytes) for case in cases]
    try:
        for member in members:
            member.busy_s += member.await_answer() or 0.0
        for member in members:
            _warm_up(member)
        torch.set_num_threads(max(case.threads for case in cases))
        first = canary(torch.device(CPU.name))
        _take_turns(members, random.Random(seed))
        last = canary(torch.device(CPU.name))
        for index, member in enumerate(members):
            yield index, member.end or _finish(member, first, last)
    finally:
        for member in members:
            member.process.kill()
            member.stderr.close()


def _start(case: Case, limit_bytes: int | None) -> _Member:
    context = get_context("fork")
    ours, theirs = context.Pipe()
    stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
    process = context.Process(target=_run, args=(case, limit_bytes, theirs, stderr))
    process.start()
    theirs.close()  # so that receiving ends when the process does
    return _Member(case, process, ours, stderr)


def _warm_up(member: _Member) -> None:
    pass_s = None if member.end else member.pass_baton()
    if pass_s is not None:
        member.stride = member.case.protocol.stride(pass_s)


def _take_turns(members: Sequence[_Member], order: random.Random) -> None:
    for turn in range(max(member.case.protocol.turns for member in members)):
        playing = [m for m in members if turn < m.case.protocol.turns and turn % m.stride == 0]
        for member in order.sample(playing, len(playing)):
            answer = None if member.end else member.pass_baton()
            if answer is not None:
                member.numbered.append((turn, answer))


def _finish(member: _Member, first: Mapping[str, Any], last: Mapping[str, Any]) -> HeatResult:
    measurement = member.pass_baton()
    if measurement is None:
        return member.end or HeatResult()
    taken = [turn for _, turn in member.numbered]
    before, after = joined([(turn.before, turn.after) for turn in taken])
    idle = bool(first["idle"] and all(turn.idle for turn in taken))
    telemetry = {
        "canary": {"before": {**first, "idle": idle}, "after": dict(last)}, "before": asdict(before),
        "after": asdict(after), "gpu": None, "retaken": sum(turn.retaken for turn in taken),
    }  # fmt: skip
    laps = [lap for turn in taken for lap in turn.laps]
    turns = tuple(number for number, turn in member.numbered for _ in turn.laps)
    timed = Measurement(
        {"latency_s": laps},
        {"latency_s": median(laps), "throughput_ips": member.case.batch * len(laps) / sum(laps)},
    )
    return HeatResult(merged([measurement, timed], telemetry), turns, member.busy_s)


def _run(case: Case, limit_bytes: int | None, pipe: Connection, stderr: IO[bytes]) -> None:
    """The process of one case: once its model is built, it works only while it has the baton."""
    die_with_parent()
    dup2(stderr.fileno(), 2)
    try:
        limit_round(case.device, limit_bytes)
        session = open_session(case)
        await_idle()
        pipe.send(time.process_time())
        pipe.recv()
        start = time.monotonic()
        early = memory(session)
        pass_s = time.monotonic() - start
        if pass_s < LONG_S or case.mode == "training":  # else one pass was made, and it has warmed the case up
            pass_s = [session.clock.lap(session.run) for _ in range(_WARM_PASSES)][-1]
        await_idle()
        pipe.send(pass_s)
        with no_collection():
            for _ in range(-(-case.protocol.turns // case.protocol.stride(pass_s))):
                pipe.recv()
                pipe.send(_turn(session, pass_s))
        pipe.recv()
        late = [probe(session) for probe in PROBES[case.mode].after]
        described = Measurement(facts={**session.describe(), **built_by(case)})
        pipe.send(merged([described, early, *late]))
    except BaseException as error:
        traceback.print_exc()
        pipe.send(describe_error(error))
        raise SystemExit from None


def _turn(session: Session, pass_s: float) -> _Turn:
    """One turn; of several attempts the one whose threads waited least for a core.

    An untimed pass first fills the caches and wakes threads. Some runtimes' threads spin for a while after a pass, and
    would disturb the next process.
    """
    if pass_s < LONG_S:
        session.clock.lap(session.run)
    attempts = [_attempt(session, pass_s)]
    while attempts[-1].waited > WAITED and len(attempts) < _ATTEMPTS:
        attempts.append(_attempt(session, pass_s))
    best = min(attempts, key=attrgetter("waited"))
    return replace(best, idle=await_idle(step_s=0.002), retaken=len(attempts) - 1)


def _attempt(session: Session, pass_s: float) -> _Turn:
    laps: list[float] = []
    before = read()
    while not laps or sum(laps) < (session.case.protocol.turn_s if pass_s < LONG_S else 0.0):
        laps.append(checked_lap(session.clock.lap(session.run)))
    after = read()
    return _Turn(tuple(laps), before, after, between(before, after, threads=1).waited_share or 0.0)
