"""The stop rule: which rounds are used, whether a case needs another one, and how long that one should be.

The scheduler and the report call the same functions, so a case is ``converged`` on the page exactly when the run
stopped measuring it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import compress
from statistics import fmean, median, variance
from typing import Literal

from scalebench.analysis.stats import of_rounds
from scalebench.flags import is_bad, word_of
from scalebench.record import Record
from scalebench.suite.protocol import Protocol

TIMED = ("latency_s", "throughput_ips")
"""Metrics whose intervals are to be narrow; the wider one decides."""
SPARE = 5
"""Doubtful rounds that are replaced per case; further ones are used, and their flags stay visible."""
PILOT = 5
"""First rounds of a case with an adaptive protocol: they decide how many follow, and how long those are."""
_FEWEST, _MOST = 9, 200
"""Fewer than nine laps cannot show whether a chunk was steady, see ``machine.validity``."""
_UNSETTLED = frozenset({"warmup_unsettled", "not_steady"})

Status = Literal["open", "fixed", "converged", "budget", "unstable", "failed"]


def counting(rounds: Sequence[tuple[bool, Sequence[str]]], spare: int = SPARE) -> list[bool]:
    """Which rounds enter the estimates: successful ones, less the first ``spare`` of them with a bad flag.

    Args:
        rounds: (successful, notes) in the order they were made.
        spare: most doubtful rounds that are set aside.
    """
    used = []
    for ok, notes in rounds:
        doubtful = ok and is_bad(notes)
        used.append(ok and not (doubtful and spare > 0))
        spare -= doubtful
    return used


def standing(rounds: Sequence[Record], protocol: Protocol, device: str) -> Status:
    """Whether a case is done, and why.

    ``fixed``: the protocol's fixed number of rounds was made; by turns, its least number: open comparisons decide how
    many follow. ``converged``: as many rounds were made as the spread
    of the pilot asks for, see ``planned_rounds``. ``budget``: the most rounds or the wall budget came first.
    ``unstable``: the fixed or the most rounds, or the wall budget, and more than half of the rounds never became
    steady. ``failed``: no round succeeded, or the last one failed while the case was open.

    Args:
        rounds: records of one case on one machine, in the order they were made.
        protocol: target, least and most rounds, budget.
        device: ``cpu`` or ``cuda:N``, for the target.
    """
    if rounds and not any(r.outcome == "ok" for r in rounds):
        return "failed"
    used = _usable(rounds)
    if len(used) < protocol.rounds:
        return "failed" if rounds and rounds[-1].outcome != "ok" else "open"
    if _converged(used, protocol, device):
        return "converged"
    if protocol.turns:
        return "fixed"
    if len(used) >= protocol.most_rounds or sum(r.wall_s for r in rounds if r.outcome == "ok") >= protocol.budget_s:
        unsettled = sum(any(word_of(note) in _UNSETTLED for note in r.notes) for r in used)
        ended: Status = "budget" if protocol.adaptive else "fixed"
        return "unstable" if unsettled > len(used) / 2 else ended
    return "failed" if rounds[-1].outcome != "ok" else "open"


def planned_rounds(pilot: Sequence[Record], protocol: Protocol, device: str) -> float:
    """Rounds that a case needs, its pilot included; infinite where no interval can be computed.

    After Stein (Annals of Mathematical Statistics 16, 1945): as many as narrow the pilot's own t-interval to the
    target, and at least ``protocol.rounds`` and as many as the pilot beyond it. The decision rests on the pilot alone,
    and its rounds are left out of the estimates where it ended the case: those of a pilot that happened to agree look
    too precise, and the rounds after it know nothing of that.
    """
    excess = _half_width(pilot) / protocol.target_on(device)
    return PILOT + max(PILOT, protocol.rounds, math.ceil(PILOT * excess**2)) if math.isfinite(excess) else math.inf


def _converged(used: Sequence[Record], protocol: Protocol, device: str) -> bool:
    if not protocol.adaptive or protocol.turns or len(used) <= PILOT:
        return False
    return planned_rounds(used[:PILOT], protocol, device) <= min(len(used), protocol.most_rounds)


def iterations(rounds: Sequence[Record]) -> int | None:
    """Iterations per round that narrow the interval most per second, from the pilot; None before its end.

    Kalibera and Jones, Rigorous benchmarking in reasonable time (ISMM 2013), with the correction of their own
    software: n = sqrt(c2 / c1 * T1^2 / T2^2), where c1 is the cost of an iteration, c2 of a round without them, and
    T2^2 = S2^2 - S1^2 / r1. Variances are of logarithms. Between 9 and 200.
    """
    first = [r for r in _usable(rounds) if len(r.samples.get("latency_s", ())) > 1][:PILOT]
    if len(first) < PILOT:
        return None
    chunks = [r.samples["latency_s"] for r in first]
    logs = [[math.log(lap) for lap in laps] for laps in chunks]
    within = fmean(variance(logs_) for logs_ in logs)
    per_round = len(logs) / sum(1 / len(logs_) for logs_ in logs)
    between = variance([fmean(logs_) for logs_ in logs]) - within / per_round
    if between <= 0:
        return _MOST
    lap = median(median(laps) for laps in chunks)
    rest = median(max(0.0, r.wall_s - sum(laps)) for r, laps in zip(first, chunks, strict=True))
    return round(min(_MOST, max(_FEWEST, math.sqrt(rest / lap * within / between))))


def counted_rounds(rounds: Sequence[Record]) -> list[Record]:
    """The rounds of one case that enter the estimates, see ``counting``; without the pilot where it ended the case."""
    used = _usable(rounds)
    return used[PILOT:] if used and _converged(used, used[-1].case.protocol, used[-1].case.device) else used


def _usable(rounds: Sequence[Record]) -> list[Record]:
    return list(compress(rounds, counting([(r.outcome == "ok", doubts(r)) for r in rounds])))


def doubts(record: Record) -> tuple[str, ...]:
    """Notes that may set a round aside; none of a heat.

    What disturbs a heat disturbs all its members alike and cancels in their ratios; to set one aside would break its
    pairs. The flags stay visible.
    """
    return () if record.heat else record.notes


def _half_width(rounds: Sequence[Record]) -> float:
    widths = [of_rounds([r.facts[name] for r in rounds if r.facts.get(name)]).half_width for name in TIMED]
    return max((width for width in widths if not math.isnan(width)), default=math.inf)
