"""Detection and segmentation models on timm encoders, with random weights; see ``suite.dense`` for their names.

Only the network, as in the papers' counts: no anchor decoding and no non-maximum suppression.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torchvision.ops.feature_pyramid_network import FeaturePyramidNetwork, LastLevelP6P7

from scalebench.errors import BuildError
from scalebench.suite.dense import KINDS
from scalebench.suite.variant import Variant

SEGMENTER_CLASSES = 21
"""Pascal VOC: 20 and the background."""
DETECTOR_CLASSES = 80
"""COCO."""
_ANCHORS = 9
_WIDTH = 256
_REDUCTIONS = [8, 16, 32]
"""Lin et al., arXiv:1708.02002, section 4: 9 anchors per position, pyramid of 256 channels over C3 to C5."""
_MODULES = {
    **dict.fromkeys(("unet", "fpn", "deeplabv3plus"), "segmentation_models_pytorch"),
    "retina": "torchvision.models.detection.retinanet",
    "effdet": "effdet",
}
_SEGMENTERS = {"unet": "Unet", "fpn": "FPN", "deeplabv3plus": "DeepLabV3Plus"}

Encoder = Callable[..., Any]
"""Builds the base through timm, with further options of timm: ``features_only``, ``out_indices``."""


def build_dense(variant: Variant, resolution: int, encoder: Encoder) -> nn.Module:
    """Build the model kind ``variant.task`` on the base from ``encoder``, for inputs of ``resolution`` pixels a side.

    Raises:
        BuildError: a package is not installed, or the base does not suit the kind.
    """
    if not variant.is_base and not KINDS[variant.task].scalable:
        raise BuildError(
            f"{variant.name}: {variant.task} takes no depth or width multipliers",
            f"scalable kinds: {', '.join(kind for kind, dense in KINDS.items() if dense.scalable)}",
        )
    if variant.task == "features":
        return _module(encoder(features_only=True))
    if variant.task == "retina":
        return Retina(encoder(features_only=True, out_indices=(-3, -2, -1)), variant.name)
    if variant.task == "effdet":
        return _efficientdet(variant, resolution)
    return _segmenter(variant)


class Retina(nn.Module):
    """RetinaNet without post-processing, P6 taken from P5 as in the reference implementation (tensorflow/tpu)."""

    def __init__(self, encoder: Any, name: str) -> None:
        super().__init__()
        reductions = encoder.feature_info.reduction()
        if reductions != _REDUCTIONS:
            raise BuildError(f"{name}: its last feature maps are reduced {reductions} times, not {_REDUCTIONS}")
        self.encoder = encoder
        self.pyramid = FeaturePyramidNetwork(
            encoder.feature_info.channels(), _WIDTH, extra_blocks=LastLevelP6P7(_WIDTH, _WIDTH)
        )
        retinanet: Any = load("retina")
        self.head = retinanet.RetinaNetHead(_WIDTH, _ANCHORS, DETECTOR_CLASSES)

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """Class scores and boxes of every anchor: batch x anchors x 80 and batch x anchors x 4."""
        levels = self.pyramid({f"p{at}": features for at, features in enumerate(self.encoder(images), start=3)})
        outputs: dict[str, torch.Tensor] = self.head(list(levels.values()))
        return outputs


def _segmenter(variant: Variant) -> nn.Module:
    kind = getattr(load(variant.task), _SEGMENTERS[variant.task])
    # "tu-" makes the library take timm's own encoder of that name.
    return _module(kind(encoder_name=f"tu-{variant.base}", encoder_weights=None, classes=SEGMENTER_CLASSES))


def _efficientdet(variant: Variant, resolution: int) -> nn.Module:
    size = (resolution, resolution)  # its pyramid is laid out for one size
    return _module(
        load("effdet").create_model(variant.base, pretrained=False, pretrained_backbone=False, image_size=size)
    )


def load(kind: str) -> Any:
    """Import the package that builds ``kind``, only when needed: it takes time, and memory that is not the model's.

    Returns: the module, or None where timm is enough.

    Raises:
        BuildError: its package is not installed.
    """
    module = _MODULES.get(kind)
    if module is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # effdet's newest release scripts its losses with the deprecated torch.jit
            return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise  # the package is installed, but something that it imports is not
        raise BuildError(
            f"{kind} needs {KINDS[kind].package}, which is not installed", "pip install 'scalebench[dense]'"
        ) from None


def _module(built: Any) -> nn.Module:
    if not isinstance(built, nn.Module):
        raise BuildError(f"{type(built).__name__} is not a module")
    return built
