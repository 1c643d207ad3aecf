"""Search for the batch of a suite's cases: the smallest with the best throughput, or the largest that fits into memory.

One batch serves all models of a configuration, because numbers are only compared at equal batches. The model with the
least work per image decides what saturates the device, the one with the largest activations what fits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from scalebench.record import Record
from scalebench.suite.case import Case
from scalebench.suite.protocol import Protocol
from scalebench.units import digits

SCREENING = Protocol(
    1, warmup_s=0.2, warmup_cuda_s=0.3, warmup_max_s=1.5, chunk_s=0.3, chunk_max_s=1.0, min_iterations=6, turns=0,
    timeout_s=120.0,
)  # fmt: skip
"""One short round of each batch, alone. Its method key differs, so that it is never pooled with the suite's rounds."""
NEAR = 0.97
"""Share of the highest throughput from which on a batch counts as saturating."""
MOST = 4096
_FIRST_ON_CARDS = 16
"""Fewer images keep no card busy: their rounds would be wasted."""
_PATIENCE = 2
"""Doublings without a higher throughput after which it does not come."""
_FINENESS = 16
"""The largest batch is known to this part of it: 6 %."""

Measure = Callable[[Case], Record | None]
"""Measures one round of a case, or takes it from an earlier search; None where it was not measured."""


@dataclass(frozen=True)
class FoundBatch:
    """What a search came to.

    Attributes:
        batch: the answer.
        reason: why, in a sentence.
    """

    batch: int
    reason: str


def largest_batch(heavy: Case, measure: Measure) -> FoundBatch:
    """Double the batch until a round fails, then bisect between the last that ran and the first that failed.

    ``heavy`` is the case that needs the most memory. Where not even one image fits, the batch is 1, and its rounds say
    why.
    """
    fits, fails, ending = 0, 1, ""
    while fails <= MOST:
        ending = _ending(_at(heavy, fails, measure))
        if ending != "ok":
            break
        fits, fails = fails, 2 * fails
    else:
        return FoundBatch(fits, f"{heavy.model}@{heavy.resolution} runs at {fits}, where the search ends")
    while fails - fits > max(1, fits // _FINENESS):
        middle = (fits + fails) // 2
        middle_ending = _ending(_at(heavy, middle, measure))
        if middle_ending == "ok":
            fits = middle
        else:
            fails, ending = middle, middle_ending
    name = f"{heavy.model}@{heavy.resolution}"
    return FoundBatch(max(1, fits), f"{name} runs at {fits} and not at {fails} ({ending})")


def best_batch(light: Case, heavy: Case, measure: Measure) -> FoundBatch:
    """The smallest batch, of powers of two, at which ``light`` has nearly its highest throughput, and ``heavy`` fits.

    ``light`` is the case with the least work per image, which takes the largest batch to keep the device busy; it is
    doubled until that helps no longer, or fails. ``heavy`` is the case that needs the most memory: while it does not
    run the batch is halved.
    """
    rates: dict[int, float] = {}
    batch = saturating = _halved(light, 1 if light.kind.on_host else _FIRST_ON_CARDS, measure)
    while batch <= MOST:
        record = _at(light, batch, measure)
        if record is None or _ending(record) != "ok":
            break
        rates[batch] = float(record.facts["throughput_ips"])
        saturating = next(size for size, rate in rates.items() if rate >= NEAR * max(rates.values()))
        if batch >= saturating * 2**_PATIENCE:
            break
        batch *= 2
    if not rates:
        return FoundBatch(1, f"{light.model}@{light.resolution} does not run at all")
    reached, highest = digits(rates[saturating]), digits(max(rates.values()))
    reason = f"{light.model}@{light.resolution} processes {reached} images/s there, and at most {highest}"
    batch = saturating if heavy == light else _halved(heavy, saturating, measure)
    if batch < saturating:
        name = f"{heavy.model}@{heavy.resolution}"
        reason = f"{name} does not run at {2 * batch}; {light.model}@{light.resolution} would need {saturating}"
    return FoundBatch(batch, reason)


def _halved(case: Case, batch: int, measure: Measure) -> int:
    """The batch, halved until the case runs."""
    while batch > 1 and _ending(_at(case, batch, measure)) != "ok":
        batch //= 2
    return batch


def _at(case: Case, batch: int, measure: Measure) -> Record | None:
    return measure(replace(case, batch=batch, batch_search="", protocol=SCREENING))


def _ending(record: Record | None) -> str:
    return "not measured" if record is None else record.ending or record.outcome
