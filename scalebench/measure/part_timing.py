"""Time of every part of a model within real forward passes, and of the whole pass without hooks.

Hooks stamp the entry and exit of each part, so parts run on warm inputs in their usual order. Passes with and without
hooks alternate in one process, so that drift of the machine affects both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import fmean, median, quantiles
from typing import Any

import torch
from torch import nn

from scalebench.measure.accelerator import TimedEvent, accelerator_of
from scalebench.measure.clock import Clock
from scalebench.measure.sampling import checked_lap
from scalebench.measure.session import Measurement, Session
from scalebench.model.build import build
from scalebench.model.part_counts import Part, by_kind_and_stage, count_parts, enclosing, find_parts
from scalebench.suite.kinds import BETWEEN

_TURN = 5
"""Passes without hooks, then as many with hooks."""
_IDENTITIES = 200
_MAX_PASSES = 500


@dataclass(frozen=True)
class Stamps:
    """A source of time stamps.

    Attributes:
        now: takes a stamp.
        between: seconds between two stamps, once the device has finished.
    """

    now: Callable[[], Any]
    between: Callable[[Any, Any], float]


@dataclass(frozen=True)
class PartTiming:
    """Means over the middle half of the passes, in seconds. Means of parts sum to that of the whole; medians do not.

    Attributes:
        whole_s: a pass without hooks.
        with_hooks_s: a pass with hooks.
        parts_s: by path, without enclosed parts.
        passes: number of passes with hooks, and of those without.
        spread: interquartile range over median of the passes without hooks.
    """

    whole_s: float
    with_hooks_s: float
    parts_s: Mapping[str, float] = field(default_factory=dict)
    passes: int = 0
    spread: float = 0.0


def stamps_of(device: torch.device) -> Stamps:
    """Events of the device; of the host's clock on the CPU, where calls are synchronous."""
    accelerator = accelerator_of(device)

    def now() -> TimedEvent:
        event = accelerator.event()
        event.record()
        return event

    return Stamps(now, lambda start, end: float(start.elapsed_time(end)) * 1e-3)


def parts(session: Session) -> Measurement:
    """Probe: counted cost and time by kind and stage of the parts; the model must be warm.

    Facts: ``parts``, rows of {kind, stage, params, macs, activations, bytes, seconds}, where macs and activations are
    of one image, bytes and seconds of one pass of the batch; the row ``between`` holds the rest of the pass. Also
    ``whole_s``, ``with_hooks_s``, ``hook_overhead_s`` (of one part), ``passes`` and ``pass_spread``.
    """
    case = session.case
    counts = count_parts(build(case.variant, case.resolution, "meta"), case.model, case.resolution)
    timing = time_parts(session, [part.name for part in counts if part.name])
    facts = {
        "parts": rows(counts, timing, case.batch),
        "whole_s": timing.whole_s,
        "with_hooks_s": timing.with_hooks_s,
        "hook_overhead_s": hook_overhead(session.device, session.clock),
        "passes": timing.passes,
        "pass_spread": timing.spread,
    }
    return Measurement(facts=facts)


def rows(counts: Sequence[Part], timing: PartTiming, batch: int) -> list[dict[str, Any]]:
    """Rows as in ``parts``; their seconds sum to the whole pass."""
    table = []
    for row in by_kind_and_stage(counts):
        times = [timing.parts_s[p.name] for p in counts if p.name and (p.kind, p.stage) == (row.kind, row.stage)]
        # The rest is negative where the hooks cost more than what runs between the modules.
        seconds = timing.whole_s - sum(timing.parts_s.values()) if row.kind == BETWEEN else sum(times)
        table.append({
            "kind": row.kind, "stage": row.stage, "params": row.params, "macs": row.macs,
            "activations": row.activations, "bytes": batch * row.activation_bytes + row.weight_bytes,
            "seconds": seconds,
        })  # fmt: skip
    return table


