"""Accuracy of classifiers on the same images: shares and F1 with intervals, and paired differences.

Images are the unit, or the groups of images that belong together (photographs of one car), which fail together: then
intervals are those of fewer images, by the design effect of groups (Kish, Survey Sampling, 1965, section 5.4).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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


def top1(result: Classified) -> Estimate:
    """Share of images classified correctly, with Wilson's interval."""
    return _share(result.right, result)


def chance_of(result: Classified, floor: float) -> float:
    """Probability that the share of images classified correctly is at least ``floor``: Jeffreys' posterior, of groups
    with as many images as tell the share as well.
    """
    right = result.right.astype(float)
    share, size = float(right.mean()), _effective(right, result.group)
    return float(special.betainc((1 - share) * size + 0.5, share * size + 0.5, 1 - floor))


def drawn_shares(results: Sequence[Classified], count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Draws of the share classified correctly, results x ``count``: Rubin's Bayesian bootstrap (Annals of Statistics 9,
    1981) of the same images for all, so that what classifiers have in common does not separate them.

    Half an image that all classify correctly, and half a one that none does, are added: of images on their own each
    row then follows Jeffreys' posterior exactly. Groups are drawn as wholes.

    Args:
        results: on the same images in the same order.
        count: number of draws.
        rng: draws the weights.
    """
    members = _members(results[0].group)
    sizes = np.bincount(members)
    rights = np.array([np.bincount(members, result.right) for result in results])
    shares = np.empty((len(results), count))
    for draw in range(count):
        weights = rng.standard_exponential(len(sizes))
        added = rng.standard_gamma(0.5, 2) * sizes.mean()
        shares[:, draw] = (rights @ weights + added[0]) / (sizes @ weights + added.sum())
    return shares


def per_class(result: Classified) -> dict[int, Estimate]:
    """The same of the images of each class (recall); without a value where it has no test image."""
    found = {}
    for label in range(result.classes):
        own = result.true == label
        part = Classified(result.true[own], result.predicted[own], result.group[own], result.classes)
        found[label] = _share(part.right, part) if own.any() else unknown()
    return found


def macro_f1(result: Classified) -> Estimate:
    """Mean over the classes that occur of F1 = 2 TP / (2 TP + FP + FN), with the percentile interval of whole groups.

    Without a mistake resampling has nothing to vary, and there is no interval.
    """
    cells = result.true * result.classes + result.predicted

    def of(weights: Weights) -> float:
        table = np.bincount(cells, weights, result.classes**2).reshape(result.classes, result.classes)
        both = table.sum(axis=0) + table.sum(axis=1)
        return float(np.mean(2 * np.diag(table)[both > 0] / both[both > 0]))

    value = of(np.ones(len(cells)))
    if result.right.all():
        return Estimate(value, math.nan, math.nan, len(cells))
    return resampled(value, _draws(result.group, of), len(cells))


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
    2005). Test: McNemar, Psychometrika 12 (1947), exact; of groups each counts once, by the sign of its difference.

    Raises:
        ValueError: the images differ.
    """
    if not np.array_equal(a.true, b.true) or not np.array_equal(a.group, b.group):
        raise ValueError("the images differ")
    from scipy import stats  # half a second, which only a comparison needs

    steps = b.right.astype(float) - a.right.astype(float)
    gained, lost = int((steps > 0).sum()), int((steps < 0).sum())
    n, signs = len(steps), np.sign(np.bincount(_members(a.group), steps))
    up, down = int((signs > 0).sum()), int((signs < 0).sum())
    p = float(stats.binomtest(up, up + down).pvalue) if up + down else 1.0
    size = _effective(steps, a.group)
    plus, minus, added = gained * size / n + 0.5, lost * size / n + 0.5, size + 2
    half = _normal() * math.sqrt(plus + minus - (plus - minus) ** 2 / added) / added
    centre = (plus - minus) / added
    return PairedShare(Estimate((gained - lost) / n, centre - half, centre + half, n), gained, lost, p)


def _share(right: npt.NDArray[np.bool_], result: Classified) -> Estimate:
    """Wilson (Journal of the American Statistical Association 22, 1927)."""
    share, size, z = float(right.mean()), _effective(right.astype(float), result.group), _normal()
    centre, spread = share + z**2 / (2 * size), z * math.sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    low, high = ((centre + side * spread) / (1 + z**2 / size) for side in (-1, 1))
    return Estimate(share, low, high, len(right))


def _members(group: Labels) -> Labels:
    """Number of each image's group, without gaps."""
    members: Labels = np.unique(group, return_inverse=True)[1]
    return members


def _effective(values: npt.NDArray[np.float64], group: Labels) -> float:
    """Number of images on their own that would tell the mean as well; of values that are all alike, of groups."""
    members, n = _members(group), len(values)
    groups = int(members.max()) + 1
    alone = float(values.var()) / n
    if groups == n or not alone:
        return groups
    sums = np.bincount(members, values - values.mean())
    together = groups / (groups - 1) * float((sums**2).sum()) / n**2 if groups > 1 else math.inf
    return min(n, n * alone / together) if together else n


def _normal() -> float:
    return float(special.ndtri((1 + LEVEL) / 2))


def _draws(group: Labels, value: Callable[[Weights], float]) -> npt.NDArray[np.float64]:
    """A value of ``DRAWS`` samples of whole groups with replacement, from how often each image is drawn."""
    rng = np.random.default_rng(_SEED)
    member = _members(group)
    groups = int(member.max()) + 1
    times = (np.bincount(rng.integers(0, groups, groups), minlength=groups) for _ in range(DRAWS))
    return np.array([value(drawn[member].astype(float)) for drawn in times])
