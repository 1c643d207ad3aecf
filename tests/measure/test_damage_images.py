"""Synthetic damage: the same bytes for the same seed, and scratches as wide as they are said to be."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from scalebench.measure.damage_images import TEST, TRAIN, damage_image, damage_images
from scalebench.suite.training_study import SCRATCH, Damage

DAMAGE = Damage()


def test_the_same_seed_gives_the_same_bytes() -> None:
    images, labels = damage_images(DAMAGE, TRAIN, 6)
    assert images.shape == (6, 3, 128, 128)
    assert images.dtype == np.uint8
    assert hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()[:16] == "a18ca60b456c36b4"


def test_parts_and_seeds_have_other_images() -> None:
    first = damage_image(DAMAGE, TRAIN, 0)[0]
    assert (first != damage_image(DAMAGE, TEST, 0)[0]).any()
    assert (first != damage_image(replace(DAMAGE, seed=1), TRAIN, 0)[0]).any()


def test_all_classes_are_about_as_frequent() -> None:
    labels = np.array([damage_image(replace(DAMAGE, side=32), TEST, number)[1] for number in range(400)])
    assert all(60 <= count <= 140 for count in np.bincount(labels, minlength=4))


def test_tests_of_other_widths_differ_in_their_scratches_alone() -> None:
    for number in range(24):
        (narrow, label), (wide, _) = (damage_image(DAMAGE, TEST, number, width) for width in (1.0, 4.0))
        assert (narrow != wide).any() == (label == SCRATCH)


@pytest.mark.parametrize("width", [1.0, 2.0, 4.0])
def test_a_scratch_is_as_wide_as_it_says(width: float) -> None:
    """The integral across a Gaussian is proportional to its width, and the curve is the same; ends add a little."""
    clean = replace(DAMAGE, noise=0.0, scratch_levels=(0.0, 0.0))
    drawn = replace(DAMAGE, noise=0.0, scratch_levels=(60.0, 60.0))
    areas, lengths = [], []
    for number in range(40):
        image, label = damage_image(drawn, TEST, number, width)
        if label != SCRATCH:
            continue
        step = np.abs(image.astype(float) - damage_image(clean, TEST, number, width)[0])
        thin = np.abs(
            damage_image(drawn, TEST, number, 1.0)[0].astype(float) - damage_image(clean, TEST, number, 1.0)[0]
        )
        step, thin = step[:, 2:-2, 2:-2].max(axis=0), thin[:, 2:-2, 2:-2].max(axis=0)
        areas.append(step.sum())
        lengths.append(thin.sum())
    assert sum(areas) / sum(lengths) == pytest.approx(width, rel=0.12)
