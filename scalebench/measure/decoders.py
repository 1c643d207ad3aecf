"""Decoders: JPEG bytes -> the picture a model takes, by several libraries behind one small interface.

All of them cut nothing off: the whole picture becomes a square of the wanted side. Each resizes with a filter that
averages over the source's pixels, so that they give the same picture within a tolerance. Where a decoder can decode at
half, a quarter or an eighth of the size it says so; the smallest of these that is not below the wanted side is taken.
"""

from __future__ import annotations

import importlib.util
import io
from functools import cached_property, partial
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torchvision.transforms.v2 import functional

from scalebench.errors import MachineError
from scalebench.suite.decoder_table import DECODERS, EXTRA

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet, as torchvision's and timm's models expect; red, green, blue."""


class Decoder(Protocol):
    """One library's way from bytes to pixels; what lies between its two steps is its own kind of picture."""

    def decode(self, data: bytes, side: int) -> Any:
        """The picture, height x width x 3 bytes in the library's own form; at least ``side`` pixels each way."""
        ...

    def resize(self, picture: Any, side: int) -> torch.Tensor:
        """3 x side x side, uint8, red first."""
        ...


class Pillow:
    """Pillow, which most training code uses.

    Args:
        draft: whether JPEG's scaled decoding is used.
    """

    def __init__(self, draft: bool = False) -> None:
        self._draft = draft

    def decode(self, data: bytes, side: int) -> Image.Image:
        """A loaded image; JPEGs of photographs are RGB for Pillow already."""
        picture = Image.open(io.BytesIO(data))
        if self._draft:
            picture.draft("RGB", (side, side))
        picture.load()
        return picture

    def resize(self, picture: Any, side: int) -> torch.Tensor:
        """Triangle filter as wide as the reduction."""
        return _from_pixels(np.array(picture.resize((side, side), Image.Resampling.BILINEAR)))


class Torchvision:
    """torchvision's decoder and its antialiasing resize, both on tensors."""

    @cached_property
    def _decode(self) -> Any:
        """Asked for late: torchvision 0.29 calls its decoders deprecated and will drop them for TorchCodec's."""
        try:
            from torchvision.io import ImageReadMode, decode_jpeg
        except ImportError:
            raise MachineError("this torchvision has no decode_jpeg any more", "use another decoder") from None
        return partial(decode_jpeg, mode=ImageReadMode.RGB)

    def decode(self, data: bytes, side: int) -> Any:  # noqa: ARG002 - it has no scaled decoding
        """3 x height x width."""
        return self._decode(torch.frombuffer(bytearray(data), dtype=torch.uint8))

    def resize(self, picture: Any, side: int) -> torch.Tensor:
        """The same filter as Pillow's."""
        return _antialiased(picture, side)


class OpenCv:
    """OpenCV: full decoding, and each pixel the mean of the area it covers."""

    @cached_property
    def _cv2(self) -> Any:
        import cv2

        cv2.setNumThreads(1)
        return cv2

    def decode(self, data: bytes, side: int) -> Any:  # noqa: ARG002 - it chooses its reductions by name, not by size
        """Height x width x 3."""
        cv2 = self._cv2
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)

    def resize(self, picture: Any, side: int) -> torch.Tensor:
        """Mean over the area of each pixel."""
        cv2 = self._cv2
        return _from_pixels(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA))


class SimpleJpeg:
    """libjpeg-turbo's scaled decoding through simplejpeg, then torchvision's resize: the fastest pair tried here."""

    @cached_property
    def _simplejpeg(self) -> Any:
        import simplejpeg

        return simplejpeg

    def decode(self, data: bytes, side: int) -> torch.Tensor:
        """3 x height x width, a view of height x width x 3."""
        pixels = self._simplejpeg.decode_jpeg(data, min_height=side, min_width=side, min_factor=1)
        return _from_pixels(pixels)

    def resize(self, picture: Any, side: int) -> torch.Tensor:
        """The same filter as Pillow's."""
        return _antialiased(picture, side)


def available(name: str) -> bool:
    """Whether what the decoder needs is installed here."""
    return all(importlib.util.find_spec(module) is not None for module in DECODERS[name])


def open_decoder(name: str) -> Decoder:
    """A decoder by its name in ``DECODERS``.

    Raises:
        MachineError: it is not installed.
    """
    if not available(name):
        raise MachineError(f"not installed: pip install 'scalebench[{EXTRA}]'")
    made: dict[str, Decoder] = {
        "pillow": Pillow(),
        "pillow_draft": Pillow(draft=True),
        "torchvision": Torchvision(),
        "opencv": OpenCv(),
        "simplejpeg": SimpleJpeg(),
    }
    return made[name]


def normalise(picture: torch.Tensor) -> torch.Tensor:
    """Bytes (3 x side x side, in any order of memory) to a contiguous float32 tensor of mean 0 and deviation 1."""
    scale = torch.tensor([1 / (255 * deviation) for deviation in STD]).view(3, 1, 1)
    shift = torch.tensor([-mean / deviation for mean, deviation in zip(MEAN, STD, strict=True)]).view(3, 1, 1)
    return picture.to(torch.float32, memory_format=torch.contiguous_format).mul_(scale).add_(shift)


def _antialiased(picture: torch.Tensor, side: int) -> torch.Tensor:
    small: torch.Tensor = functional.resize(picture, [side, side], antialias=True)
    return small


def _from_pixels(pixels: Any) -> torch.Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1)
