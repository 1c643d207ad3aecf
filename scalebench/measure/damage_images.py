"""Synthetic images of damage to painted panels, the same bytes for the same parameters and number.

A panel has a colour, gradients, reflections, gaps between panels and dirt, which are no damage. A test image differs
between scratch widths in the width of its scratch alone.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from scalebench.suite.training_study import CLASSES, Damage

TRAIN, VALIDATION, TEST = 0, 1, 2
"""Parts, whose images are drawn from seeds of their own."""
FWHM = 2 * math.sqrt(math.log(2))
"""Full width at half maximum of exp(-(d / s)^2), in units of s."""
_STEPS_PER_PIXEL = 3
_REACH = 3.0
"""Units of s beyond which a stroke is not drawn: there it is below a half grey level."""

Image = npt.NDArray[np.uint8]
Levels = npt.NDArray[np.float64]


def damage_image(damage: Damage, part: int, number: int, width: float | None = None) -> tuple[Image, int]:
    """One image, 3 x side x side, and the number of its class.

    Args:
        damage: parameters.
        part, number: which image.
        width: of its scratch, pixels; None takes one of the parameters' widths at random.
    """
    random: Any = np.random.default_rng([damage.seed, part, number])
    label = int(random.integers(len(CLASSES)))
    drawn = float(random.choice(damage.scratch_widths))
    grey = _panel(damage.side, random)
    if CLASSES[label] == "scratch":
        _scratch(grey, drawn if width is None else width, damage, random)
    elif CLASSES[label] == "dent":
        grey += _dent(damage, random)
    elif CLASSES[label] == "chip":
        for _ in range(random.integers(1, 4)):
            _blob(grey, random.uniform(*damage.chip_radii), _signed(damage.chip_levels, random), random)
    pixels = random.uniform(40, 200, 3)[:, None, None] + grey + random.normal(0, damage.noise, (3, *grey.shape))
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8), label


def damage_images(
    damage: Damage, part: int, count: int, width: float | None = None
) -> tuple[Image, npt.NDArray[np.int64]]:
    """The first ``count`` images of a part, count x 3 x side x side, and their classes."""
    drawn = [damage_image(damage, part, number, width) for number in range(count)]
    return np.stack([image for image, _ in drawn]), np.array([label for _, label in drawn], np.int64)


def parameters(damage: Damage) -> dict[str, Any]:
    """What the record keeps of the images."""
    return {**asdict(damage), "classes": list(CLASSES)}


def _grid(side: int) -> tuple[Levels, Levels]:
    down, across = np.mgrid[0:side, 0:side].astype(np.float64)
    return down, across


def _panel(side: int, random: Any) -> Levels:
    """Grey levels of a sound panel, relative to its colour."""
    y, x = _grid(side)
    half, unit = side / 2, side / 128
    angle = random.uniform(0, 2 * math.pi)
    grey: Levels = (x * math.cos(angle) + y * math.sin(angle)) / side * random.uniform(-40, 40)
    for _ in range(random.integers(1, 4)):  # reflections
        angle, offset, spread = random.uniform(0, 2 * math.pi), random.uniform(-90, 90), random.uniform(4, 20)
        across = (x - half) * math.cos(angle) + (y - half) * math.sin(angle) - offset * unit
        grey += random.uniform(10, 50) * np.exp(-((across / (spread * unit)) ** 2))
    if random.random() < 0.5:  # a gap between panels
        angle, offset = random.choice([0, math.pi / 2]) + random.normal() * 0.05, random.uniform(-50, 50)
        across = np.abs((x - half) * math.cos(angle) + (y - half) * math.sin(angle) - offset * unit)
        grey -= 60 * np.clip(1.6 - across, 0, 1)
    for _ in range(random.integers(0, 4)):  # dirt
        _blob(grey, random.uniform(3, 8), -random.uniform(5, 18), random)
    return grey


def _signed(levels: tuple[float, float], random: Any) -> float:
    return float(random.choice([-1, 1]) * random.uniform(*levels))


def _blob(grey: Levels, radius: float, level: float, random: Any) -> None:
    y, x = _grid(len(grey))
    centre = random.uniform(0.1, 0.9, 2) * len(grey)
    grey += level * np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / radius**2)


def _dent(damage: Damage, random: Any) -> Levels:
    """A bright and a dark side by side, as light falls into a hollow."""
    y, x = _grid(damage.side)
    centre, radius = random.uniform(0.16, 0.84, 2) * damage.side, random.uniform(*damage.dent_radii)
    angle = random.uniform(0, 2 * math.pi)
    toward_light = ((x - centre[0]) * math.cos(angle) + (y - centre[1]) * math.sin(angle)) / radius
    fall = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / radius**2)
    dent: Levels = random.uniform(*damage.dent_levels) * toward_light * fall
    return dent


def _scratch(grey: Levels, width: float, damage: Damage, random: Any) -> None:
    """A bent stroke (a quadratic Bezier curve) with a Gaussian profile of full width ``width`` at half its height."""
    start = random.uniform(0.16, 0.84, 2) * damage.side
    length, angle = random.uniform(0.14, 0.47) * damage.side, random.uniform(0, 2 * math.pi)
    end = start + length * np.array([math.cos(angle), math.sin(angle)])
    middle = (start + end) / 2 + random.normal(0, 0.05 * damage.side, 2)
    level = _signed(damage.scratch_levels, random)
    along = np.linspace(0, 1, int(_STEPS_PER_PIXEL * 1.2 * length) + 2)[:, None]
    curve = (1 - along) ** 2 * start + 2 * along * (1 - along) * middle + along**2 * end
    scale = width / FWHM
    low = np.clip(np.floor(curve.min(axis=0) - _REACH * scale), 0, damage.side).astype(int)
    high = np.clip(np.ceil(curve.max(axis=0) + _REACH * scale) + 1, 0, damage.side).astype(int)
    x, y = np.arange(low[0], high[0])[None, :, None], np.arange(low[1], high[1])[:, None, None]
    distance = ((x - curve[:, 0]) ** 2 + (y - curve[:, 1]) ** 2).min(axis=2, initial=np.inf)
    grey[low[1] : high[1], low[0] : high[0]] += level * np.exp(-distance / scale**2)
