"""Model -> ONNX file for one input shape, in fp32, fp16 or statically quantised to int8."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from scalebench.measure.labelled_batches import some_images
from scalebench.measure.runtimes.torchlike import images_as_asked, module_as_asked
from scalebench.measure.scenes import scenes
from scalebench.suite.case import Case
from scalebench.suite.labelled_images import kept
from scalebench.suite.own_files import channels_of, opened

MODEL = "model.onnx"
_PLAIN = "plain.onnx"
_CALIBRATION_IMAGES = 16


def export(model: nn.Module, example: torch.Tensor, case: Case, folder: Path) -> None:
    """Write ``model.onnx`` into ``folder``; int8 is calibrated, see ``_calibration_images``."""
    module, images = module_as_asked(model, case), images_as_asked(example, case)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        program = torch.onnx.export(module, (images,), dynamo=True, verbose=False)
    assert program is not None  # noqa: S101 - dynamo=True always returns a program
    if case.precision != "int8":
        program.save(folder / MODEL)
        return
    program.save(folder / _PLAIN)
    _quantise(folder / _PLAIN, folder, case)
    (folder / _PLAIN).unlink()


def quantise_own(_model: nn.Module, _example: torch.Tensor, case: Case, folder: Path) -> None:
    """Write the user's own ONNX file in int8 as ``model.onnx`` into ``folder``."""
    _quantise(Path(opened(case.model).path), folder, case)


def _quantise(plain: Path, folder: Path, case: Case) -> None:
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    # Weights of 7 bits: the int16 sums of CPUs without VNNI saturate at 8, and outputs would depend on the CPU.
    prepared = folder / "prepared.onnx"
    quant_pre_process(str(plain), str(prepared))
    quantize_static(
        str(prepared), str(folder / MODEL), _Calibration(prepared, case), quant_format=QuantFormat.QDQ,
        per_channel=True, reduce_range=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
    )  # fmt: skip
    prepared.unlink()


def _calibration_images(case: Case) -> np.ndarray:
    """Training images of the case's data, or seeded ones that no verification uses."""
    if case.data:
        data = kept(case.data)
        return some_images(case, data.folder, data.train, _CALIBRATION_IMAGES).numpy()
    return scenes(_CALIBRATION_IMAGES, case.resolution, 1000, channels_of(case.model))


class _Calibration:
    """Feeds onnxruntime's calibration, batch by batch."""

    def __init__(self, file: Path, case: Case) -> None:
        import onnx

        graph = onnx.load(str(file), load_external_data=False).graph
        weights = {tensor.name for tensor in graph.initializer}
        self._name = next(value.name for value in graph.input if value.name not in weights)
        images = _calibration_images(case)
        whole = max(1, len(images) // case.batch)
        batches = [images[at * case.batch : (at + 1) * case.batch] for at in range(whole)]
        padded = (np.resize(batch, (case.batch, *batch.shape[1:])) for batch in batches)
        self._batches: Iterator[dict[str, Any]] = iter([{self._name: batch} for batch in padded])

    def get_next(self) -> dict[str, Any] | None:
        return next(self._batches, None)
