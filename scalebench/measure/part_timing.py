"""Where the time of a forward pass goes: every part timed within real passes, the whole without hooks beside them.

Hooks stamp the entry and the exit of each part, so parts run on warm inputs in their usual order. Passes with hooks
and passes without take turns in the same process: a machine that slows down slows both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import fmean, median, quantiles
from typing import Any

import torch
from torch import nn

from scalebench.measure.clock import Clock
from scalebench.measure.sampling import forward
from scalebench.measure.session import Measurement, Session
from scalebench.model.build import build
from scalebench.model.part_counts import Part, by_kind_and_stage, count_parts, enclosing, find_parts
from scalebench.suite.kinds import BETWEEN

_TURN = 5
"""Passes with hooks, then as many without."""
_IDENTITIES = 200
_MOST_PASSES = 500


@dataclass(frozen=True)
class Stamps:
    """How moments are taken.

    Attributes:
        now: takes a moment.
        between: seconds between two moments, once the device has finished.
    """

    now: Callable[[], Any]
    between: Callable[[Any, Any], float]


@dataclass(frozen=True)
class PartTiming:
    """Means over the middle half of the passes, in seconds: unlike medians, means of parts add up to the whole's.

    Attributes:
        whole_s: a pass without hooks.
        with_hooks_s: a pass with them.
        parts_s: by path, without the parts within it.
        passes: with hooks; as many without.
        spread: interquartile range of the passes without hooks, over their median.
    """

    whole_s: float
    with_hooks_s: float
    parts_s: Mapping[str, float] = field(default_factory=dict)
    passes: int = 0
    spread: float = 0.0


def stamps_of(device: torch.device) -> Stamps:
    """The host's clock on the CPU, where a call returns when its work is done; events on CUDA."""
    if device.type != "cuda":
        return Stamps(time.perf_counter, lambda start, end: float(end - start))

    def now() -> torch.cuda.Event:
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    return Stamps(now, lambda start, end: float(start.elapsed_time(end)) * 1e-3)


def parts(session: Session) -> Measurement:
    """Probe: what each kind of part in each stage costs, on paper and in time; for a model that is warm.

    Facts: ``parts``, rows of {kind, stage, params, macs, activations, bytes, seconds}, where macs and activations are
    of one image, bytes and seconds of one pass of the batch; the row ``between`` holds the rest of the whole pass.
    Beside it ``whole_s``, ``with_hooks_s``, ``hook_overhead_s`` (one part's hooks), ``passes`` and ``pass_spread``.
    Passes with and without hooks take turns; where they are not alike, the rest is only as good as they are.
    """
    case = session.case
    counted = count_parts(build(case.variant, case.resolution, "meta"), case.model, case.resolution)
    names = [part.name for part in counted if part.name]
    timing = time_parts(session, names)
    overhead = hook_overhead(session.device, session.clock)
    facts = {
        "parts": rows(counted, timing, case.batch),
        "whole_s": timing.whole_s,
        "with_hooks_s": timing.with_hooks_s,
        "hook_overhead_s": overhead,
        "passes": timing.passes,
        "pass_spread": timing.spread,
    }
    return Measurement(facts=facts)


def rows(counted: Sequence[Part], timing: PartTiming, batch: int) -> list[dict[str, Any]]:
    """Rows as in ``parts``; their seconds sum up to the whole pass."""
    found = []
    for row in by_kind_and_stage(counted):
        inside = [timing.parts_s[p.name] for p in counted if p.name and (p.kind, p.stage) == (row.kind, row.stage)]
        # What is left may be less than nothing where the hooks cost more than what runs between the modules.
        seconds = timing.whole_s - sum(timing.parts_s.values()) if row.kind == BETWEEN else sum(inside)
        found.append({
            "kind": row.kind, "stage": row.stage, "params": row.params, "macs": row.macs,
            "activations": row.activations, "bytes": batch * row.activation_bytes + row.weight_bytes,
            "seconds": seconds,
        })  # fmt: skip
    return found


