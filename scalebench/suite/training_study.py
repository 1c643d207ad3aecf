"""Training study: matched variants trained from scratch on the same images.

One run is one round of a case of mode ``training_study``; ``training_runs.py`` says which runs a study needs.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from scalebench.suite.case import TRAINING_STUDY, Case
from scalebench.suite.protocol import Protocol
from scalebench.userdirs import cache_folder

BASE, COMPOUND = "base", "compound"
AXES = ("depth", "width", "resolution")
BASE_RANGE = (0.55, 0.85)
"""Accuracy of the base for which there is a verdict: outside, all variants would tie near chance or near the top."""
ALL = "all images"
"""Name of the only set of tests of a folder."""
CLASSES = ("none", "scratch", "dent", "chip")
SCRATCH = CLASSES.index("scratch")


@dataclass(frozen=True)
class Damage:
    """Parameters of the synthetic images of damage; lengths in pixels, levels of grey of 255.

    Attributes:
        side: of the images.
        scratch_widths: full widths at half maximum; training images have all of them, tests have each on its own.
        scratch_levels, dent_levels, chip_levels: smallest and largest contrast.
        chip_radii, dent_radii: smallest and largest radius at which a Gaussian has fallen to 1/e.
        noise: standard deviation of the sensor's noise.
        seed: of all images.
        version: of the generator.
    """

    side: int = 128
    scratch_widths: tuple[float, ...] = (1.0, 2.0, 4.0)
    scratch_levels: tuple[float, float] = (60.0, 140.0)
    dent_levels: tuple[float, float] = (60.0, 110.0)
    chip_levels: tuple[float, float] = (70.0, 140.0)
    chip_radii: tuple[float, float] = (1.6, 3.6)
    dent_radii: tuple[float, float] = (6.0, 16.0)
    noise: float = 4.0
    seed: int = 20190528
    version: int = 1


@dataclass(frozen=True)
class TrainingStudy:
    """What is trained, on what, and how often.

    Attributes:
        budget: name of the row of ``BUDGETS``.
        images, epochs: images of an epoch, and epochs of a run.
        seeds: runs of each variant; a seed decides initial weights, order and flips.
        validation: images that choose a learning rate.
        test: images of each set of tests.
        learning_rates: candidates on the base.
        batch: images per step.
        side: of the images before they are resized for a variant, pixels.
        damage: parameters of synthetic images; None with a folder.
        folder: name under which ``labelled_images.kept`` has the user's images; empty without.
        depth_epochs: times the epochs that depth is trained once more with; 0 leaves that out.
    """

    budget: str
    images: int
    epochs: int
    seeds: int
    validation: int
    test: int
    learning_rates: tuple[float, ...] = (3e-3, 1e-2, 3e-2)
    batch: int = 64
    side: int = Damage.side
    damage: Damage | None = None
    folder: str = ""
    depth_epochs: int = 0

    @property
    def data(self) -> str:
        """Name of the images, with a digest of what they are made from."""
        if self.damage is None:
            return self.folder
        content = [asdict(self.damage), self.images, self.validation, self.test]
        return f"damage-{hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]}"

    @property
    def cache(self) -> Path:
        """Folder of the drawn images; they can be drawn again at any time."""
        return cache_folder("study") / self.data

    def case(self, variant: Case, run: TrainingRun) -> Case:
        """The case of a run; ``variant`` has its model, resolution and device."""
        recipe = f"{run.epochs} epochs of {self.images} images, learning rate {run.rate:g}"
        return replace(
            variant, mode=TRAINING_STUDY, batch=self.batch, layout="channels_last", threads=1, optimizer="adamw",
            data=self.data, recipe=recipe, protocol=Protocol(),
        )  # fmt: skip


def study_from_json(content: dict[str, Any]) -> TrainingStudy:
    """Build a study from ``asdict`` output."""
    damage = content["damage"]
    if damage is not None:
        pairs: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in damage.items()
        }
        damage = Damage(**pairs)
    return TrainingStudy(**{**content, "learning_rates": tuple(content["learning_rates"]), "damage": damage})


BUDGETS = {
    "smoke": TrainingStudy("smoke", images=64, epochs=2, seeds=2, validation=32, test=32, batch=16),
    "look": TrainingStudy("look", images=2500, epochs=10, seeds=3, validation=1000, test=2000),
    "decide": TrainingStudy("decide", images=2500, epochs=10, seeds=9, validation=1000, test=2000),
}
"""Sizes by name: a minute, 40 minutes and two hours on two cores. ``decide`` continues ``look`` with more seeds."""


@dataclass(frozen=True)
class TrainingRun:
    """One training run.

    Attributes:
        method: of the variant, or ``BASE``.
        rate: largest learning rate of its schedule.
        seed: number of the round.
        epochs: of the run.
    """

    method: str
    rate: float
    seed: int
    epochs: int
