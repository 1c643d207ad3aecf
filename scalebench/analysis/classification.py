"""Accuracy of classifiers on the same images: shares and F1 with intervals, and paired differences.

Images are the unit, or the groups of images that belong together (photographs of one car): then whole groups are
resampled, because their images fail together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from scalebench.analysis.stats import LEVEL, Estimate, resampled, unknown

DRAWS = 2000
_SEED = 20190528

Labels = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Classified:
    """What a classifier said of the test images that all classifiers compared could read.

    Attributes:
        true, predicted: class of each image.
        group: number of its group; of images on their own, all different.
        classes: number of classes.
    """

    true: Labels
    predicted: Labels
    group: Labels
    classes: int

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Whether each image was classified correctly."""
        return np.equal(self.true, self.predicted)

    @property
    def grouped(self) -> bool:
        """Whether any two images belong together."""
        return len(np.unique(self.group)) < len(self.group)


def top1(result: Classified) -> Estimate:
    """Share of images classified correctly, with Wilson's interval; of groups, the percentile interval."""
    return _share(result.right, result)


def per_class(result: Classified) -> dict[int, Estimate]:
    """The same of the images of each class (recall); without a value where it has no test image."""
    found = {}
    for label in range(result.classes):
        own = result.true == label
        part = Classified(result.true[own], result.predicted[own], result.group[own], result.classes)
        found[label] = _share(part.right, part) if own.any() else unknown()
    return found


def macro_f1(result: Classified) -> Estimate:
    """Mean over the classes that occur of F1 = 2 TP / (2 TP + FP + FN), with the percentile interval."""

    cells = result.true * result.classes + result.predicted

    def of(weights: Weights) -> float:
        table = np.bincount(cells, weights, result.classes**2).reshape(result.classes, result.classes)
        both = table.sum(axis=0) + table.sum(axis=1)
        return float(np.mean(2 * np.diag(table)[both > 0] / both[both > 0]))

    return resampled(of(np.ones(len(cells))), _draws(result.group, of), len(cells))


@dataclass(frozen=True)
class PairedShare:
    """B's share of right answers less A's, on the same images.

    Attributes:
        share: with its 95 % interval.
        gained, lost: images that only B, and only A, classified correctly.
        p: of McNemar's exact test that both are equally likely.
    """

    share: Estimate
    gained: int
    lost: int
    p: float


def difference(a: Classified, b: Classified) -> PairedShare:
    """Compare two classifiers on the same images in the same order.

    Interval: Wald's with half an image added to each of the four counts (Agresti and Min, Statistics in Medicine 24,
    2005); of groups, the percentile interval. Test: McNemar, Psychometrika 12 (1947), exact.

    Raises:
        ValueError: the images differ.
    """
    if not np.array_equal(a.true, b.true) or not np.array_equal(a.group, b.group):
        raise ValueError("the images differ")
    from scipy import stats  # half a second, which only a comparison needs

    gained, lost = int((b.right & ~a.right).sum()), int((a.right & ~b.right).sum())
    n = len(a.true)
    p = float(stats.binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0
    if a.grouped:
        steps = b.right.astype(float) - a.right.astype(float)
        share = resampled((gained - lost) / n, _draws(a.group, partial(_mean, steps)), n)
    else:
        up, down, size = gained + 0.5, lost + 0.5, n + 2.0
        half = _normal() * math.sqrt(up + down - (up - down) ** 2 / size) / size
        centre = (up - down) / size
        share = Estimate((gained - lost) / n, centre - half, centre + half, n)
    return PairedShare(share, gained, lost, p)


def _share(right: npt.NDArray[np.bool_], result: Classified) -> Estimate:
    n = len(right)
    if result.grouped:
        return resampled(float(right.mean()), _draws(result.group, partial(_mean, right)), n)
    from scipy import stats  # see ``difference``

    interval = stats.binomtest(int(right.sum()), n).proportion_ci(LEVEL, method="wilson")
    return Estimate(float(right.mean()), float(interval.low), float(interval.high), n)


def _normal() -> float:
    return float(special.ndtri((1 + LEVEL) / 2))


def _mean(values: npt.NDArray[Any], weights: Weights) -> float:
    return float(np.average(values, weights=weights))


def _draws(group: Labels, value: Callable[[Weights], float]) -> npt.NDArray[np.float64]:
    """A value of ``DRAWS`` samples of whole groups with replacement, from how often each image is drawn."""
    rng = np.random.default_rng(_SEED)
    _, member = np.unique(group, return_inverse=True)
    groups = int(member.max()) + 1
    times = (np.bincount(rng.integers(0, groups, groups), minlength=groups) for _ in range(DRAWS))
    return np.array([value(drawn[member].astype(float)) for drawn in times])
