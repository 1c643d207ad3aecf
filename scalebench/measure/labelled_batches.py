"""Labelled images as a network's own preparation hands them over: resized, cropped and normalised as timm says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import timm.models
import torch
from PIL import Image
from timm.data.config import resolve_data_config
from timm.data.transforms_factory import create_transform

from scalebench.suite.case import Case
from scalebench.suite.labelled_images import LabelledImage
from scalebench.suite.own_files import remembered
from scalebench.suite.own_kinds import OWN_KINDS


def batches(case: Case, folder: str, images: Sequence[LabelledImage]) -> Iterator[tuple[torch.Tensor, list[str]]]:
    """The images in order, in whole batches of the case.

    Yields: batch x 3 x resolution x resolution, of the last batch filled up with its first image; and what could not be
    read, ``PATH: reason`` or an empty string per image. What could not be read is black.
    """
    transform = _transform(case)
    with ThreadPoolExecutor(case.threads) as pool:  # Pillow decodes and resizes without the interpreter's lock
        for start in range(0, len(images), case.batch):
            paths = [image.path for image in images[start : start + case.batch]]
            loaded = list(pool.map(lambda path: _load(Path(folder), path, transform, case.resolution), paths))
            tensors = [tensor for tensor, _ in loaded]
            tensors += tensors[:1] * (case.batch - len(tensors))
            yield torch.stack(tensors), [problem for _, problem in loaded]


def some_images(case: Case, folder: str, images: Sequence[LabelledImage], number: int) -> torch.Tensor:
    """So many images or all, evenly spaced over the list so that all classes are among them; n x 3 x side x side."""
    chosen = [images[at * len(images) // number] for at in range(number)] if number < len(images) else images
    return torch.cat([pixels for pixels, _ in batches(replace(case, batch=1), folder, chosen)])


def _transform(case: Case) -> Any:
    """timm's preparation for tests, of the model's own weights where timm has the model, else ImageNet's."""
    base = remembered(case.model).timm if case.variant.task in OWN_KINDS else case.variant.base
    config = timm.models.get_pretrained_cfg(base) if timm.models.is_model(base) else None
    size = (3, case.resolution, case.resolution)
    resolve: Any = resolve_data_config
    return create_transform(**resolve({"input_size": size}, vars(config) if config else None))


def _load(folder: Path, path: str, transform: Any, side: int) -> tuple[torch.Tensor, str]:
    try:
        with Image.open(folder / path) as file:
            return transform(file.convert("RGB")), ""
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # what Pillow raises
        return torch.zeros(3, side, side), f"{path}: {type(error).__name__}"
