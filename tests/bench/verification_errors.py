"""Errors that verification sees: honest configurations against eager fp32, and replaced weight tensors.

    python -m tests.bench.verification_errors [MODEL@RES ...] [--trained]

One line each: model, configuration, relative error of the worst image and mean over the images, share of the
same top class. The bounds of ``suite/precisions.py`` and the tables of docs/measuring.md come from here.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

from scalebench.measure.photographs import photograph
from scalebench.measure.runtimes import exporting
from scalebench.measure.runtimes.eager import Eager
from scalebench.measure.runtimes.exporting import export
from scalebench.measure.runtimes.onnxruntime import OnnxRuntime
from scalebench.measure.runtimes.openvino import OpenVino
from scalebench.measure.scenes import scenes
from scalebench.measure.session import example
from scalebench.suite.case import Case
from tests.measure.test_mutations import other_values
from tests.measure.trained import NAME, trained_lite0

MODELS = (
    "resnet18@224", "mobilenetv3_large_100@224", "efficientnet_b0@224", "convnext_atto@224", "mobilenetv2_100@224",
    "vit_tiny_patch16_224@224", "resnet50@224", "regnetx_004@224",
)  # fmt: skip
BATCH, THREADS, TENSORS = 8, 1, 12
CONFIGURATIONS = (
    ("eager", "bf16"), ("eager", "amp_bf16"), ("onnxruntime", "fp32"), ("onnxruntime", "int8"),
    ("openvino", "fp32"), ("openvino", "bf16"), ("openvino", "int8"),
)  # fmt: skip


def statistics(outputs: torch.Tensor, expected: torch.Tensor) -> tuple[float, float, float]:
    """Worst and mean relative error over the images, and the share with the same top class."""
    errors = (outputs - expected).norm(dim=1) / expected.norm(dim=1)
    agreement = (outputs.argmax(dim=1) == expected.argmax(dim=1)).float().mean()
    return float(errors.max()), float(errors.mean()), float(agreement)


def run(case: Case, model: nn.Module, batches: list[torch.Tensor]) -> torch.Tensor:
    """Logits of one configuration."""
    if case.runtime == "eager":
        runtime: Eager | OnnxRuntime | OpenVino = Eager(case)
        forward = runtime.prepare(model, batches[0])
        return torch.cat([runtime.tensor(forward(images)) for images in batches])
    with tempfile.TemporaryDirectory() as folder:
        precision = "int8" if case.precision == "int8" else "fp32"
        file = Case(case.model, case.resolution, batch=BATCH, runtime="onnxruntime", precision=precision, threads=1)
        export(model, batches[0], file, Path(folder))
        runtime = (OnnxRuntime if case.runtime == "onnxruntime" else OpenVino)(case, Path(folder))
        forward = runtime.prepare(None, batches[0])
        return torch.cat([runtime.tensor(forward(images)) for images in batches])


def honest(name: str, side: int, batches: list[torch.Tensor], trained: bool) -> None:
    """Print the errors of every configuration."""
    expected = None
    for runtime, precision in (("eager", "fp32"), *CONFIGURATIONS):
        model = trained_lite0() if trained else example(Case(name, side, batch=BATCH, threads=THREADS))[0]
        case = Case(name, side, batch=BATCH, threads=THREADS, runtime=runtime, precision=precision)
        with torch.inference_mode():
            outputs = run(case, model, batches)
        if expected is None:
            expected = outputs
            print(f"{name}@{side} classes seen: {len(set(expected.argmax(dim=1).tolist()))}", flush=True)
            continue
        worst, mean, agreement = statistics(outputs, expected)
        print(
            f"{name}@{side} {runtime} {precision}: worst {worst:.2g} mean {mean:.2g} same {agreement:.3f}", flush=True
        )


def mutated(name: str, side: int, images: torch.Tensor) -> None:
    """Print the errors, in fp32, after evenly taken tensors were replaced one by one."""
    model, _ = example(Case(name, side, batch=BATCH, threads=THREADS))
    model.eval()
    random, rows = torch.Generator().manual_seed(1), []
    with torch.inference_mode():
        expected = model(images)
        tensors = [value for value in model.state_dict().values() if value.is_floating_point()]
        for value in tensors[:: -(-len(tensors) // TENSORS)]:
            original = value.clone()
            value.copy_(other_values(original, random))
            rows.append(statistics(model(images), expected)[:2])
            value.copy_(original)
    for at, statistic in enumerate(("worst", "mean")):
        print(
            f"{name}@{side} replaced, {statistic}: " + " ".join(f"{e:.2g}" for e in sorted(r[at] for r in rows)),
            flush=True,
        )


def pictures(number: int, side: int, first: int) -> np.ndarray:
    """Synthetic photographs as Lite0 was trained to take them, number x 3 x side x side."""
    stack = np.stack([photograph(side, side, first + at).transpose(2, 0, 1) for at in range(number)])
    return ((stack - 127) / np.float32(128)).astype(np.float32)


def main(arguments: list[str]) -> None:
    """Run all of it, in this process."""
    torch.set_num_threads(THREADS)
    if "--trained" in arguments:
        batches = list(torch.from_numpy(pictures(64, 224, 1)).split(BATCH))
        exporting.scenes = lambda number, side, first=0: pictures(number, side, 10_000 + first)
        honest(NAME, 224, batches, trained=True)
        return
    for text in arguments or MODELS:
        name, _, side = text.partition("@")
        batches = list(torch.from_numpy(scenes(16, int(side))).split(BATCH))
        mutated(name, int(side), batches[0])
        honest(name, int(side), batches, trained=False)


if __name__ == "__main__":
    main(sys.argv[1:])
