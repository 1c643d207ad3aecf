"""Intake: what the input pipeline of a node lets through, where images come as photographs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scalebench.analysis.input_pipeline import ENDS, inputs
from scalebench.analysis.stats import Estimate
from scalebench.procure.evidence import NodeEvidence
from scalebench.procure.plan_values import Number
from scalebench.procure.purchase_plan import Images
from scalebench.procure.resampling import drawn_means, generator
from scalebench.procure.service_curves import Objection


@dataclass(frozen=True)
class Intake:
    """Cores that prepare images.

    Attributes:
        per_core_ips: images per second that one core prepares while the others do too.
        drawn_ips: the same under resampled rounds.
        cores: of the node.
        held: cores that the model keeps busy itself while it runs; 0 where it runs on a GPU.
    """

    per_core_ips: Estimate
    drawn_ips: np.ndarray
    cores: int
    held: int

    def capped(self, images_per_s: Number, per_core_ips: Number) -> Number:
        """Images per second of model and preparation together.

        On a GPU the slower of the two. On a processor both want the same cores, so core-seconds per image add up:
        ``held / images_per_s + 1 / per_core_ips``.

        Args:
            images_per_s: of the model alone.
            per_core_ips: of one core that prepares.
        """
        with np.errstate(divide="ignore"):
            of_both = self.cores / (self.held / np.asarray(images_per_s, dtype=float) + 1 / per_core_ips)
        slower = np.minimum(images_per_s, of_both)
        return float(slower) if slower.ndim == 0 else slower


def intake(
    seen: NodeEvidence, images: Images, resolution: int, cores: int | None, draws: int, seed: int
) -> Intake | Objection:
    """What the cores of a node prepare at a resolution, or why that is not known; ``held`` is left at 0.

    Args:
        seen: what was measured of the node.
        images: that come.
        resolution: that the model wants, pixels.
        cores: of the node.
        draws: number of resampled rates.
        seed: of the whole decision.
    """
    what = f"{images.decoder} from {images.camera} to {resolution}"
    found = inputs(seen.prepared)
    found = found[
        (found["decoder"] == images.decoder) & (found["camera"] == images.camera) & (found["resolution"] == resolution)
    ]
    if found.empty:
        return "input_pipeline", f"{what} was not measured on its host"
    if cores is None:
        return "input_pipeline", "the number of cores is not known: give the node cores"
    row = max(found.to_dict("records"), key=lambda one: one["processes"])  # cores that are all busy are slower than one
    value, low, high = (float(row[f"per_core_ips{end}"]) for end in ENDS)
    if not low <= value <= high:
        return "input_pipeline", f"{what} was measured in {int(row['n'])} round, which gives no interval"
    rounds = seen.prepared[seen.prepared["used"].astype(bool) & (seen.prepared["case"] == row["case"])]
    rates = (rounds["throughput_ips"].dropna() / row["processes"]).tolist()
    drawn = drawn_means(rates, draws, generator(seed, row["machine"], row["case"]))
    return Intake(Estimate(value, low, high, int(row["n"])), drawn, cores, 0)


def beside(found: Intake, threads: int) -> Intake:
    """The same on a processor whose model keeps so many threads busy."""
    return replace(found, held=min(threads, found.cores))