def time_parts(session: Session, names: Sequence[str]) -> PartTiming:
    """Time the parts called ``names`` until the protocol's chunk is full.

    Raises:
        MachineError: the clock went back.
    """
    protocol, stamps = session.case.protocol, stamps_of(session.device)
    assert session.model is not None  # noqa: S101 - only eager offers this mode
    found = find_parts(session.model)
    modules = {name: found[name] for name in names}
    plain: list[float] = []
    hooked: list[float] = []
    laps: list[dict[str, float]] = []
    while not _enough(plain, protocol.chunk_s, protocol.chunk_max_s, protocol.min_iterations):
        plain += [forward(session.clock.lap(session.run)) for _ in range(_TURN)]
        with _stamped(modules, stamps) as seen:
            for _ in range(_TURN):
                hooked.append(forward(session.clock.lap(session.run)))
                laps.append({name: sum(stamps.between(*pair) for pair in pairs) for name, pairs in seen().items()})
    inclusive = {name: [lap.get(name, 0.0) for lap in laps] for name in names}
    usual, kept = middle_half(plain), middle_half(hooked)
    first, middle, third = quantiles(plain, n=4)
    return PartTiming(
        fmean(plain[at] for at in usual), fmean(hooked[at] for at in kept), _exclusive(inclusive, kept), len(hooked),
        (third - first) / middle,
    )  # fmt: skip


def middle_half(laps: Sequence[float]) -> list[int]:
    """Places of the laps between the quartiles, at least one: the mean over them is the interquartile mean."""
    order = sorted(range(len(laps)), key=lambda at: laps[at])
    cut = len(laps) // 4
    return order[cut : len(laps) - cut]


def _enough(laps: Sequence[float], least_s: float, most_s: float, least: int) -> bool:
    spent = sum(laps)
    return (spent >= least_s and len(laps) >= least) or len(laps) >= _MOST_PASSES or (bool(laps) and spent >= most_s)


def _exclusive(inclusive: Mapping[str, Sequence[float]], kept: Sequence[int]) -> dict[str, float]:
    """Mean seconds of each part, less those of the parts directly within it, over the passes ``kept``."""
    own = {name: list(laps) for name, laps in inclusive.items()}
    for name, laps in inclusive.items():
        above = enclosing(name, inclusive)
        if above is not None:
            own[above] = [outer - inner for outer, inner in zip(own[above], laps, strict=True)]
    return {name: fmean(laps[at] for at in kept) for name, laps in own.items()}


Seen = Callable[[], dict[str, list[tuple[Any, Any]]]]


@contextmanager
def _stamped(modules: Mapping[str, nn.Module], stamps: Stamps) -> Iterator[Seen]:
    """Hooks on ``modules`` that stamp entry and exit; yields what was stamped since it was last asked."""
    entries: dict[str, list[Any]] = {name: [] for name in modules}
    exits: dict[str, list[Any]] = {name: [] for name in modules}
    handles = []
    for name, module in modules.items():
        handles.append(module.register_forward_pre_hook(_stamp(entries[name].append, stamps.now)))
        handles.append(module.register_forward_hook(_stamp(exits[name].append, stamps.now)))

    def seen() -> dict[str, list[tuple[Any, Any]]]:
        pairs = {name: list(zip(entries[name], exits[name], strict=True)) for name in modules}
        for stamped in (*entries.values(), *exits.values()):
            stamped.clear()
        return pairs

    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def _stamp(keep: Callable[[Any], None], now: Callable[[], Any]) -> Callable[..., None]:
    def hook(*_: Any) -> None:
        keep(now())

    return hook


def hook_overhead(device: torch.device, clock: Clock, repetitions: int = 20) -> float:
    """Seconds that the hooks of one part add, found on modules that do nothing."""
    chain = nn.Sequential(*(nn.Identity() for _ in range(_IDENTITIES)))
    x, stamps = torch.zeros(1, device=device), stamps_of(device)

    def run() -> None:
        with torch.inference_mode():
            chain(x)

    plain, hooked = [], []
    for _ in range(repetitions):
        plain.append(clock.lap(run))
        with _stamped(dict(chain.named_children()), stamps) as seen:
            hooked.append(clock.lap(run))
            seen()
    return max(0.0, median(hooked) - median(plain)) / _IDENTITIES
