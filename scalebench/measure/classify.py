"""Outputs of a case's own artefact on labelled images: the file, the runtime and the batch that are timed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from timm.data.imagenet_info import ImageNetInfo

from scalebench.errors import BuildError
from scalebench.measure.labelled_batches import batches
from scalebench.measure.session import open_session
from scalebench.model.build import build
from scalebench.model.input_images import blank_images
from scalebench.model.meta_operators import tensor_leaves
from scalebench.suite.case import ACCURACY, PROBE, Case
from scalebench.suite.labelled_images import LabelledImage, LabelledImages, timed_case
from scalebench.suite.variant import parse_variant

_IMAGENET = 1000


def classify(case: Case, data: LabelledImages, parts: dict[str, str]) -> Iterator[dict[str, object]]:
    """Run the case over parts of the images and write their outputs.

    Args:
        case: of mode ``accuracy`` or ``probe``.
        data: the images.
        parts: ``train``, ``test`` -> file, which gets images x outputs as float32 in NumPy's format; the row of an
            image that cannot be read is NaN.

    Yields: ``{"done": images so far, "unreadable": [PATH: reason, ...], "targets": output that stands for each class}``
    after every batch.

    Raises:
        BuildError: no output of the network stands for these classes.
        ScalebenchError, RuntimeError: as ``open_session``.
    """
    session = open_session(timed_case(case))
    done = 0
    for part, file in parts.items():
        images: tuple[LabelledImage, ...] = getattr(data, part)
        outputs: list[np.ndarray] = []
        for pixels, problems in batches(case, data.folder, images):
            logits = session.runtime.tensor(session.forward(pixels.to(session.device)))[: len(problems)].numpy().copy()
            targets = _targets(case, data.classes, logits[0].size)
            logits[[bool(problem) for problem in problems]] = np.nan
            outputs.append(logits)
            done += len(problems)
            yield {"done": done, "unreadable": [problem for problem in problems if problem], "targets": targets}
        _write(Path(file), np.concatenate(outputs))


def class_outputs(question: Mapping[str, Any]) -> list[int]:
    """Output of a ``model`` at a ``resolution`` that stands for each of ``classes``, from its shapes alone.

    Raises:
        BuildError: none does.
    """
    model = build(parse_variant(question["model"]), question["resolution"], device="meta")
    with torch.no_grad():
        outputs = tensor_leaves(model(blank_images(model, question["resolution"])))
    case = Case(question["model"], question["resolution"], mode=ACCURACY)
    return _targets(case, question["classes"], outputs[0].numel())


def _targets(case: Case, classes: Sequence[str], outputs: int) -> list[int]:
    """Output of each class: in order, or by ImageNet's names (n01440764) for its thousand."""
    if case.mode == PROBE or outputs == len(classes):
        return list(range(len(classes)))
    imagenet: Any = ImageNetInfo
    wordnet = imagenet().label_names() if outputs == _IMAGENET else []
    if not set(classes) <= set(wordnet):
        raise BuildError(
            f"{case.model} has {outputs} outputs, and the folder has {len(classes)} classes",
            "--probe, or mode: [probe], trains a classifier for them on what the network returns",
        )
    return [wordnet.index(name) for name in classes]


def _write(file: Path, outputs: np.ndarray) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    np.save(file, outputs)
