"""Extrapolation: the capacity of a node that was not measured, from one that was, by the peaks of their devices.

The band is wide on purpose: two devices reach different shares of their peaks, and nobody has measured the shares.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from scalebench.analysis.resampling import generator
from scalebench.analysis.roofline import WITH_ROOF, Task
from scalebench.analysis.stats import Estimate
from scalebench.machine.ability import Ability
from scalebench.procure.chip import Chip
from scalebench.procure.evidence import CPU, NodeEvidence
from scalebench.procure.purchase_plan import ExtrapolationRule, Node
from scalebench.procure.service_curves import BatchStep, ServiceCurve, unknown
from scalebench.procure.serving import Objection, Setup
from scalebench.suite.axes import number_of
from scalebench.suite.precisions import PRECISIONS

BAND = (0.5, 1.5)
"""Times the extrapolated capacity."""


@dataclass(frozen=True)
class DevicePeak:
    """Peaks of one device; of a processor, of the cores that a setup keeps busy.

    Attributes:
        name: of the device, and where the numbers come from.
        flops: per second, in the precision in question; NaN if unknown.
        bandwidth: bytes per second; NaN if unknown.
        why: a number is unknown.
    """

    name: str
    flops: float
    bandwidth: float
    why: str = "not published"


@dataclass(frozen=True)
class Extrapolation:
    """From ``source``, a measured node with its evidence, to ``node`` by its rule; ``chips`` is the catalogue."""

    source: Node
    node: Node
    rule: ExtrapolationRule
    evidence: NodeEvidence
    chips: Mapping[str, Chip]

    @property
    def cores(self) -> int | None:
        """Of the node."""
        chip = self.chips.get(self.node.accelerator)
        return self.node.cores or (chip.cores * self.node.count if chip is not None and chip.cores else None)

    def busy_cores(self, setup: Setup) -> int | None:
        """Cores that the threads of all copies keep busy on a processor; None, all of them, if measured on a GPU."""
        return setup.threads * setup.instances if self.evidence.on_cpu else None

    def peak(self, setup: Setup) -> float:
        """Operations per second that the setup cannot exceed on one device of the node; NaN if unknown."""
        return self._peaks(setup)[1].flops

    def note(self, setup: Setup) -> str:
        """The reservation that goes with every number."""
        source, target = self._peaks(setup)
        return (
            f"not measured: from {self.source.id} by {self.rule.method}, {source.name} to {target.name}, "
            f"band x{BAND[0]:g} to x{BAND[1]:g}"
        )

    def steps(self, curve: ServiceCurve, measured: tuple[BatchStep, ...], seed: int) -> tuple[BatchStep, ...]:
        """The source's steps as the node might run them; one factor of the band is drawn for all its setups."""
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
        return replace(step, tail_s=band, drawn_s=value / factors, pace=step.pace / ratio)

    def _ratio(self, setup: Setup, batch: int) -> float | Objection:
        """How many times faster the node's device is than the source's; the roofline is Williams et al., 2009."""
        source, target = self._peaks(setup)
        for peak in (source, target):
            if math.isnan(peak.flops):
                return "not_measured", f"no {setup.precision} peak of {peak.name}: {peak.why}"
        if self.rule.method == "flops_ratio":
            return target.flops / source.flops
        task = self._task(setup, batch)
        if not isinstance(task, Task):
            return task
        for peak in (source, target):
            if math.isnan(peak.bandwidth):
                return "not_measured", f"no memory bandwidth of {peak.name}: {peak.why}"
        least_s = [max(task.flops / peak.flops, task.least_bytes / peak.bandwidth) for peak in (source, target)]
        return least_s[0] / least_s[1]

    def _task(self, setup: Setup, batch: int) -> Task | Objection:
        counts = self.evidence.facts.get((setup.model, setup.resolution), {})
        work, macs, weights = counts.get("work"), counts.get("macs"), counts.get("weight_bytes")
        if not isinstance(work, (list, tuple)) or not work or not macs or not weights:
            return "not_measured", f"the bytes of {setup.model}@{setup.resolution} were not counted"
        if setup.precision not in WITH_ROOF:
            return "not_measured", f"the bytes that {setup.precision} moves are unknown"
        return Task(macs, batch, setup.resolution, setup.precision, weights, work)

    def _peaks(self, setup: Setup) -> tuple[DevicePeak, DevicePeak]:
        """Of source and node, both with the threads that the setup runs."""
        busy, precision, abilities = self.busy_cores(setup), setup.precision, self.evidence.abilities
        source_cores = _used(busy, self.source.cores or self.evidence.cores)
        return (
            device_peak(self.source, source_cores, abilities, self.chips, precision),
            device_peak(self.node, _used(busy, self.cores), (), self.chips, precision),
        )


def _used(busy: int | None, cores: int | None) -> int | None:
    """Cores that are used of those there are; more threads than cores share them."""
    return min((count for count in (busy, cores) if count is not None), default=None)


def device_peak(
    node: Node, cores: int | None, abilities: tuple[Ability, ...], chips: Mapping[str, Chip], precision: str
) -> DevicePeak:
    """Peaks of one device of a node: the catalogue's, or measured ones of a processor that is not in it.

    Those of a processor are the share of ``cores``, the ones in use, in those of its chip or of the measurement.
    """
    chip = chips.get(node.accelerator)
    if chip is None:
        return _measured_peak(node, cores, abilities, precision)
    share = cores / chip.cores if chip.cores and cores else 1.0
    part = f"{cores} of its {chip.cores} cores at base clock" if chip.cores else "the catalogue"
    flops, bandwidth = chip.peak(precision) or math.nan, chip.bandwidth or math.nan
    return DevicePeak(f"{chip.id} ({part})", flops * share, bandwidth * share)


def _measured_peak(node: Node, cores: int | None, abilities: tuple[Ability, ...], precision: str) -> DevicePeak:
    """Peaks measured with as many threads as cores are in use; else the share of those with most threads."""
    of_cpu = [ability for ability in abilities if ability.device == CPU]
    if not of_cpu:
        return DevicePeak(node.id, math.nan, math.nan, "its peaks were not measured, and it is not in the catalogue")
    best = max(of_cpu, key=lambda ability: (ability.threads == cores, ability.threads))
    share = min(1.0, cores / best.threads) if cores else 1.0
    streams = [best.bandwidth[name].best for name in ("copy", "triad") if name in best.bandwidth]
    peak = best.matmul.get(PRECISIONS[precision].product) if precision in PRECISIONS else None
    threads = number_of("thread")(best.threads)
    name = f"{node.id} (measured peaks, {threads if share == 1 else f'{cores} of {threads}'})"
    flops = peak.best if peak else math.nan
    return DevicePeak(name, flops * share, max(streams, default=math.nan) * share, "not measured")
