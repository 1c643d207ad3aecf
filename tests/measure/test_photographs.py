"""Synthetic photographs cost what a camera's do, and are the same everywhere."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from scalebench.measure.photographs import jpeg, photograph


@pytest.mark.parametrize(("width", "height"), [(1280, 960), (900, 1203), (333, 300)])
def test_a_photograph_has_its_size_and_the_bytes_of_one(width: int, height: int) -> None:
    """Decoding time follows the bytes: 0.15 to 0.35 per pixel at quality 90 is what cameras give."""
    picture = photograph(width, height)
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.uint8
    assert 0.15 < len(jpeg(picture)) / (width * height) < 0.35


def test_the_seed_decides_the_picture() -> None:
    assert (photograph(320, 300, 1) == photograph(320, 300, 1)).all()
    assert (photograph(320, 300, 1) != photograph(320, 300, 2)).mean() > 0.5


def test_strips_leave_no_seam() -> None:
    """Rows are made in strips of 256; across their border the picture is as smooth as elsewhere."""
    steps = np.abs(np.diff(photograph(400, 600).astype(int).mean(2), axis=0)).mean(1)
    assert steps[255] < 1.5 * np.median(steps)


def test_a_photograph_has_light_dark_and_edges() -> None:
    """Neither flat nor white noise: neighbours agree, far pixels do not."""
    grey = photograph(1280, 960).astype(float).mean(2)
    assert grey.std() > 15
    assert np.abs(np.diff(grey, axis=1)).mean() < 0.5 * grey.std()


def test_jpeg_keeps_the_picture() -> None:
    picture = photograph(320, 240)
    back = np.asarray(Image.open(io.BytesIO(jpeg(picture))))
    assert np.abs(back.astype(int) - picture).mean() < 4
