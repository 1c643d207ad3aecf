"""Synthetic photographs: seeded pictures whose JPEG decodes like a camera's.

Decoding time follows the number of bytes; a photograph at quality 90 has about 0.15 to 0.35 bytes per pixel, white
noise far more, a flat field far fewer. So there are gradients, edges, texture at several scales, and sensor noise.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

QUALITY = 90
_EDGES = 24
_TEXTURES = ((64, 10.0), (16, 6.0), (4, 5.0))
"""Grid spacing of each texture in pixels, and its standard deviation in grey levels."""
_NOISE = 3.5
"""Standard deviation of the sensor's noise, grey levels."""
_TINT = np.array((1.02, 1.0, 0.92), np.float32)
_STRIP = 256
"""Rows generated at once, so that 12 megapixels need less than a gigabyte."""

Grey = NDArray[np.float32]
Pixels = NDArray[np.uint8]


def photograph(width: int, height: int, seed: int = 20190528) -> Pixels:
    """Height x width x 3 grey levels, the same for the same seed."""
    random = np.random.default_rng(seed)
    slopes = random.uniform(-70, 70, 2).astype(np.float32)
    edges = [(random.uniform(0, 1, 4), random.uniform(0, 2 * np.pi), random.uniform(-50, 50)) for _ in range(_EDGES)]
    grids = [(cell, _grid(random, width, height, cell, level)) for cell, level in _TEXTURES]
    across = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    picture = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _STRIP):
        rows = np.arange(top, min(top + _STRIP, height), dtype=np.float32)[:, None]
        down = rows / np.float32(height)
        grey = 120 + slopes[0] * down + slopes[1] * across
        for place, angle, step in edges:
            _add_corner(grey, down, across, place, angle, step)
        for cell, grid in grids:
            grey = grey + _between(grid, rows[:, 0], width, cell)
        grey += _NOISE * random.standard_normal(grey.shape, dtype=np.float32)
        picture[top : top + len(rows)] = np.clip(grey[:, :, None] * _TINT, 0, 255)
    return picture


def jpeg(picture: Pixels, quality: int = QUALITY) -> bytes:
    """The picture (height x width x 3) as a baseline JPEG with the usual 4:2:0 colour."""
    to = io.BytesIO()
    Image.fromarray(picture).save(to, "JPEG", quality=quality)
    return to.getvalue()


def _add_corner(grey: Grey, down: Grey, across: Grey, place: NDArray[np.float64], angle: float, step: float) -> None:
    """Add ``step`` to one side of a slanted line within a box (centre and size as fractions of the sides)."""
    y, x, tall, wide = (np.float32(value) for value in place)
    rows = slice(*np.searchsorted(down[:, 0], (y - tall / 4, y + tall / 4)))
    columns = slice(*np.searchsorted(across[0], (x - wide / 4, x + wide / 4)))
    far = np.float32(np.sin(angle)) * (down[rows] - y) + np.float32(np.cos(angle)) * (across[:, columns] - x)
    grey[rows, columns] += np.float32(step) * (far > 0)


def _grid(random: np.random.Generator, width: int, height: int, cell: int, level: float) -> Grey:
    return random.standard_normal((height // cell + 2, width // cell + 2), dtype=np.float32) * np.float32(level)


def _between(grid: Grey, rows: NDArray[np.float32], width: int, cell: int) -> Grey:
    """Values at every pixel of ``rows``, by bilinear interpolation of the grid."""
    vertical, horizontal = (_neighbours(at, cell) for at in (rows, np.arange(width, dtype=np.float32)))
    (above, low), (left, right) = vertical, horizontal
    lines = grid[above] * (1 - low)[:, None] + grid[above + 1] * low[:, None]
    return (lines[:, left] * (1 - right) + lines[:, left + 1] * right).astype(np.float32, copy=False)


def _neighbours(at: NDArray[np.float32], cell: int) -> tuple[NDArray[np.int64], Grey]:
    """Index of the grid value before each position, and the fraction of the way to the next."""
    index = (at // cell).astype(np.int64)
    return index, (at / cell - index).astype(np.float32)
