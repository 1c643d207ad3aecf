"""Capacity at the service level: what one node serves with each setup that was measured, or why it does not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from scalebench.analysis.stats import Estimate, across_sessions, exact
from scalebench.procure import formulas as f
from scalebench.procure.accuracy_evidence import DrawnAccuracies, configuration_of
from scalebench.procure.eligible import accuracy_objection, selected
from scalebench.procure.evidence import CPU, Evidence, NodeEvidence
from scalebench.procure.extrapolate import Extrapolation
from scalebench.procure.latency_table import LatencyTable
from scalebench.procure.preprocessing import Preprocessing, measured_preprocessing
from scalebench.procure.purchase_plan import Node, PurchasePlan
from scalebench.procure.quantity import Number
from scalebench.procure.service_curves import BatchBounds, BatchStep, ServiceCurve, steps
from scalebench.procure.serving import Capacity, Objection, Refusal
from scalebench.procure.slo_rate import ArrivalCurve, BatchRates, table_of

DRAWS = 2000
SEED = 20190528
_GB = 1e9 / 2**30
_LIMITS = {
    "memory": "memory: batch {} does not fit",
    "percentile_not_established": "the percentile is not established beyond: batch {}",
}


def capacities(
    plan: PurchasePlan, evidence: Evidence, draws: int = DRAWS, seed: int = SEED
) -> tuple[tuple[Capacity, ...], tuple[Refusal, ...]]:
    """What every node of a plan serves at its service level (F1, F2), and what does not serve, with the reason.

    The plan's quantities count with their values, without their ranges. Each capacity comes with ``draws`` more of
    drawn service times. Nodes with the same machine share their draws, and no draw depends on other setups.
    """
    accuracies = evidence.accuracies.draws(draws, seed) if evidence.accuracies else {}
    results = [result for node in plan.nodes for result in _of_node(plan, node, evidence, draws, seed, accuracies)]
    return (
        tuple(result for result in results if isinstance(result, Capacity)),
        tuple(result for result in results if isinstance(result, Refusal)),
    )


def _of_node(
    plan: PurchasePlan, node: Node, evidence: Evidence, draws: int, seed: int, accuracies: DrawnAccuracies
) -> Iterator[Capacity | Refusal]:
    source = node if node.estimate is None else plan.node(node.estimate.from_)
    measured = evidence.nodes[source.id]
    if measured.imported:
        text = (
            f"{measured.imported} cases of {source.machine} are imported: one value each, which establishes no "
            "percentile"
        )
        yield Refusal(node.id, None, "imported", text)
        return
    curves = [curve for curve in measured.curves if selected(plan.workload.select, curve.setup)]
    if not curves:
        yield Refusal(node.id, None, "not_measured", f"nothing that the plan selects was measured on {source.machine}")
    rule = node.estimate
    estimate = None if rule is None else Extrapolation(source, node, rule, measured, evidence.chips)
    for curve in curves:
        yield _SetupOnNode(plan, node, measured, estimate, evidence, draws, seed, curve, accuracies).result()


@dataclass(frozen=True)
class _SetupOnNode:
    """One setup on one node; ``measured`` is the evidence of the node, or of the one it is extrapolated from."""

    plan: PurchasePlan
    node: Node
    measured: NodeEvidence
    estimate: Extrapolation | None
    evidence: Evidence
    draws: int
    seed: int
    curve: ServiceCurve
    accuracies: DrawnAccuracies

    def result(self) -> Capacity | Refusal:
        objection = accuracy_objection(self.plan.workload.accuracy, self.curve.setup, self.evidence.accuracies)
        if objection is None:
            objection = self._impossible() if None in self._objections else self._objections[0]
        result = objection or self._preprocessing()
        if isinstance(result, tuple):
            return Refusal(self.node.id, self.curve.setup, *result)
        return self._capacity(result)

    def _capacity(self, preprocessing: Preprocessing | None) -> Capacity:
        rates = [
            self._served(index, preprocessing) for index, objection in enumerate(self._objections) if objection is None
        ]
        best = max(rates, key=lambda rate: rate.planned_ips)
        step, (draws, slo_draws) = self._batches[best.index], self._drawn(preprocessing)
        return Capacity(
            node=self.node.id,
            setup=self.curve.setup,
            batch=step.batch,
            images_per_s=best.full,
            counted_on=best.counted(best.full),
            slo_images_per_s=best.slo,
            slo_counted_on=best.counted(best.slo),
            tail_s=step.tail_s,
            latency_s=best.latency_s,
            draws=draws,
            slo_draws=slo_draws,
            limit=self._limit(best, preprocessing),
            origin="measured" if self.estimate is None else "extrapolated",
            machine=self.measured.environment.machine,
            n=step.tail_s.n,
            memory_bytes=step.memory_bytes,
            sessions=self.measured.sessions,
            notes=(*self._notes(preprocessing), *self.measured.notes, *step.notes),
            curves=best.curves,
            **self._accuracy,
        )

    @property
    def _accuracy(self) -> dict[str, Any]:
        measured, asked = self.evidence.accuracies, self.plan.workload.accuracy
        if measured is None or asked is None:
            return {}
        return dict(zip(("accuracy", "accurate"), measured.of(self.curve.setup, asked.min.value), strict=True))

    @property
    def _is_accurate(self) -> Number:
        """Whether the accuracy is at least the minimum, in each draw."""
        asked, drawn = self.plan.workload.accuracy, self.accuracies.get(configuration_of(self.curve.setup))
        return 1.0 if asked is None or drawn is None else drawn >= asked.min.value

    @cached_property
    def _batches(self) -> tuple[BatchStep, ...]:
        measured = steps(self.curve, self.plan.workload.slo.percentile, self.draws, self.seed)
        if self.estimate is not None:
            return self.estimate.steps(self.curve, measured, self.seed)
        spread, sessions = self.measured.spread, self.measured.sessions
        factors = self.measured.session_factors(self.draws, self.seed)
        return tuple(
            replace(step, tail_s=across_sessions(step.tail_s, spread, sessions), drawn_s=step.drawn_s * factors)
            for step in measured
        )

    @cached_property
    def _bounds(self) -> BatchBounds:
        chip, memory_gib = self.evidence.chips.get(self.node.accelerator), self.node.memory_gib
        if memory_gib is None and self.estimate is None:
            memory_gib = self.measured.memory_gib
        elif memory_gib is None and chip is not None and chip.memory_gb is not None:
            memory_gib = chip.memory_gb * _GB
        return BatchBounds.of(self.plan, memory_gib)

    @cached_property
    def _objections(self) -> tuple[Objection | None, ...]:
        """Why each batch does not serve; None for those that do."""
        return tuple(
            self._bounds.objection(step) or self._bounds.too_slow(step, self._tables[index].latency_s[0])
            for index, step in enumerate(self._batches)
        )

    @cached_property
    def _tables(self) -> Mapping[int, LatencyTable]:
        """Simulated latencies by index of the largest batch, of those that can be used."""
        copies, percentile = self.curve.setup.instances, self.plan.workload.slo.percentile
        return {
            index: table_of(self._batches[: index + 1], copies, percentile)
            for index, step in enumerate(self._batches)
            if self._bounds.objection(step) is None
        }

    def _impossible(self) -> Objection | None:
        """F14: of the value on a measured GPU, of the lower end of the band on an extrapolated node.

        A measured processor is not checked: the catalogue's peaks are at base clock, so they are no upper bound.
        """
        setup, chip = self.curve.setup, self.evidence.chips.get(self.node.accelerator)
        macs = self.measured.facts.get((setup.model, setup.resolution), {}).get("macs")
        if self.estimate is not None:
            peak: float | None = self.estimate.peak(setup)
        else:
            peak = chip.peak(setup.precision) if chip is not None and not chip.is_processor else None
        if peak is None or not macs:
            return None
        rates = [self._rate(step) for step in self._batches if step.obstacle is None]
        reached = max(r.value if self.estimate is None else r.low for r in rates) / self._devices
        share = f.share_of_peak(macs, reached, peak)
        return None if share <= 1 else (
            "wrong",
            f"{reached:.4g} img/s would be {share:.2f} of the {setup.precision} peak of {self.node.accelerator}",
        )  # fmt: skip

    def _rate(self, step: BatchStep) -> Estimate:
        """Images per second of all devices (F1): the upper end of the service time is the lower end of the rate."""
        copies, tail = self.curve.setup.instances * self._devices, step.tail_s
        value, low, high = (copies * float(f.rate(step.batch, s)) for s in (tail.value, tail.high, tail.low))
        return Estimate(value, low, high, tail.n)

    def _served(self, index: int, preprocessing: Preprocessing | None) -> BatchRates:
        """What the node serves with batches up to one size."""
        step, bounds = self._batches[index], self._bounds
        arrivals, tail = ArrivalCurve(self._tables[index], step, self._devices, preprocessing), step.tail_s
        per_core = exact(math.inf) if preprocessing is None else preprocessing.per_core_ips
        full = self._rate(step) if preprocessing is None else preprocessing.cap_estimate(self._rate(step))
        ends = np.array([tail.value, tail.high, tail.low]), np.array([per_core.value, per_core.low, per_core.high])
        value, low, high = arrivals.highest_ips(bounds.service_limit_s, *ends)
        slo = Estimate(float(value), float(low), float(high), tail.n)
        served = BatchRates(index, full, slo, bounds.careful, self.plan.policy.max_utilisation.value)
        latency_s = arrivals.latency_s(served.planned_ips, bounds.service_s(step), served.counted(per_core))
        curves = dict(zip(("value", "low", "high"), arrivals.curves(*ends, bounds.overhead_s), strict=True))
        return replace(served, latency_s=latency_s + bounds.overhead_s, curves=curves)

    def _drawn(self, preprocessing: Preprocessing | None) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Full batches and the service level with drawn service times; each draw with the batch that is best there."""
        per_core: Number = math.inf if preprocessing is None else preprocessing.drawn_ips
        full, slo = np.zeros((2, len(self._batches), self.draws))
        for index, table in self._tables.items():
            step = self._batches[index]
            model = self._devices * self.curve.setup.instances * f.rate(step.batch, step.drawn_s)
            full[index] = model if preprocessing is None else preprocessing.cap(model, per_core)
            arrivals = ArrivalCurve(table, step, self._devices, preprocessing)
            slo[index] = arrivals.highest_ips(self._bounds.service_limit_s, step.drawn_s, per_core)
        full, slo = full * self._is_accurate, slo * self._is_accurate
        planned = f.planned_ips(full, slo, self.plan.policy.max_utilisation.value)
        best = np.argmax(planned, axis=0), np.arange(self.draws)
        return tuple(np.where(slo[best] > 0, full[best], 0.0).tolist()), tuple(slo[best].tolist())

    def _limit(self, best: BatchRates, preprocessing: Preprocessing | None) -> str:
        if best.counted(best.slo) <= best.planned_ips:
            return "the service level under random arrivals"
        if preprocessing is not None and best.full.value < self._rate(self._batches[best.index]).value:
            return f"the input pipeline on {preprocessing.cores} cores"
        larger = best.index + 1
        if larger == len(self._batches):
            return "the largest batch measured"
        objection = self._objections[larger]
        if objection is None:
            return "the machine: larger batches serve no more"
        return _LIMITS.get(objection[0], "batch {} has no valid measurement").format(self._batches[larger].batch)

    def _preprocessing(self) -> Preprocessing | Objection | None:
        """None where images arrive prepared."""
        images, setup = self.plan.workload.images, self.curve.setup
        if images is None:
            return None
        cores = self.estimate.cores if self.estimate is not None else self.node.cores or self.measured.cores
        result = measured_preprocessing(self.measured, images, setup.resolution, cores, self.draws, self.seed)
        if not isinstance(result, Preprocessing) or not self._on_cpu:
            return result
        # A rate extrapolated from a GPU is that of a whole processor: it takes all cores.
        threads = setup.threads * setup.instances if self.estimate is None else self.estimate.busy_cores(setup)
        return replace(result, busy=min(threads or result.cores, result.cores))

    @property
    def _on_cpu(self) -> bool:
        if self.estimate is None:
            return self.measured.on_cpu
        chip = self.evidence.chips.get(self.node.accelerator)
        return self.node.accelerator == CPU or (chip is not None and chip.is_processor)

    @property
    def _devices(self) -> int:
        """Devices that each serve what was measured of one; a processor is measured with all of its sockets."""
        return 1 if self._on_cpu else self.node.count

    def _notes(self, preprocessing: Preprocessing | None) -> Iterator[str]:
        if self.estimate is not None:
            yield self.estimate.note(self.curve.setup)
            if preprocessing is not None:
                yield f"images prepared per core as on {self.estimate.source.id}"
        if self._devices > 1:
            yield f"measured on one device, times {self._devices}"
        if preprocessing is not None and self._on_cpu:
            yield "timed without the input pipeline, which shares its cores"
