"""Models for detection and segmentation: what ``KIND:BASE`` names, and the sizes they take."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass

SMP = "segmentation-models-pytorch"
PIXELS = 512
"""Side of the input where none is given: a size that segmenters and small detectors are trained at."""


@dataclass(frozen=True)
class Dense:
    """One kind of dense model.

    Attributes:
        what: what is built on the base, in words.
        stride: the input's side must be a multiple of this, pixels; 1 where any size fits.
        package: distribution it needs beside timm; empty for none.
        scalable: whether the base may have depth and width multipliers.
    """

    what: str
    stride: int = 32
    package: str = ""
    scalable: bool = False


KINDS = {
    "features": Dense("the timm model's feature maps, without its classifier", stride=1, scalable=True),
    "unet": Dense("U-Net, 21 classes", package=SMP),
    "fpn": Dense("feature pyramid segmenter, 21 classes", package=SMP),
    "deeplabv3plus": Dense("DeepLabV3+ at output stride 16, 21 classes", package=SMP),
    "retina": Dense("RetinaNet: FPN with levels 3 to 7, two towers of 4 convolutions, 80 classes", scalable=True),
    "effdet": Dense("EfficientDet as released, 90 classes", stride=128, package="effdet"),
}
"""Kinds of dense models; none includes what comes after the network, such as non-maximum suppression."""

EFFICIENTDETS = {
    **{f"tf_efficientdet_d{i}": side for i, side in enumerate((512, 640, 768, 896, 1024, 1280, 1280, 1536))},
    "tf_efficientdet_d7x": 1536,
}
"""Bases of ``effdet``, with the sides of their inputs in pixels (google/automl, ``hparams_config.py``)."""


def package_version(kind: str) -> str:
    """Version of the package that builds ``kind``; empty where it needs none, or it is not installed."""
    package = KINDS[kind].package if kind in KINDS else ""
    try:
        return importlib.metadata.version(package) if package else ""
    except importlib.metadata.PackageNotFoundError:
        return ""
