"""How often the 95 % intervals of ratios by turns cover the truth, on a synthetic clock whose ratios are known.

The host drifts by 12 % within 1 to 10 s, for all members of a heat alike; every process has a level of its own, about
3 %; laps are autocorrelated, and some are far too long. Run it: ``python tests/bench/turn_coverage.py --machines 100``;
tests/analysis/test_turn_coverage.py checks a small one.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from scipy import signal

from scalebench.analysis.decisions import Decision, decision, level_of_look
from scalebench.analysis.moderation import NO_PRIOR
from scalebench.analysis.pooling import pooled, sample
from scalebench.analysis.rounds import with_standing
from scalebench.analysis.sessions import SessionRounds
from scalebench.analysis.stats import LEVEL, Estimate, ratio
from scalebench.record import Environment, Record
from scalebench.store.frame import rounds_frame
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol

HERE = Environment("synthetic", "hw", "sw")
MOST, LEAST, MARGIN = 12, 3, 0.05
"""Heats, and the relative difference that does not matter."""
RATIOS = (1.0, 1.0, 1.02, 1.1, 1.3)
"""Of the members of a block to its first one."""
MEMBERS = len(RATIOS) + 1
TURNS, LAPS = 12, 4
"""Of each member in a heat, and passes per turn."""
BETWEEN_TURNS_S = 0.15

Pair = tuple[tuple[int, int], tuple[int, int], float]
"""Block and place of two members, and their true ratio."""


@dataclass(frozen=True)
class Clock:
    """A synthetic machine that measures blocks of cases by turns.

    Attributes:
        drift: standard deviation of the host's level, on logarithms.
        process: of a process's level; single cases have half to one and a half of it.
        within: of a lap.
        correlation: lag-1 autocorrelation of the laps of a process.
        disturbed: share of laps that take up to three times as long.
        blocks: heats of one round; each has ``MEMBERS`` cases and the reference.
        sessions: hours in which the heats are made; sessions differ by 10 %.
        shuffled: whether turns of different numbers were taken together, which breaks the pairing.
    """

    drift: float = 0.12
    process: float = 0.03
    within: float = 0.05
    correlation: float = 0.6
    disturbed: float = 0.03
    blocks: int = 6
    sessions: int = 1
    shuffled: bool = False

    def records(self, heats: int, rng: np.random.Generator) -> list[Record]:
        """Rounds of all cases, of which ``case_of`` gives the model; the reference is ``reference``."""
        spreads = self.process * rng.uniform(0.5, 1.5, (self.blocks, MEMBERS + 1))
        levels = rng.normal(0, 0.1, self.sessions)
        records = []
        for number in range(heats):
            session = number * self.sessions // heats
            for block in range(self.blocks):
                logs = levels[session] + self._laps(spreads[block], rng)
                heat = f"heat-{number}-{block}"
                started = f"2026-11-{10 + session:02d}T10:00:00+00:00"
                times = np.exp(logs)
                records += [_record(block, place, number, heat, started, laps) for place, laps in enumerate(times)]
        return records

    def _laps(self, own: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Logs of the laps of one heat, by member, turn and lap."""
        members, turn_s = len(own), BETWEEN_TURNS_S
        memory = math.exp(-turn_s / rng.uniform(1, 10))
        drift = _autocorrelated(memory, (TURNS * members,), rng).reshape(TURNS, members)
        order = np.argsort(rng.random((TURNS, members)), axis=1)  # a new one in every turn
        host = np.take_along_axis(drift, order, axis=1).T
        if self.shuffled:
            host = np.array([rng.permutation(row) for row in host])
        laps = _autocorrelated(self.correlation, (members, TURNS * LAPS), rng).reshape(members, TURNS, LAPS)
        late = rng.random(laps.shape) < self.disturbed
        return (
            self.drift * host[:, :, None] + rng.normal(0, own)[:, None, None] + self.within * laps
            + late * rng.uniform(0, math.log(3), laps.shape)
        )  # fmt: skip


