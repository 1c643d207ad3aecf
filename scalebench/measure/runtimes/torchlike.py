"""What all runtimes of torch itself share: precision, layout, autocast."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_leaves

from scalebench.measure.tensor_cores import allow_tf32, tf32_allowed
from scalebench.suite.case import Case
from scalebench.suite.precisions import PRECISIONS

_MOST_ELEMENTS = 100_000
"""Of an image's output that are compared; a segmenter's has twenty million."""
_FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


def set_tf32(case: Case) -> None:
    """Let tensor cores round fp32 to tf32 only where the case says so."""
    allow_tf32(case.precision == "tf32")


def module_as_asked(model: nn.Module, case: Case) -> nn.Module:
    """The module with the case's layout, and its weights in half precision where that is asked for."""
    return model.to(_image_type(case)).to(memory_format=_FORMATS[case.layout])


def images_as_asked(images: torch.Tensor, case: Case) -> torch.Tensor:
    """Images with the case's type and layout; the same tensor where nothing changes."""
    return images.to(_image_type(case), memory_format=_FORMATS[case.layout])


def autocast(case: Case) -> AbstractContextManager[Any]:
    """Mixed precision where the case asks for it."""
    dtype = PRECISIONS[case.precision].autocast
    return torch.autocast(case.kind.device_type, getattr(torch, dtype)) if dtype else nullcontext()


def _image_type(case: Case) -> torch.dtype:
    dtype: torch.dtype = getattr(torch, PRECISIONS[case.precision].dtype)
    return dtype


def logits(output: Any) -> torch.Tensor:
    """All tensors of an output side by side as fp32 on the CPU, batch x elements; of very many, evenly spaced ones."""
    leaves = [leaf.detach().flatten(1) for leaf in tree_leaves(output) if isinstance(leaf, torch.Tensor)]
    step = max(1, sum(leaf.shape[1] for leaf in leaves) // _MOST_ELEMENTS)
    return torch.cat([leaf[:, ::step].cpu().float() for leaf in leaves], dim=1)


def torch_facts() -> dict[str, Any]:
    """Threads in use, and whether fp32 stays fp32 on tensor cores."""
    return {
        "intraop_threads": torch.get_num_threads(),
        "allow_tf32": tf32_allowed(),
    }
