"""The suites that a card is measured with. Without torch: they are written as JSON, which YAML contains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Size:
    """How large the work is.

    Attributes:
        models: of the second suite; the first one has the first of them.
        resolution: side of the input, pixels.
        batch: of the first suite.
        large: of the second, beside one image.
        warmup_s, chunk_s: of a round, seconds.
        precisions: of the second suite.
    """

    models: tuple[str, ...]
    resolution: int
    batch: int
    large: int | str
    warmup_s: float
    chunk_s: float
    precisions: tuple[str, ...] = ("fp32", "tf32", "amp_fp16")

    def protocol(self) -> dict[str, Any]:
        """One short round of each case."""
        return {
            "rounds": 1, "warmup_s": self.warmup_s, "warmup_cuda_s": self.warmup_s, "warmup_max_s": 4 * self.warmup_s,
            "chunk_s": self.chunk_s, "chunk_max_s": 4 * self.chunk_s, "min_iterations": 6, "turns": 0,
        }  # fmt: skip


FULL = Size(("resnet50", "efficientnet_b0", "efficientnet_b4"), 224, 8, "best", 0.5, 0.5)
DRY = Size(("lcnet_035",), 32, 2, 2, 0.01, 0.01, ("fp32",))

_HALF = "amp_fp16"


def configurations(device: str, size: Size) -> dict[str, Any]:
    """One verified round in every configuration: of eager PyTorch all precisions and layouts, of the others two."""
    others = ["compile", "compile_reduce_overhead", "compile_max_autotune", "cuda_graph", "onnxruntime"]
    precisions = ["fp32", "tf32", "fp16", "bf16", _HALF, "amp_bf16"]
    exclude = [{"runtime": name, "precision": one} for name in others for one in ("tf32", "bf16", "amp_bf16")]
    exclude += [{"runtime": name, "precision": _HALF, "layout": "contiguous"} for name in others]
    exclude += [{"runtime": name, "precision": "fp32", "layout": "channels_last"} for name in others]
    exclude += [{"runtime": name, "precision": "fp16"} for name in others[:-1]]
    exclude += [{"runtime": "onnxruntime", "layout": "channels_last"}]
    exclude += [{"runtime": name, "precision": "fp32"} for name in others[1:3]]
    grid = {
        "runtime": ["eager", *others], "precision": precisions, "layout": ["contiguous", "channels_last"],
        "batch": [size.batch],
    }  # fmt: skip
    return _suite(
        "gpu_configurations", "One verified round per configuration", size.models[:1], device, size, grid, exclude
    )


def core_models(device: str, size: Size) -> dict[str, Any]:
    """Batch 1 and the one with the best throughput, in fp32, tf32, and amp with channels_last."""
    exclude = [{"precision": name, "layout": "channels_last"} for name in ("fp32", "tf32")]
    exclude += [{"precision": _HALF, "layout": "contiguous"}]
    grid = {"precision": list(size.precisions), "layout": ["contiguous", "channels_last"], "batch": [1, size.large]}
    return _suite("gpu_core_models", "Core models on a GPU", size.models, device, size, grid, exclude)


def _suite(
    name: str, title: str, models: tuple[str, ...], device: str, size: Size, grid: dict[str, Any],
    exclude: list[dict[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    return {
        "schema": 1, "name": name, "title": title, "models": [{"timm": list(models), "resolution": [size.resolution]}],
        "grid": {"device": [device], **grid}, "exclude": exclude, "protocol": size.protocol(),
    }  # fmt: skip
