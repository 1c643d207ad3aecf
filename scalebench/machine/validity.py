"""Reasons to doubt a round: figures in, notes out. ``flags.py`` defines each word and its consequences.

Figures marked "observed" are from a virtual machine with 2 cores: rounds of 5 models on 1 and 2 threads, alone and
next to a busy process.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from scalebench.flags import is_bad
from scalebench.machine.canaries import Canaries, canary_notes
from scalebench.machine.gpu import doubts as gpu_doubts
from scalebench.suite.device_kinds import DeviceKind

WAITED = 0.05
"""Waiting for a core. Observed: at most 0.015 with spare cores, 0.1 to 0.6 without. A barrier waits for the slowest
thread, so a pass loses at least this share."""
EFFICIENCY = 0.90
"""CPU time over wall time x threads. Observed: 0.98 to 1.0 alone, 0.4 to 0.8 contended; but also 0.4 to 0.8 alone where
threads sleep at barriers instead of spinning (OMP_WAIT_POLICY=passive). So contention needs a second sign."""
SWITCHES_PER_S = 100.0
"""Per thread. Observed: up to 80 alone (EfficientNet-B0, two threads), 90 to 200 contended."""
STEAL, STEAL_HEAVY = 0.01, 0.03
"""Ticks of 10 ms resolve 0.005 in a second of two cores. Observed: 0 to 0.011, bad rounds among them."""
PRESSURE = 0.10
"""From the counter, over the stretch: the kernel's avg10 was 26 % in quiet rounds that followed busy ones."""
RUNNABLE = 0.5
"""More than half a task: a busy process is in most samples, a short one in one or two of five."""
SHIFT, SHIFT_ERRORS = 0.03, 3.0
"""The second, because the first alone flags half of all steady chunks of 10 to 20 noisy laps (simulated)."""
CLOCK_DROP = 0.05
"""Throttling is a larger drop; a step of the frequency table, 100 MHz or less, a smaller one."""
SWAPPED_PER_S = 100.0
"""Pages of 4 KiB: single pages of a sleeping process are tolerated, a round that runs from swap is not."""

_SIGNS = ("involuntary_switches", "cpu_pressure", "host_disturbed")
_FEWEST_LAPS = 9
"""A median of fewer than three laps is no median."""

Numbers = Mapping[str, Any]


def doubts(
    stretch: Numbers,
    laps: Sequence[float],
    threads: int,
    kind: DeviceKind,
    canaries: Canaries | None = None,
    load_before: float | None = None,
    gpu: Numbers | None = None,
    by_turns: bool = False,
) -> tuple[str, ...]:
    """All reasons to doubt a round, as notes ``word: figure``. A value that is None or missing causes no note.

    Args:
        stretch: ``telemetry.Stretch`` as a mapping, over the time in which the round was timed.
        laps: timed iterations, seconds, in order.
        threads: threads the case may use on the CPU.
        kind: of the device; on a GPU one host thread works, and it may sleep.
        canaries: before and after the chunk, and the usual ones on this device with this many threads.
        load_before: other runnable tasks just before the round, see ``telemetry.runnable``.
        gpu: readings of the GPU, see ``measure.watch.summary``.
        by_turns: whether other processes ran between the laps: then they are not one chunk, which could be steady.
    """
    notes = [*_clock(stretch, laps), *(canary_notes(canaries, kind) if canaries else ())]
    notes += [*_host(stretch, load_before), *(() if by_turns else _chunk(laps)), *gpu_doubts(gpu)]
    lanes = 1 if kind.on_host else threads
    notes += _switches(stretch, lanes)
    notes += _cores(stretch, lanes, kind, tuple(notes))
    return tuple(notes)


def steadiness(laps: Sequence[float]) -> tuple[float, float]:
    """Change of the median from the first to the last third of a chunk: relative, and in standard errors.

    The error is that of a difference of two medians, 1.253 s sqrt(2/k), with s from the median deviation of the laps
    of both thirds from their own medians. Both are 0 for fewer than nine laps.
    """
    if len(laps) < _FEWEST_LAPS:
        return 0.0, 0.0
    size = len(laps) // 3
    first, last = laps[:size], laps[-size:]
    early, late = median(first), median(last)
    deviation = median([abs(lap - early) for lap in first] + [abs(lap - late) for lap in last])
    # k/(k-1): each third's median was taken from the same laps.
    error = 1.253 * 1.4826 * deviation * math.sqrt(size / (size - 1)) * math.sqrt(2 / size)
    if early <= 0 or late == early:
        return 0.0, 0.0
    return late / early - 1, (late - early) / error if error else math.inf


def _clock(stretch: Numbers, laps: Sequence[float]) -> Iterator[str]:
    if stretch.get("wall_s", 1.0) <= 0:
        yield f"clock_went_back: {stretch['wall_s']:.3g} s from the first reading to the last"
    elif min(laps, default=0.0) < 0:
        yield f"clock_went_back: an iteration of {min(laps):.3g} s"


def _host(stretch: Numbers, load_before: float | None) -> Iterator[str]:
    steal = stretch.get("steal_share") or 0.0
    if steal > STEAL:
        yield f"{'steal_heavy' if steal > STEAL_HEAVY else 'steal'}: {steal:.1%} of all cores' time"
    if (pressure := stretch.get("pressure_share") or 0.0) > PRESSURE:
        yield f"cpu_pressure: {pressure:.0%} of the time"
    if periods := max(0, stretch.get("throttled_periods") or 0):
        yield f"cgroup_throttled: {periods} periods"
    if (change := stretch.get("clock_change") or 0.0) < -CLOCK_DROP:
        yield f"clock_drop: {change:+.1%}"
    if (pages := stretch.get("swapped_per_s") or 0.0) > SWAPPED_PER_S:
        yield f"swapping: {pages:.0f} pages per second"
    if (load_before or 0.0) > RUNNABLE:
        yield f"busy_at_start: {load_before:.1f} runnable tasks"


def _chunk(laps: Sequence[float]) -> Iterator[str]:
    change, errors = steadiness(laps)
    if abs(change) > SHIFT and abs(errors) > SHIFT_ERRORS:
        yield f"not_steady: {change:+.1%} from first to last third"


def _switches(stretch: Numbers, lanes: int) -> Iterator[str]:
    switches = lanes * (stretch.get("involuntary_per_s") or 0.0)
    if switches > SWITCHES_PER_S:
        yield f"involuntary_switches: {switches:.0f} per second and thread"


def _cores(stretch: Numbers, lanes: int, kind: DeviceKind, notes: tuple[str, ...]) -> Iterator[str]:
    """Contention, reported by the kernel or inferred from other signs; else idleness."""
    waited, efficiency = stretch.get("waited_share"), stretch.get("cpu_efficiency")
    if waited is not None and lanes * waited > WAITED:
        yield f"cpu_contended: waited {lanes * waited:.0%} of the time for a core"
        return
    if not kind.on_host or efficiency is None or efficiency >= EFFICIENCY:
        return
    if waited is None and any(note.startswith(_SIGNS) for note in notes):
        yield f"cpu_contended: CPU time {efficiency:.0%} of wall time x threads"
    elif not is_bad(notes):
        yield f"cpu_idle: CPU time {efficiency:.0%} of wall time x threads"
