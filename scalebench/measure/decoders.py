"""Decoders: JPEG bytes -> the model's input, by several libraries behind one small interface.

All of them resize the whole picture to a square, without cropping, by a filter that averages over the source pixels, so
that they give the same picture within a tolerance. A decoder with scaled decoding decodes at 1/2, 1/4 or 1/8, the
smallest size that is not below the target.
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
    """One library; the type of picture between its two steps is its own."""

    def decode(self, data: bytes, side: int) -> Any:
        """The picture, height x width x 3 bytes in the library's own form; at least ``side`` pixels each way."""
        ...

    def resize(self, picture: Any, side: int) -> torch.Tensor:
        """3 x side x side, uint8, red first."""
        ...


class _Pillow:
    """Pillow, which most training code uses; ``draft`` uses JPEG's scaled decoding."""

    def __init__(self, draft: bool = False) -> None:
        self._draft = draft

    def decode(self, data: bytes, side: int) -> Image.Image:
        picture = Image.open(io.BytesIO(data))
        if self._draft:
            picture.draft("RGB", (side, side))
        picture.load()
        return picture

    def resize(self, picture: Any, side: int) -> torch.Tensor:
        return _from_pixels(np.array(picture.resize((side, side), Image.Resampling.BILINEAR)))


class _Torchvision:
    """torchvision's decoder and its antialiasing resize, both on tensors."""

    @cached_property
    def _decode(self) -> Any:
        """Imported late: torchvision 0.29 deprecates its decoders in favour of TorchCodec's."""
        try:
            from torchvision.io import ImageReadMode, decode_jpeg
        except ImportError:
            raise MachineError("this version of torchvision has no decode_jpeg", "use another decoder") from None
        return partial(decode_jpeg, mode=ImageReadMode.RGB)

    def decode(self, data: bytes, side: int) -> Any:  # noqa: ARG002 - it has no scaled decoding
        return self._decode(torch.frombuffer(bytearray(data), dtype=torch.uint8))

    def resize(self, picture: Any, side: int) -> torch.Tensor:
        return _antialiased(picture, side)


class _OpenCv:
    """OpenCV: full decoding, and each pixel the mean of the area it covers."""

    @cached_property
    def _cv2(self) -> Any:
        import cv2

        cv2.setNumThreads(1)
        return cv2

    def decode(self, data: bytes, side: int) -> Any:  # noqa: ARG002 - it chooses its reductions by name, not by size
        cv2 = self._cv2
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)

    def resize(self, picture: Any, side: int) -> torch.Tensor:
        cv2 = self._cv2
        return _from_pixels(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA))


class _SimpleJpeg:
    """libjpeg-turbo's scaled decoding by simplejpeg, then torchvision's resize: the fastest pair tried."""

    @cached_property
    def _simplejpeg(self) -> Any:
        import simplejpeg

        return simplejpeg

    def decode(self, data: bytes, side: int) -> torch.Tensor:
        pixels = self._simplejpeg.decode_jpeg(data, min_height=side, min_width=side, min_factor=1)
        return _from_pixels(pixels)

    def resize(self, picture: Any, side: int) -> torch.Tensor:
        return _antialiased(picture, side)


def available(name: str) -> bool:
    """Whether the decoder's packages are installed."""
    return all(importlib.util.find_spec(module) is not None for module in DECODERS[name])


def open_decoder(name: str) -> Decoder:
    """A decoder by its name in ``DECODERS``.

    Raises:
        MachineError: it is not installed.
    """
    if not available(name):
        raise MachineError(f"not installed: pip install 'scalebench[{EXTRA}]'")
    decoders: dict[str, Decoder] = {
        "pillow": _Pillow(),
        "pillow_draft": _Pillow(draft=True),
        "torchvision": _Torchvision(),
        "opencv": _OpenCv(),
        "simplejpeg": _SimpleJpeg(),
    }
    return decoders[name]


def normalise(picture: torch.Tensor) -> torch.Tensor:
    """Bytes (3 x side x side, any memory layout) to a contiguous float32 tensor of mean 0 and deviation 1."""
    scale = torch.tensor([1 / (255 * deviation) for deviation in STD]).view(3, 1, 1)
    shift = torch.tensor([-mean / deviation for mean, deviation in zip(MEAN, STD, strict=True)]).view(3, 1, 1)
    return picture.to(torch.float32, memory_format=torch.contiguous_format).mul_(scale).add_(shift)


def _antialiased(picture: torch.Tensor, side: int) -> torch.Tensor:
    resized: torch.Tensor = functional.resize(picture, [side, side], antialias=True)
    return resized


def _from_pixels(pixels: Any) -> torch.Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1)