def time_parts(session: Session, names: Sequence[str]) -> PartTiming:
    """Time the parts with these paths until the protocol's chunk is full.

    Raises:
        MachineError: the clock went back.
    """
    protocol, stamps = session.case.protocol, stamps_of(session.device)
    assert session.model is not None  # noqa: S101 - only eager offers this mode
    all_parts = find_parts(session.model)
    modules = {name: all_parts[name] for name in names}
    plain: list[float] = []
    hooked: list[float] = []
    laps: list[dict[str, float]] = []
    while not _enough(plain, protocol.chunk_s, protocol.chunk_max_s, protocol.min_iterations):
        plain += [checked_lap(session.clock.lap(session.run)) for _ in range(_TURN)]
        with _stamped(modules, stamps) as take_pairs:
            for _ in range(_TURN):
                hooked.append(checked_lap(session.clock.lap(session.run)))
                laps.append({name: sum(stamps.between(*p) for p in pairs) for name, pairs in take_pairs().items()})
    inclusive = {name: [lap.get(name, 0.0) for lap in laps] for name in names}
    kept = middle_half(hooked)
    first, middle, third = quantiles(plain, n=4)
    return PartTiming(
        fmean(plain[index] for index in middle_half(plain)), fmean(hooked[index] for index in kept),
        _exclusive(inclusive, kept), len(hooked), (third - first) / middle,
    )  # fmt: skip


def middle_half(laps: Sequence[float]) -> list[int]:
    """Indices of the laps between the quartiles, at least one: the mean over them is the interquartile mean."""
    order = sorted(range(len(laps)), key=laps.__getitem__)
    cut = len(laps) // 4
    return order[cut : len(laps) - cut]


def _enough(laps: Sequence[float], least_s: float, most_s: float, least: int) -> bool:
    spent_s = sum(laps)
    full = spent_s >= least_s and len(laps) >= least
    return full or len(laps) >= _MAX_PASSES or (bool(laps) and spent_s >= most_s)


def _exclusive(inclusive: Mapping[str, Sequence[float]], kept: Sequence[int]) -> dict[str, float]:
    """Mean seconds of each part, less those of directly enclosed parts, over the passes ``kept``."""
    own = {name: list(laps) for name, laps in inclusive.items()}
    for name, laps in inclusive.items():
        parent = enclosing(name, inclusive)
        if parent is not None:
            own[parent] = [outer - inner for outer, inner in zip(own[parent], laps, strict=True)]
    return {name: fmean(laps[index] for index in kept) for name, laps in own.items()}


TakePairs = Callable[[], dict[str, list[tuple[Any, Any]]]]
"""Gives (entry, exit) stamps by part since the last call."""


@contextmanager
def _stamped(modules: Mapping[str, nn.Module], stamps: Stamps) -> Iterator[TakePairs]:
    """Hooks on ``modules`` that stamp entry and exit."""
    entries: dict[str, list[Any]] = {name: [] for name in modules}
    exits: dict[str, list[Any]] = {name: [] for name in modules}
    handles = []
    for name, module in modules.items():
        handles.append(module.register_forward_pre_hook(_stamp(entries[name].append, stamps.now)))
        handles.append(module.register_forward_hook(_stamp(exits[name].append, stamps.now)))

    def take_pairs() -> dict[str, list[tuple[Any, Any]]]:
        pairs = {name: list(zip(entries[name], exits[name], strict=True)) for name in modules}
        for stamps_of_part in (*entries.values(), *exits.values()):
            stamps_of_part.clear()
        return pairs

    try:
        yield take_pairs
    finally:
        for handle in handles:
            handle.remove()


def _stamp(keep: Callable[[Any], None], now: Callable[[], Any]) -> Callable[..., None]:
    def hook(*_: Any) -> None:
        keep(now())

    return hook


def hook_overhead(device: torch.device, clock: Clock, repetitions: int = 20) -> float:
    """Seconds that the hooks of one part add, measured on identity modules."""
    chain = nn.Sequential(*(nn.Identity() for _ in range(_IDENTITIES)))
    x, stamps = torch.zeros(1, device=device), stamps_of(device)

    plain, hooked = [], []
    with torch.inference_mode():
        for _ in range(repetitions):
            plain.append(clock.lap(lambda: chain(x)))
            with _stamped(dict(chain.named_children()), stamps) as take_pairs:
                hooked.append(clock.lap(lambda: chain(x)))
                take_pairs()
    return max(0.0, median(hooked) - median(plain)) / _IDENTITIES
