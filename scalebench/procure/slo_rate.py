"""The highest rate of random arrivals at which one setup meets the service level on a whole node (F2)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from scalebench.analysis.stats import Estimate
from scalebench.procure import formulas as f
from scalebench.procure.latency_table import LatencyTable, highest_rate, latency_table
from scalebench.procure.preprocessing import Preprocessing
from scalebench.procure.quantity import Number
from scalebench.procure.service_curves import BatchStep
from scalebench.procure.serving import LatencyCurve


def table_of(steps: tuple[BatchStep, ...], copies: int, percentile: float) -> LatencyTable:
    """Latencies of one device whose largest batch is the last step, at the pace at which that one was measured."""
    pace = steps[-1].pace
    sizes = tuple(
        (step.batch, tuple(tuple(lap * (step.pace / pace) for lap in laps) for laps in step.laps))
        for step in steps
        if step.obstacle is None
    )
    return latency_table(sizes, copies, percentile)


@dataclass(frozen=True)
class ArrivalCurve:
    """Latency over arrivals on a node with batches up to ``step``.

    Attributes:
        table: of one device, at the pace at which the step was measured.
        devices: each with a queue of its own and an equal share of the arrivals.
        preprocessing: on the cores of the node, if images arrive as photographs.
    """

    table: LatencyTable
    step: BatchStep
    devices: int
    preprocessing: Preprocessing | None

    def highest_ips(self, limit_s: float, tail_s: Number, per_core_ips: Number) -> np.ndarray:
        """Highest rate with the percentile within ``limit_s``, images per second.

        Args:
            tail_s: percentile of the service time, one for each case.
            per_core_ips: images that a core prepares per second, one for each case.
        """
        return highest_rate(*self._over_rates(tail_s, per_core_ips), limit_s)

    def latency_s(self, rate_ips: float, tail_s: float, per_core_ips: float) -> float:
        """Percentile of the latencies at a rate, seconds."""
        (rates,), (latencies,) = self._over_rates(tail_s, per_core_ips)
        return float(np.interp(rate_ips, rates, latencies))

    def curves(self, tail_s: Number, per_core_ips: Number, overhead_s: float) -> tuple[LatencyCurve, ...]:
        """Latencies over the rates with ``overhead_s`` added, a curve for each case."""
        rates, latencies = self._over_rates(tail_s, per_core_ips)
        return tuple(map(LatencyCurve, map(tuple, rates.tolist()), map(tuple, (latencies + overhead_s).tolist())))

    def _over_rates(self, tail_s: Number, per_core_ips: Number) -> tuple[np.ndarray, np.ndarray]:
        """Rates and latencies, shape (cases, rates).

        Where the cores prepare images at the same time, model and latencies are slower by the factor by which the
        rate of both together is below that of the model alone.
        """
        factor = np.atleast_1d(self.step.factor(tail_s))[:, None]
        rates, latencies = self.devices * self.table.rates_ips / factor, self.table.latency_s * factor
        if self.preprocessing is None:
            return rates, latencies
        together = np.asarray(self.preprocessing.cap(rates, np.atleast_1d(per_core_ips)[:, None]))
        return together, latencies * rates / together


@dataclass(frozen=True)
class BatchRates:
    """Rates of a node with batches up to one size, images per second.

    Attributes:
        index: of the batch.
        full: full batches back to back (F1).
        slo: highest rate of random arrivals within the service level (F2).
        careful: whether lower ends count, not values.
        max_utilisation: of the plan.
        latency_s: percentile of the latencies at the planned rate, overhead included, seconds.
        curves: see ``Capacity``.
    """

    index: int
    full: Estimate
    slo: Estimate
    careful: bool
    max_utilisation: float
    latency_s: float = math.nan
    curves: Mapping[str, LatencyCurve] = field(default_factory=dict)

    def counted(self, rate: Estimate) -> float:
        """The end of an interval that counts."""
        return rate.low if self.careful else rate.value

    @property
    def planned_ips(self) -> float:
        """Most that a node is planned for, images per second."""
        return float(f.planned_ips(self.counted(self.full), self.counted(self.slo), self.max_utilisation))
