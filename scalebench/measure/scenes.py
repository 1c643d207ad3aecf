"""Seeded synthetic images for verification and calibration: shading, edges and noise, normalised."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_SHAPES = 12


def scenes(number: int, side: int, first: int = 0, channels: int = 3) -> npt.NDArray[np.float32]:
    """``number`` images of ``side`` pixels, with seeds ``first``, ``first + 1``...

    Unlike noise, which every network averages to the same logits, they give different logits.

    Returns: number x channels x side x side, zero mean and unit variance per image, as ImageNet's normalisation gives.
    """
    return np.stack([_scene(side, channels, np.random.default_rng(first + at)) for at in range(number)])


def _scene(side: int, channels: int, random: Any) -> npt.NDArray[np.float32]:
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    image = np.empty((channels, side, side), np.float32)
    for channel in image:
        slope = random.normal(size=2)
        channel[:] = slope[0] * x + slope[1] * y + np.sin(random.uniform(2, 40) * (x * slope[1] + y * slope[0]))
    for _ in range(_SHAPES):
        (cx, cy), radius = random.uniform(size=2), random.uniform(0.03, 0.3)
        inside = np.hypot(x - cx, y - cy) < radius
        image[:, inside] += random.normal(scale=1.5, size=(channels, 1)).astype(np.float32)
    image += random.normal(scale=0.2, size=image.shape).astype(np.float32)
    scene: npt.NDArray[np.float32] = (image - image.mean()) / image.std()
    return scene
