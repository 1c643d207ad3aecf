"""What a right output is: eager fp32 on seeded images, computed once in a process of its own, then read from disk.

The measured process has its own model and batch in memory, and a reference beside them would need room that the case
itself does not. So it is computed before, in small batches; where even that does not fit, the case stays unverified.
"""

from __future__ import annotations

import hashlib
import io
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from scalebench.machine.limits import die_with_parent
from scalebench.measure.artefacts import WEIGHTS, Example, process_context
from scalebench.measure.failure import describe_error
from scalebench.measure.labelled_batches import some_images
from scalebench.measure.runtimes.base import Forward
from scalebench.measure.runtimes.eager import Eager
from scalebench.measure.runtimes.torchlike import logits
from scalebench.measure.scenes import scenes
from scalebench.suite.case import Case
from scalebench.suite.labelled_images import kept
from scalebench.suite.own_files import channels_of, fixed_batch, opened
from scalebench.userdirs import cache_folder, write_cache

IMAGES = 8
"""Least number of images that are compared, and the batch of the reference."""


def image_count(case: Case) -> int:
    """Images that are compared: whole batches of the case, at least eight."""
    return max(IMAGES, case.batch) // case.batch * case.batch


def images_of(case: Case) -> torch.Tensor:
    """Images that are compared: seeded ones, or where int8 was calibrated on labelled ones test images of these."""
    if case.data:
        data = kept(case.data)
        images = some_images(case, data.folder, data.test, image_count(case))
        return images[torch.arange(image_count(case)) % len(images)]
    return torch.from_numpy(scenes(image_count(case), case.resolution, channels=channels_of(case.model)))


def make_reference(case: Case, example: Example) -> None:
    """Compute the reference of the case where it is not on disk; nothing where it does not fit into memory.

    ``example`` builds model and input of a case in the process that computes it.

    Raises:
        ScalebenchError, RuntimeError: the model cannot be built or run, for another reason than memory.
    """
    if _file(case).exists():
        return
    context = multiprocessing.get_context(process_context(case))
    try:
        with ProcessPoolExecutor(1, context, die_with_parent) as apart:
            apart.submit(_compute, case, example).result()
    except BrokenProcessPool:  # killed, most likely for memory
        return
    except (RuntimeError, MemoryError) as error:
        if describe_error(error)["kind"] != "oom":
            raise


def load_reference(case: Case) -> torch.Tensor | None:
    """Logits of eager fp32, images x classes; None where they could not be computed."""
    try:
        return torch.from_numpy(np.load(_file(case)))
    except (OSError, ValueError):
        return None


def _compute(case: Case, example: Example) -> None:
    forward = _unoptimised(case) if case.variant.task == "onnx" else _eager(case, example)
    batches = images_of(case).split(fixed_batch(case.model) or IMAGES)
    expected = torch.cat([logits(forward(batch)) for batch in batches])
    content = io.BytesIO()
    np.save(content, expected.numpy())
    write_cache(_file(case), content.getvalue())


def _eager(case: Case, example: Example) -> Forward:
    plain = _plain(case)
    model, _ = example(plain)
    forward = Eager(plain).prepare(model, torch.empty(0))
    return lambda images: forward(images.to(case.device))


def _unoptimised(case: Case) -> Forward:
    """The user's ONNX file, operator by operator as it stands, in fp32 on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(opened(case.model).path, options, ["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda images: [torch.from_numpy(part) for part in session.run(None, {name: images.numpy()})]


def _plain(case: Case) -> Case:
    """The configuration of the reference."""
    return replace(
        case, batch=IMAGES, precision="fp32", layout="contiguous", runtime="eager", instances=1, affinity="free",
        cudnn_benchmark=False, cache="warm",
    )  # fmt: skip


def _file(case: Case) -> Path:
    content = f"{_plain(case).case_key} {image_count(case)} {torch.__version__} {WEIGHTS}"
    return cache_folder("references") / f"{hashlib.sha256(content.encode()).hexdigest()[:24]}.npy"
