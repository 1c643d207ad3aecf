"""Estimates of a plan's wall time and memory, before anything is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from scalebench.suite.case import CLASSIFYING, INPUT, OPTIMIZER_STATES, PROBE, Case
from scalebench.suite.decoder_table import camera_size
from scalebench.suite.device_kinds import CPU
from scalebench.suite.labelled_images import kept
from scalebench.suite.offers import OFFERS
from scalebench.suite.protocol import LONG_S

_HEAT_START_S = 0.3
"""Building a model on the CPU, and a share of what a heat costs beside."""

_FORWARDS = {"training": 3.5}
"""Cost of one pass in forward passes, by mode: a backward pass costs two, the optimiser and the rest a half."""
_MEMORY_PASSES = {"training": 3}
"""Passes of the memory probe, by mode, see ``measure/memory.py``; else one."""

_PIXEL_S = {"make": 1.5e-7, "prepare": 1.5e-8}
"""Per pixel of a synthetic photograph: creating it (measured 1.2e-7), preparing it (0.3e-8 to 1.5e-8)."""

_IMAGE_S = 0.012
"""Loading and preparing a photograph on one core: a megapixel of JPEG takes 12 ms."""

_ENERGY_S = 13.0
"""Around an energy window: drain, idle baseline, lead-in, cooldown."""

Pass = Callable[[Case], float | None]
"""Expected seconds of one pass of a case, or None to use the assumed rate."""


@dataclass(frozen=True)
class RunEstimate:
    """Expected cost of a plan.

    Attributes:
        seconds: wall time of all rounds.
        peak_bytes: largest static peak among the cases, batch included.
        predicted: share of the rounds whose pass was predicted or measured before.
    """

    seconds: float
    peak_bytes: int
    predicted: float = 0.0


class Costs:
    """Wall seconds of a round: the case's own median, else its estimate scaled by the pace of the others."""

    def __init__(self, expected: Mapping[Case, float]) -> None:
        self._expected = expected
        self._wall_s: dict[str, list[float]] = {}
        self._spent = self._expected_of_spent = 0.0

    def learn(self, case: Case, wall_s: float) -> None:
        """Take one round into account."""
        self._wall_s.setdefault(case.key, []).append(wall_s)
        self._spent += wall_s
        self._expected_of_spent += self._expected.get(case, 0.0)

    def of(self, case: Case) -> float:
        """Expected wall seconds of the next round of ``case``."""
        if case.key in self._wall_s:
            return median(self._wall_s[case.key])
        pace = self._spent / self._expected_of_spent if self._expected_of_spent else 1.0
        return self._expected.get(case, 0.0) * pace


def estimate(
    rounds: Sequence[Case], facts: Mapping[Case, Mapping[str, Any]], pass_s: Pass = lambda _: None
) -> RunEstimate:
    """Estimate from known passes, else from counted MACs and an assumed rate, which is wrong by a factor of up to 3.

    ``rounds`` has one entry per round still to run. Cases without counted ``facts`` are left out.
    """
    counted = [case for case in rounds if "macs" in facts.get(case.counted(), {})]
    preparing_s = sum(OFFERS[case.runtime].prepare_s for case in set(counted))
    cases = [*(case for case in rounds if case.mode == INPUT), *counted]
    return RunEstimate(
        preparing_s + sum(case_seconds(case, facts, pass_s(case)) for case in cases),
        max((peak_bytes(case, facts[case.counted()]) for case in counted), default=0),
        sum(pass_s(case) is not None for case in cases) / len(cases) if cases else 0.0,
    )


def case_seconds(case: Case, facts: Mapping[Case, Mapping[str, Any]], once: float | None = None) -> float:
    """Expected wall seconds of one round of any mode; ``facts`` as in ``estimate``, ``once`` as in ``Pass``."""
    if case.mode != INPUT:
        return round_seconds(case, facts[case.counted()]["macs"], once)
    width, height = camera_size(case.camera)
    pixels, p = width * height, case.protocol
    once = _PIXEL_S["prepare"] * pixels
    chunks = max(p.chunk_s, p.min_iterations * once) + max(p.chunk_s, once)
    return CPU.start_s + _PIXEL_S["make"] * pixels + max(p.least_warmup_s(case.device), 2 * once) + chunks


def round_seconds(case: Case, macs: int, once: float | None = None) -> float:
    """Expected wall seconds of one round: building, memory, warm-up and turns, or chunks; or all labelled images."""
    kind = case.kind
    if once is None:
        rate = kind.macs_per_s * (case.threads if kind.on_host else 1)
        once = macs * case.batch / rate * _FORWARDS.get(case.mode, 1.0)
    if case.mode in CLASSIFYING:
        images = kept(case.data)
        number = len(images.test) + (len(images.train) if case.mode == PROBE else 0)
        return kind.start_s + number * (once / case.batch + _IMAGE_S / case.threads)
    p = case.protocol
    if case.by_turns:
        turns = p.turn_cost(once) * -(-p.turns // p.stride(once))
        before = _MEMORY_PASSES.get(case.mode, 1) + (0 if once >= LONG_S else 2)
        return _HEAT_START_S + before * once + turns + (_ENERGY_S + p.energy_s if p.energy_s else 0.0)
    warm = min(max(p.least_warmup_s(case.device), 2 * once), max(p.warmup_max_s, once))
    chunk = min(max(p.chunk_s, p.min_iterations * once), max(p.chunk_max_s, p.min_iterations / 3 * once))
    energy = _ENERGY_S + p.energy_s if p.energy_s else 0.0
    return kind.start_s + (1 + _MEMORY_PASSES.get(case.mode, 1)) * once + warm + chunk + max(p.chunk_s, once) + energy


def peak_bytes(case: Case, facts: Mapping[str, Any]) -> int:
    """Static peak of the case: weights once, the rest times the batch."""
    return sum(static_parts(case, facts))


def static_parts(case: Case, facts: Mapping[str, Any]) -> tuple[int, int]:
    """Static peak of the case in bytes, in fp32: weights, and input with activations at its batch; of all copies.

    In training weights count twice, because of the gradients, and once more for each state of the optimiser.
    """
    training = case.mode == "training"
    peak, weights = facts.get(f"peak_bytes_{'training' if training else 'inference'}") or 0, facts["weight_bytes"]
    fixed = weights * (2 + OPTIMIZER_STATES[case.optimizer]) if training else weights
    rest = max(0, peak - weights * (2 if training else 1)) * case.batch
    return int(fixed * case.instances), int(rest * case.instances)