def _autocorrelated(correlation: float, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Stationary AR(1) scores along the last axis."""
    steps = rng.normal(0, math.sqrt(1 - correlation**2), shape)
    steps[..., 0] = rng.normal(0, 1, shape[:-1])
    scores: np.ndarray = signal.lfilter([1], [1, -correlation], steps)
    return scores


def case_of(block: int, place: int) -> Case:
    """The case of a place of a block; the last place is the reference's."""
    resolution = 32 if place == MEMBERS else 64 + 32 * (block * MEMBERS + place)
    return Case("resnet18", resolution, protocol=Protocol(rounds=MOST, turns=TURNS))


def _record(block: int, place: int, number: int, heat: str, started: str, laps: np.ndarray) -> Record:
    true = 0.02 if place == MEMBERS else 0.02 * (1 + block) * (1.0, *RATIOS)[place]
    times = (true * laps).ravel().tolist()
    facts = {"latency_s": float(np.median(times)), "throughput_ips": len(times) / sum(times)}
    turns = tuple(np.repeat(np.arange(TURNS), LAPS).tolist())
    return Record(
        "s", case_of(block, place), number, "ok", started, HERE, {"latency_s": times}, facts, heat=heat, turns=turns
    )


def inside(clock: Clock) -> list[Pair]:
    """Pairs of one block."""
    return [((b, i + 1), (b, 0), true) for b in range(clock.blocks) for i, true in enumerate(RATIOS)]


def through_reference(clock: Clock) -> list[Pair]:
    """Pairs of neighbouring blocks."""
    return [((b, i), (b - 1, i), (b + 1) / b) for b in range(1, clock.blocks) for i in range(MEMBERS)]


def frames(clock: Clock, machines: int, seed: int, heats: int = MOST) -> Iterator[pd.DataFrame]:
    """Rounds of so many machines, ready to be sampled."""
    rng = np.random.default_rng(seed)
    for _ in range(machines):
        records = clock.records(heats, rng)
        yield with_standing(rounds_frame(records), records)


def samples(rounds: pd.DataFrame) -> dict[int, SessionRounds]:
    """Latencies of all cases by resolution."""
    shared = pooled(rounds, ["latency_s"])
    return {int(str(name)): sample(rows, "latency_s", shared) for name, rows in rounds.groupby("resolution")}


@dataclass(frozen=True)
class Result:
    """Intervals of known ratios: share that covers, half-width of the median one, and how the pairs were compared."""

    covered: float
    half_width: float
    pairing: str
    n: int


def not_moderated(rounds: SessionRounds) -> SessionRounds:
    """With the variance of the case alone."""
    return replace(rounds, prior=NO_PRIOR, ratio_prior=NO_PRIOR)


def not_paired(rounds: SessionRounds) -> SessionRounds:
    """With the values of rounds alone, each with its own variance."""
    return replace(not_moderated(rounds), turns={})


KINDS: dict[str, tuple[Callable[[Clock], list[Pair]], Callable[[SessionRounds], SessionRounds]]] = {
    "inside a heat": (inside, not_moderated),
    "inside a heat, moderated": (inside, lambda rounds: rounds),
    "through the reference": (through_reference, not_moderated),
    "through the reference, moderated": (through_reference, lambda rounds: rounds),
    "the same rounds, not paired": (inside, not_paired),
}


def coverage(clock: Clock, heats: Sequence[int], machines: int, seed: int = 1) -> dict[tuple[str, int], Result]:
    """Coverage of each kind of ratio, by number of heats."""
    drawn: dict[tuple[str, int], list[tuple[Estimate, bool]]] = {}
    for rounds in frames(clock, machines, seed, MOST if clock.sessions > 1 else max(heats)):
        for count in heats:
            every = samples(rounds[rounds["round"].isin(_chosen(count, clock.sessions))])
            for name, (pairs, treated) in KINDS.items():
                own = {resolution: treated(rows) for resolution, rows in every.items()}
                for over, under, true in pairs(clock):
                    e = ratio(*(own[case_of(*member).resolution] for member in (over, under)))
                    drawn.setdefault((name, count), []).append((e, e.low <= true <= e.high))
    return {
        key: Result(
            float(np.mean([hit for _, hit in own])), float(np.median([e.half_width for e, _ in own])),
            str(own[0][0].pairing), own[0][0].n,
        )
        for key, own in drawn.items()
    }  # fmt: skip


def _chosen(heats: int, sessions: int) -> list[int]:
    each = MOST // sessions
    return [s * each + i for s in range(sessions) for i in range(heats // sessions)]


@dataclass(frozen=True)
class Directed:
    """Of pairs of one true ratio: share covered by the plain 95 % interval after stopping, decided either way, and the
    mean number of heats."""

    covered: float
    different: float
    equal: float
    heats: float


def directed(
    clock: Clock, machines: int, level: Callable[[int, int, int], float] = level_of_look, seed: int = 2
) -> dict[float, Directed]:
    """A look after each heat from ``LEAST`` on; each pair stops when it is decided."""
    stopped: dict[float, list[tuple[Estimate, Decision, int]]] = {}
    for rounds in frames(clock, machines, seed):
        open_ = inside(clock)
        for look in range(LEAST, MOST + 1):
            own, left = samples(rounds[rounds["round"] < look]), []
            for over, under, true in open_:
                e = ratio(*(own[case_of(*member).resolution] for member in (over, under)))
                word = decision(e, MARGIN, level(look, MOST, LEAST))
                if word == "open" and look < MOST:
                    left.append((over, under, true))
                else:
                    stopped.setdefault(true, []).append((e, word, look))
            open_ = left
    return {
        true: Directed(
            float(np.mean([e.low <= true <= e.high for e, _, _ in own])),
            *(float(np.mean([word == wanted for _, word, _ in own])) for wanted in ("different", "equal")),
            float(np.mean([look for _, _, look in own])),
        )
        for true, own in sorted(stopped.items())
    }  # fmt: skip


def always_95(look: int, most: int, first: int) -> float:
    """What looking without spending does."""
    return LEVEL


def print_coverage(machines: int) -> None:
    """Ratios inside a heat and through the reference, by number of heats."""
    moderated = {"inside a heat, moderated", "through the reference, moderated"}
    clocks = (
        ("", Clock(), set(KINDS)), (", two sessions", Clock(sessions=2), moderated),
        (", two blocks in place of six", Clock(blocks=2), moderated),
        (", turns shuffled", Clock(shuffled=True), {"inside a heat, moderated"}),
    )  # fmt: skip
    counts = (3, 6, 12)
    print(f"\n| ratio | {' | '.join(f'{count} heats' for count in counts)} |\n|---|---|---|---|")
    for what, clock, kinds in clocks:
        possible = [count for count in counts if count % clock.sessions == 0]
        # The pairs of a machine with few blocks are few and depend on each other.
        results = coverage(clock, possible, machines * Clock().blocks // clock.blocks)
        for name in KINDS:
            own = {count: results[name, count] for count in possible}
            cells = [f"{own[c].covered:.3f} ({own[c].half_width:.1%})" if c in own else "-" for c in counts]
            if name in kinds:
                print(f"| {name}{what} | {' | '.join(cells)} |", flush=True)


def print_directed(machines: int) -> None:
    """Looks after every heat from the third to the twelfth."""
    print(f"\n| true ratio | covered | different | equal within {MARGIN:.0%} | heats | different, looks at 95 % each |"
          "\n|---|---|---|---|---|---|")  # fmt: skip
    plain = directed(Clock(), machines, always_95)
    for true, own in directed(Clock(), machines).items():
        print(f"| {true:g} | {own.covered:.3f} | {own.different:.3f} | {own.equal:.3f} | {own.heats:.1f} | "
              f"{plain[true].different:.3f} |")  # fmt: skip


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machines", type=int, default=100)
    machines = parser.parse_args().machines
    print(f"share of 95 % intervals that cover the truth, {machines} machines of {Clock().blocks} blocks each")
    for table in (partial(print_coverage, machines), partial(print_directed, machines)):
        table()


if __name__ == "__main__":
    main()
