"""The flag table: every doubt about a round, what it means, its threshold, and its consequence.

A note of a record is ``word`` or ``word: details``. ``bad``: something else disturbed the times of
the round; it is kept, shown and replaced by another. ``warn``: they may be disturbed. ``info`` only explains.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["bad", "warn", "info"]


@dataclass(frozen=True)
class Flag:
    """One doubt.

    Attributes:
        word: its name in notes.
        severity: its consequence.
        meaning: one sentence.
        threshold: at which it is raised.
    """

    word: str
    severity: Severity
    meaning: str
    threshold: str


def _table(*rows: Flag) -> dict[str, Flag]:
    return {row.word: row for row in rows}


FLAGS = _table(
    Flag(
        "cpu_contended",
        "bad",
        "Threads were ready to run and had no core: something else ran on it.",
        "waiting > 5 % of the threads' time; where the kernel does not count it: CPU time < 90 % of wall time x "
        "threads, and switches, pressure or canary agree",
    ),
    Flag(
        "cpu_idle",
        "info",
        "Threads slept although cores were free: the model does not keep all its threads busy.",
        "CPU time < 90 % of wall time x threads, and no contention",
    ),
    Flag(
        "involuntary_switches",
        "warn",
        "Threads were often preempted.",
        "> 100 per second and thread",
    ),
    Flag(
        "steal",
        "warn",
        "The hypervisor gave some of the cores' time to another machine.",
        "> 1 % of all cores' time",
    ),
    Flag(
        "steal_heavy",
        "bad",
        "The hypervisor gave much of the cores' time to another machine.",
        "> 3 % of all cores' time",
    ),
    Flag(
        "cpu_pressure",
        "warn",
        "Some task of the machine, ours or another, waited for a core.",
        "> 10 % of the time (PSI cpu some)",
    ),
    Flag(
        "cgroup_throttled",
        "bad",
        "The container used up its CPU quota and was paused.",
        "any period",
    ),
    Flag(
        "busy_at_start",
        "warn",
        "Other tasks were running just before the round.",
        "> 0.5 runnable tasks on average",
    ),
    Flag(
        "not_steady",
        "warn",
        "The chunk got slower or faster while it was timed.",
        "medians of first and last third differ by > 3 % and by > 3 standard errors",
    ),
    Flag(
        "clock_drop",
        "bad",
        "The cores ran at a lower clock at the end than at the start.",
        "> 5 %",
    ),
    Flag(
        "host_drift",
        "warn",
        "The time of a fixed matrix product or copy beside the chunk was not as usual: the host has changed.",
        "product, before or after: > 5 % off the median of the stored rounds (CUDA: > 2 %); copy, before and after: "
        "> 20 % off it to the same side",
    ),
    Flag(
        "host_disturbed",
        "bad",
        "A fixed matrix product or copy before and after the chunk was much slower than usual: the host was disturbed.",
        "before and after: both products > 20 % or both copies > 50 % above the median of the stored rounds",
    ),
    Flag(
        "swapping",
        "bad",
        "Memory was moved to or from the disk.",
        "> 100 pages per second",
    ),
    Flag(
        "warmup_unsettled",
        "warn",
        "Warm-up reached its time limit before two windows agreed.",
        "windows differ by > 2 %",
    ),
    Flag(
        "launch_bound",
        "info",
        "The host issues operators no faster than the GPU finishes them, so launches limit the speed.",
        "issuing a pass takes > 90 % of its time",
    ),
    Flag(
        "unverified",
        "info",
        "The outputs were not compared with eager fp32, which did not fit into memory.",
        "out of memory in a process of its own, at a batch of 8",
    ),
    Flag(
        "memory_unavailable",
        "info",
        "This system does not report the peak memory of a process.",
        "no VmHWM, or it cannot be reset",
    ),
    Flag(
        "throttled",
        "bad",
        "The GPU lowered its clocks because of heat or of its power supply.",
        "any sample with HW slowdown, HW thermal, HW power brake or SW thermal",
    ),
    Flag(
        "gpu_clock_low",
        "bad",
        "The GPU ran below three quarters of its default clock for part of the round.",
        "> 10 % of the samples",
    ),
    Flag(
        "power_capped",
        "info",
        "The GPU lowered its clocks to stay within its power limit, which is normal under load.",
        "any sample with SW power cap",
    ),
    Flag(
        "gpu_shared",
        "bad",
        "Another process used the GPU.",
        "any sample",
    ),
    Flag(
        "energy_unavailable",
        "info",
        "This system does not report the energy it takes.",
        "no counter, no permission to read it, or one that does not change",
    ),
    Flag(
        "energy_inconsistent",
        "warn",
        "Energy counter and sampled power disagree.",
        "> 10 %",
    ),
    Flag(
        "clock_went_back",
        "bad",
        "A clock went backwards: the times of this round are invalid.",
        "any reading",
    ),
    Flag(
        "loss_not_finite",
        "warn",
        "The loss of a training step was infinite or not a number.",
        "any step",
    ),
    Flag(
        "imported",
        "info",
        "The number comes from a published table: one value, without samples, interval or tail.",
        "every record of scalebench import timm",
    ),
    Flag(
        "outlier_round",
        "warn",
        "The round lies far from the others of its case; it is kept.",
        "> 5 MAD off the case's median",
    ),
)


def word_of(note: str) -> str:
    """The flag of a note: ``steal`` of ``steal: 1.4 % of all cores' time``."""
    return note.partition(":")[0].strip()


def is_bad(notes: Iterable[str]) -> bool:
    """Whether any note carries a flag that calls for another round."""
    return any(flag.severity == "bad" for note in notes if (flag := FLAGS.get(word_of(note))))


def is_launch_bound(notes: Iterable[str]) -> bool:
    """Whether the times of a round are those of its launches."""
    return any(word_of(note) == "launch_bound" for note in notes)
