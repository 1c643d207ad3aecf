"""Extrapolation: a node that was not measured, from one that was, by what their chips do at most.

The band is wide on purpose: two chips reach different shares of their peaks, and nobody has looked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scalebench.analysis.roofline import BYTES_OF_FP32, Task
from scalebench.analysis.stats import Estimate
from scalebench.machine.ability import Ability
from scalebench.procure.batch_steps import BatchStep, unknown
from scalebench.procure.chip import Chip
from scalebench.procure.evidence import CPU, NodeEvidence
from scalebench.procure.purchase_plan import Node
from scalebench.procure.resampling import generator
from scalebench.procure.service_curves import Objection, ServiceCurve
from scalebench.procure.serving import Setup

BAND = (0.5, 1.5)
"""Times the extrapolated capacity."""


@dataclass(frozen=True)
class DevicePeak:
    """What one device does at most; of a processor the cores that the node has.

    Attributes:
        name: whose numbers these are.
        flops: per second, in the precision asked for; None where it is not known.
        bandwidth: bytes per second; None where it is not known.
        why: of what is not known.
    """

    name: str
    flops: float | None
    bandwidth: float | None
    why: str = "not published"


@dataclass(frozen=True)
class Extrapolation:
    """From one node to another.

    Attributes:
        source, node: the measured one, and the one wanted.
        seen: what was measured of the source.
        chips: the catalogue.
    """

    source: Node
    node: Node
    seen: NodeEvidence
    chips: Mapping[str, Chip]

    @property
    def cores(self) -> int | None:
        """Of the node."""
        chip = self.chips.get(self.node.accelerator)
        of_chip = chip.cores * self.node.count if chip is not None and chip.cores else None
        return self.node.cores or of_chip

    def note(self, precision: str) -> str:
        """What has to be said of every number."""
        assert self.node.estimate is not None  # noqa: S101 - only such nodes are extrapolated
        source, target = self._rated(precision)
        return (
            f"not measured: from {self.source.id} by {self.node.estimate.method}, {source.name} to {target.name}, "
            f"band x{BAND[0]:g} to x{BAND[1]:g}"
        )

    def steps(self, curve: ServiceCurve, measured: tuple[BatchStep, ...], seed: int) -> tuple[BatchStep, ...]:
        """The source's steps as the node might run them.

        Args:
            curve: of the source.
            measured: its steps.
            seed: of the whole decision; one factor of the band is drawn for all setups, whose peaks are the same.
        """
        draws = len(measured[0].drawn_s) if measured else 0
        factors = np.exp(generator(seed, self.node.id, "band").uniform(math.log(BAND[0]), math.log(BAND[1]), draws))
        return tuple(self._scaled(curve.setup, step, factors) for step in measured)

    def _scaled(self, setup: Setup, step: BatchStep, factors: np.ndarray) -> BatchStep:
        if step.obstacle is not None:
            return step
        ratio = self._ratio(setup, step.batch)
        if isinstance(ratio, tuple):
            return unknown(step.batch, len(factors), ratio)
        value = step.tail_s.value / ratio
        band = Estimate(value, value / BAND[1], value / BAND[0], step.tail_s.n)
        return replace(step, tail_s=band, drawn_s=value / factors)

    def _ratio(self, setup: Setup, batch: int) -> float | Objection:
        """How many times faster the node's device is than the source's."""
        assert self.node.estimate is not None  # noqa: S101 - only such nodes are extrapolated
        source, target = self._rated(setup.precision)
        for one in (source, target):
            if one.flops is None:
                return "not_measured", f"no {setup.precision} peak of {one.name}: {one.why}"
        assert source.flops is not None  # noqa: S101 - just seen
        assert target.flops is not None  # noqa: S101 - just seen
        if self.node.estimate.method == "flops_ratio":
            return target.flops / source.flops
        task = self._task(setup, batch)
        if not isinstance(task, Task):
            return task
        for one in (source, target):
            if one.bandwidth is None:
                return "not_measured", f"no memory bandwidth of {one.name}: {one.why}"
        return _least_s(task, source) / _least_s(task, target)

    def _task(self, setup: Setup, batch: int) -> Task | Objection:
        facts = self.seen.facts.get((setup.model, setup.resolution), {})
        work, macs, weights = facts.get("work"), facts.get("macs"), facts.get("weight_bytes")
        if not isinstance(work, (list, tuple)) or not work or not macs or not weights:
            return "not_measured", f"the bytes of {setup.model}@{setup.resolution} were not counted"
        if setup.precision not in BYTES_OF_FP32:
            return "not_measured", f"how many bytes {setup.precision} moves is not known"
        return Task(macs, batch, setup.resolution, setup.precision, weights, work)

    def _rated(self, precision: str) -> tuple[DevicePeak, DevicePeak]:
        return (
            rated(self.source, self.source.cores or self.seen.cores, self.seen.abilities, self.chips, precision),
            rated(self.node, self.cores, (), self.chips, precision),
        )


def rated(
    node: Node, cores: int | None, abilities: tuple[Ability, ...], chips: Mapping[str, Chip], precision: str
) -> DevicePeak:
    """Peaks of one device of a node: the catalogue's, or for a processor that is not in it the measured ones.

    Args:
        node: of the plan.
        cores: that the node has; of a processor in the catalogue they are a share of its chip.
        abilities: measured peaks of the node, oldest first.
        chips: the catalogue.
        precision: as in a case.
    """
    chip = chips.get(node.accelerator)
    if chip is None:
        return _measured(node, abilities, precision)
    share = cores / chip.cores if chip.cores and cores else 1.0
    part = f"{cores} of its {chip.cores} cores at base clock" if chip.cores else "the catalogue"
    flops, bandwidth = chip.peak(precision), chip.bandwidth
    return DevicePeak(
        f"{chip.id} ({part})",
        None if flops is None else flops * share,
        None if bandwidth is None else bandwidth * share,
    )


def _measured(node: Node, abilities: tuple[Ability, ...], precision: str) -> DevicePeak:
    own = [ability for ability in abilities if ability.device == CPU]
    if not own:
        return DevicePeak(node.id, None, None, "no peaks of it were measured, and it is no chip of the catalogue")
    best = max(own, key=lambda ability: ability.threads)
    streams = [best.bandwidth[name].best for name in ("copy", "triad") if name in best.bandwidth]
    peak: Any = best.matmul.get(precision)
    name = f"{node.id} (measured peaks, {best.threads} threads)"
    return DevicePeak(name, peak and peak.best, max(streams, default=None), "not measured")


def _least_s(task: Task, one: DevicePeak) -> float:
    """Roofline: a pass takes at least its arithmetic, and at least its traffic (Williams et al., 2009)."""
    assert one.flops is not None  # noqa: S101 - checked by the caller
    assert one.bandwidth is not None  # noqa: S101 - checked by the caller
    return max(task.flops / one.flops, task.least_bytes / one.bandwidth)
