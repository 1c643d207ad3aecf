"""Decoders of the input pipeline by name: what each needs to be installed. Pure, so that a suite can be checked."""

from __future__ import annotations

import re

DECODERS: dict[str, tuple[str, ...]] = {
    "pillow": (),
    "pillow_draft": (),
    "torchvision": (),
    "opencv": ("cv2",),
    "simplejpeg": ("simplejpeg",),
}
"""Name -> modules beside those that timm brings along (Pillow and torchvision come with it)."""
EXTRA = "input"
"""Extra of scalebench that installs them."""

_CAMERA = re.compile(r"([1-9][0-9]{1,4})x([1-9][0-9]{1,4})")
MOST_PIXELS = 120_000_000
"""Of a photograph, whose pixels have to fit into the memory of every worker."""


def camera_size(camera: str) -> tuple[int, int]:
    """``4000x3000`` as (width, height), pixels.

    Raises:
        ValueError: written otherwise, or too large.
    """
    size = _CAMERA.fullmatch(camera)
    if not size:
        raise ValueError(f"camera is written WIDTHxHEIGHT in pixels, such as 4000x3000, not {camera!r}")
    width, height = int(size[1]), int(size[2])
    if width * height > MOST_PIXELS:
        raise ValueError(f"camera {camera} has more than {MOST_PIXELS // 1_000_000} megapixels")
    return width, height
