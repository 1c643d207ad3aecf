"""Measured accuracies behind a plan: top-1 of each configuration on one set of labelled images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scalebench.analysis.classification import Classified, chance_of, drawn_shares, top1
from scalebench.analysis.measured_accuracy import classified
from scalebench.analysis.resampling import generator
from scalebench.analysis.stats import Estimate
from scalebench.errors import did_you_mean
from scalebench.procure.load_plan import PlanFile
from scalebench.procure.serving import Objection, Setup
from scalebench.record import Record
from scalebench.store.jsonl import read_results, result_files
from scalebench.suite.case import CLASSIFYING, Case
from scalebench.units import digits

_LOCATION = ("workload", "accuracy")
Configuration = tuple[str, int, str, str, str]
"""Model, resolution, precision, layout and runtime."""
DrawnAccuracies = Mapping[Configuration, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class MeasuredAccuracies:
    """Classifications by model, resolution, precision, layout and runtime, all of the same images.

    Attributes:
        images: name of the images.
        files: of the records.
    """

    results: Mapping[Configuration, Classified]
    images: str
    files: tuple[Path, ...] = ()

    def objection(self, setup: Setup, metric: str, floor: float) -> Objection | None:
        """Why a setup is not known to be accurate enough; None if it is, or may be.

        int8 was assessed only where it was calibrated on these images: another calibration gives another network.
        """
        result = self.results.get(configuration_of(setup))
        if result is None:
            return "accuracy_not_assessed", f"no {metric} of {setup.label} on {self.images} was measured"
        if setup.precision == "int8" and self.images not in setup.setting.split(", "):
            text = f"int8 was timed with another calibration than the one classified, which is on {self.images}"
            return "accuracy_not_assessed", text
        share = top1(result)
        if share.value >= floor:
            return None
        chance = digits(100 * chance_of(result, floor))
        return "accuracy", (
            f"{metric} {share.value:.4g} of {share.n:,} images is below {floor:g}; at least that with a "
            f"probability of {chance} %"
        )

    def of(self, setup: Setup, floor: float) -> tuple[Estimate, float]:
        """Top-1 of a setup, and the probability that it is at least ``floor``."""
        result = self.results[configuration_of(setup)]
        return top1(result), chance_of(result, floor)

    def draws(self, count: int, seed: int) -> DrawnAccuracies:
        """Joint draws of every accuracy."""
        rng = generator(seed, self.images, "accuracy")
        return dict(zip(self.results, drawn_shares(list(self.results.values()), count, rng), strict=True))


def configuration_of(of: Setup | Case) -> Configuration:
    """What decides which network classifies, of a setup or a case."""
    return of.model, of.resolution, of.precision, of.layout, of.runtime


def gather_accuracies(file: PlanFile) -> MeasuredAccuracies | None:
    """Classifications that a plan names; None where it names none.

    Raises:
        PlanError: no records of classified images, of several sets of images, or of images that differ.
        StoreError: records that cannot be read.
    """
    accuracy, folder = file.plan.workload.accuracy, file.accuracies
    if accuracy is None or folder is None:
        return None
    stored = read_results(result_files([folder]))
    good = [record for record in stored.records if record.case.mode in CLASSIFYING and record.outcome == "ok"]
    sets = sorted({record.case.data for record in good})
    if not sets:
        hint = "scalebench accuracy and mode: [accuracy] make them"
        raise file.error((*_LOCATION, "from"), f"{folder} holds no records of classified images", hint)
    images = accuracy.images or sets[0]
    if images not in sets:
        hint = did_you_mean(images, sets) or f"there are {', '.join(sets)}"
        raise file.error((*_LOCATION, "images"), f"no records of {images!r}", hint)
    if accuracy.images is None and len(sets) > 1:
        raise file.error((*_LOCATION, "from"), f"{folder} holds records of {', '.join(sets)}", "images: names one")
    return MeasuredAccuracies(_alike(file, [r for r in good if r.case.data == images]), images, stored.files)


def _alike(file: PlanFile, records: list[Record]) -> dict[Configuration, Classified]:
    """The newest classification of each configuration.

    Raises:
        PlanError: they are by outputs and by probes, or not all could read the same images.
    """
    newest = {configuration_of(r.case): r for r in sorted(records, key=lambda record: record.started)}
    if len({record.case.mode for record in newest.values()}) > 1:
        raise file.error(
            (*_LOCATION, "from"), "some of these classify by their outputs and some by a probe", "keep one"
        )
    results = {key: classified(record) for key, record in newest.items()}
    if len({(result.true.tobytes(), result.group.tobytes()) for result in results.values()}) > 1:
        raise file.error((*_LOCATION, "from"), "not all of these could read the same images", "mend the images")
    return results
