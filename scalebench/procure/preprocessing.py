"""Preprocessing: how many images per second the cores of a node prepare, where images arrive as photographs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scalebench.analysis.input_pipeline import ENDS, inputs
from scalebench.analysis.resampling import drawn_means, generator
from scalebench.analysis.stats import Estimate
from scalebench.procure.evidence import NodeEvidence
from scalebench.procure.purchase_plan import Images
from scalebench.procure.quantity import Number
from scalebench.procure.serving import Objection


@dataclass(frozen=True)
class Preprocessing:
    """Cores that prepare images.

    Attributes:
        per_core_ips: images per second that one core prepares while the others do too.
        drawn_ips: the same, drawn from the distribution of its mean.
        cores: of the node.
        busy: cores that the model itself keeps busy while it runs; 0 if it runs on a GPU.
    """

    per_core_ips: Estimate
    drawn_ips: np.ndarray
    cores: int
    busy: int = 0

    def cap(self, model_ips: Number, per_core_ips: Number) -> Number:
        """Images per second of model and preprocessing together, from that of the model alone and that of one core.

        On a GPU the slower of the two. On a processor both need the same cores, so core-seconds per image add up:
        ``busy / model_ips + 1 / per_core_ips``.
        """
        with np.errstate(divide="ignore"):
            together = self.cores / (self.busy / np.asarray(model_ips, dtype=float) + 1 / per_core_ips)
        slower = np.minimum(model_ips, together)
        return float(slower) if slower.ndim == 0 else slower

    def cap_estimate(self, model: Estimate) -> Estimate:
        """The same end by end: the lowest rate of the model with the lowest of the preprocessing."""
        value, low, high = (
            float(self.cap(getattr(model, end), getattr(self.per_core_ips, end))) for end in ("value", "low", "high")
        )
        return replace(model, value=value, low=low, high=high)


def measured_preprocessing(
    evidence: NodeEvidence, images: Images, resolution: int, cores: int | None, draws: int, seed: int
) -> Preprocessing | Objection:
    """What the cores of a node prepare at a resolution in pixels, or why that is unknown; ``busy`` is left at 0."""
    what = f"{images.decoder} from {images.camera} to {resolution}"
    table = inputs(evidence.prepared)
    table = table[
        (table["decoder"] == images.decoder) & (table["camera"] == images.camera) & (table["resolution"] == resolution)
    ]
    if table.empty:
        return "input_pipeline", f"{what} was not measured on its host"
    if cores is None:
        return "input_pipeline", "the number of cores is unknown: set cores of the node"
    row = max(table.to_dict("records"), key=lambda row: row["processes"])  # cores are slower when all are busy
    value, low, high = (float(row[f"per_core_ips{end}"]) for end in ENDS)
    if not low <= value <= high:
        return "input_pipeline", f"{what} was measured in {int(row['n'])} round, which gives no interval"
    rounds = evidence.prepared[evidence.prepared["used"].astype(bool) & (evidence.prepared["case"] == row["case"])]
    rates = (rounds["throughput_ips"].dropna() / row["processes"]).tolist()
    drawn = drawn_means(rates, draws, generator(seed, row["machine"], row["case"]))
    drawn = drawn / evidence.session_factors(draws, seed)
    return Preprocessing(Estimate(value, low, high, int(row["n"])), drawn, cores)
