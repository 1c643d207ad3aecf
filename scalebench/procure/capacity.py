"""Capacity at the service level: what one node serves with each setup that was measured, or why it does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import numpy as np

from scalebench.analysis.stats import Estimate
from scalebench.procure import formulas as f
from scalebench.procure.batch_steps import BatchBounds, BatchStep, level, steps
from scalebench.procure.evidence import CPU, Evidence, NodeEvidence
from scalebench.procure.extrapolate import Extrapolation
from scalebench.procure.intake import Intake, beside, intake
from scalebench.procure.purchase_plan import Accuracy, Node, PurchasePlan, Select
from scalebench.procure.service_curves import Objection, ServiceCurve
from scalebench.procure.serving import Capacity, Refusal, Setup

DRAWS = 2000
SEED = 20190528
_GB = 1e9 / 2**30
_LIMITS = {
    "slo": "the service level: batch {} is too slow",
    "memory": "memory: batch {} does not fit",
    "percentile_not_established": "the percentile is not established beyond: batch {}",
}


def capacities(
    plan: PurchasePlan, evidence: Evidence, draws: int = DRAWS, seed: int = SEED
) -> tuple[tuple[Capacity, ...], tuple[Refusal, ...]]:
    """What every node of a plan serves at its service level (F1, F2), and what does not serve, with the reason.

    Args:
        plan: the plan; its quantities count with their values, without their ranges.
        evidence: of its nodes.
        draws: capacities under resampled rounds that come with each; 0 for none.
        seed: of the draws. Nodes with the same machine share their draws, and no draw depends on other setups.
    """
    found = [one for node in plan.nodes for one in _of_node(plan, node, evidence, draws, seed)]
    return (
        tuple(one for one in found if isinstance(one, Capacity)),
        tuple(one for one in found if isinstance(one, Refusal)),
    )


def _of_node(plan: PurchasePlan, node: Node, evidence: Evidence, draws: int, seed: int) -> Iterator[Capacity | Refusal]:
    source = node if node.estimate is None else plan.node(node.estimate.from_)
    seen = evidence.nodes[source.id]
    if seen.imported:
        text = (
            f"{seen.imported} cases of {source.machine} are imported: one value each, which establishes no percentile"
        )
        yield Refusal(node.id, None, "imported", text)
        return
    chosen = [curve for curve in seen.curves if _selected(plan.workload.select, curve.setup)]
    if not chosen:
        yield Refusal(node.id, None, "not_measured", f"nothing that the plan selects was measured on {source.machine}")
    guess = None if node.estimate is None else Extrapolation(source, node, seen, evidence.chips)
    for curve in chosen:
        yield _Service(plan, node, seen, guess, evidence, draws, seed, curve).found()


@dataclass(frozen=True)
class _Service:
    """One setup on one node."""

    plan: PurchasePlan
    node: Node
    seen: NodeEvidence
    guess: Extrapolation | None
    evidence: Evidence
    draws: int
    seed: int
    curve: ServiceCurve

    def found(self) -> Capacity | Refusal:
        accuracy = _accuracy_objection(self.plan.workload.accuracy, self.curve.setup)
        if accuracy is not None:
            return self._refused(accuracy)
        at, tried = level(self.plan, self._memory_gib()), self._steps()
        objections = [at.objection(step) for step in tried]
        if None not in objections:
            return self._refused(next(one for one in objections if one is not None))
        impossible = self._impossible(tried)
        if impossible is not None:
            return self._refused(impossible)
        fed = self._intake()
        if isinstance(fed, tuple):
            return self._refused(fed)
        return self._capacity(at, tried, objections, fed)

    def _capacity(
        self, at: BatchBounds, tried: Sequence[BatchStep], objections: Sequence[Objection | None], fed: Intake | None
    ) -> Capacity:
        serving = [index for index, objection in enumerate(objections) if objection is None]
        rates = {index: _capped(self._rate(tried[index]), fed) for index in serving}
        counted = {index: rate.low if at.careful else rate.value for index, rate in rates.items()}
        best = max(serving, key=lambda index: counted[index])
        step = tried[best]
        return Capacity(
            node=self.node.id,
            setup=self.curve.setup,
            batch=step.batch,
            images_per_s=rates[best],
            counted_on=counted[best],
            tail_s=step.tail_s,
            worst_s=at.worst_s(step),
            draws=self._drawn(at, tried, fed),
            limit=self._limit(rates[best], step, fed, tried, objections, best),
            origin="measured" if self.guess is None else "extrapolated",
            machine=self.seen.environment.machine,
            n=step.tail_s.n,
            memory_bytes=step.memory_bytes,
            notes=(*self._notes(fed), *self.seen.notes, *step.notes),
        )

    def _impossible(self, tried: Sequence[BatchStep]) -> Objection | None:
        """F14, on GPUs: the catalogue's peaks of processors are at base clock, and so no bound."""
        setup, chip = self.curve.setup, self.evidence.chips.get(self.node.accelerator)
        peak = chip.peak(setup.precision) if chip is not None and chip.kind != CPU else None
        macs = self.seen.facts.get((setup.model, setup.resolution), {}).get("macs")
        if self.guess is not None or peak is None or not macs:
            return None
        reached = max(float(self._rate(step).value) for step in tried if step.obstacle is None) / self._devices
        share = f.share_of_peak(macs, reached, peak)
        if share <= 1:
            return None
        return (
            "wrong",
            f"{reached:.4g} img/s would be {share:.2f} of the {setup.precision} peak of {self.node.accelerator}",
        )

    def _rate(self, step: BatchStep) -> Estimate:
        """Images per second of all devices (F1): the slow end of the service time is the low end of the rate."""
        many, tail = self.curve.setup.instances * self._devices, step.tail_s
        value, low, high = (many * float(f.rate(step.batch, s)) for s in (tail.value, tail.high, tail.low))
        return Estimate(value, low, high, tail.n)

    def _drawn(self, at: BatchBounds, tried: Sequence[BatchStep], fed: Intake | None) -> tuple[float, ...]:
        each = [self._devices * at.drawn_ips(step, self.curve.setup.instances) for step in tried]
        best = np.max(each, axis=0)
        capped = best if fed is None else np.asarray(fed.capped(best, fed.drawn_ips))
        return tuple(capped.tolist())

    def _limit(
        self, rate: Estimate, step: BatchStep, fed: Intake | None, tried: Sequence[BatchStep],
        objections: Sequence[Objection | None], best: int,
    ) -> str:  # fmt: skip
        if fed is not None and rate.value < self._rate(step).value:
            return f"the input pipeline on {fed.cores} cores"
        if best + 1 == len(tried):
            return "the largest batch measured"
        objection, following = objections[best + 1], tried[best + 1].batch
        if objection is None:
            return "the machine: larger batches serve no more"
        return _LIMITS.get(objection[0], "batch {} was not measured well").format(following)

    def _steps(self) -> tuple[BatchStep, ...]:
        measured = steps(self.curve, self.plan.workload.slo.percentile, self.draws, self.seed)
        return measured if self.guess is None else self.guess.steps(self.curve, measured, self.seed)

    def _intake(self) -> Intake | Objection | None:
        if self.plan.workload.images is None:
            return None
        cores = self.guess.cores if self.guess is not None else self.node.cores or self.seen.cores
        setup = self.curve.setup
        found = intake(self.seen, self.plan.workload.images, setup.resolution, cores, self.draws, self.seed)
        if not isinstance(found, Intake) or not self._on_cpu:
            return found
        # Extrapolated is what a whole node does; how many of its cores that takes, nobody has seen: all of them.
        return beside(found, found.cores if self.guess is not None else setup.threads * setup.instances)

    def _refused(self, objection: Objection) -> Refusal:
        return Refusal(self.node.id, self.curve.setup, *objection)

    @property
    def _on_cpu(self) -> bool:
        if self.guess is None:
            return self.seen.on_cpu
        chip = self.evidence.chips.get(self.node.accelerator)
        return self.node.accelerator == CPU or (chip is not None and chip.kind == "cpu")

    @property
    def _devices(self) -> int:
        """Devices that each do what was measured of one; a processor is measured with all of its sockets."""
        return 1 if self._on_cpu else self.node.count

    def _memory_gib(self) -> float | None:
        if self.node.memory_gib is not None or self.guess is None:
            return self.node.memory_gib or self.seen.memory_gib
        chip = self.evidence.chips.get(self.node.accelerator)
        return None if chip is None or chip.memory_gb is None else chip.memory_gb * _GB

    def _notes(self, fed: Intake | None) -> Iterator[str]:
        if self.guess is not None:
            yield self.guess.note(self.curve.setup.precision)
            if fed is not None:
                yield f"images prepared per core as on {self.guess.source.id}"
        if self._devices > 1:
            yield f"measured on one device, times {self._devices}"
        if fed is not None and self._on_cpu:
            yield "timed without the input pipeline beside it, which shares its cores"


def _selected(select: Select, setup: Setup) -> bool:
    return (
        (not select.models or any(fnmatchcase(setup.model, glob) for glob in select.models))
        and (not select.resolutions or setup.resolution in select.resolutions)
        and (not select.precisions or setup.precision in select.precisions)
        and (not select.runtimes or setup.runtime in select.runtimes)
    )


def _accuracy_objection(wanted: Accuracy | None, setup: Setup) -> Objection | None:
    if wanted is None:
        return None
    name = f"{setup.model}@{setup.resolution}"
    reached = wanted.values.get(name)
    if reached is None:
        return "accuracy_not_assessed", f"the plan gives no {wanted.metric} of {name}"
    if reached.value < wanted.min.value:
        return "accuracy", f"{wanted.metric} {reached.value:g} of {name} is below {wanted.min.value:g}"
    return None


def _capped(rate: Estimate, fed: Intake | None) -> Estimate:
    """End by end: the slowest the model may be with the slowest that the preparation may be."""
    if fed is None:
        return rate
    each = fed.per_core_ips
    value, low, high = (
        float(fed.capped(model, core))
        for model, core in ((rate.value, each.value), (rate.low, each.low), (rate.high, each.high))
    )
    return replace(rate, value=value, low=low, high=high)
