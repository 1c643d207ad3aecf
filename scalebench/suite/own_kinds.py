"""Kinds of the user's own models: how they are written, and what can run them. A pure table."""

from __future__ import annotations

from dataclasses import dataclass

_TORCH = ("eager", "compile", "compile_max_autotune", "compile_reduce_overhead", "cuda_graph")
_EXPORTED = ("onnxruntime", "openvino")


@dataclass(frozen=True)
class OwnKind:
    """One kind of file.

    Attributes:
        what: the file, in words.
        written: how a command names one.
        runtimes: that can run it.
        modes: of a case.
        precisions: that it can be run in; empty for all that the runtime offers.
    """

    what: str
    written: str
    runtimes: tuple[str, ...] = (*_TORCH, *_EXPORTED)
    modes: tuple[str, ...] = ("inference",)
    precisions: tuple[str, ...] = ()


OWN_KINDS = {
    "onnx": OwnKind(
        "an ONNX file, run as it is", "onnx:model.onnx", _EXPORTED, precisions=("fp32", "tf32", "bf16", "int8")
    ),
    "python": OwnKind(
        "a function that returns a torch module; naming it runs its code",
        "python:file.py:factory or python:package.module:factory", modes=("inference", "training", "blocks"),
    ),
    "checkpoint": OwnKind(
        "weights for a model of timm's, safetensors or a state dict",
        "checkpoint:resnet50:weights.safetensors or checkpoint:resnet50:timm",
        modes=("inference", "training", "blocks"),
    ),
    "torchscript": OwnKind("a TorchScript file", "torchscript:model.pt", ("eager", "cuda_graph")),
    "export": OwnKind("a program saved by torch.export", "export:model.pt2"),
}  # fmt: skip
"""Kind -> what it is; ``model.own_models`` builds them."""
WEIGHTED = tuple(kind for kind in OWN_KINDS if kind != "python")
"""Kinds whose files hold weights, which stay as they are; a factory may return random ones."""


def plain_runtime(kind: str) -> str:
    """The runtime that runs a model as it stands: eager PyTorch, unless the file is none of torch's."""
    return OWN_KINDS[kind].runtimes[0] if kind in OWN_KINDS else "eager"


def misfit(kind: str, runtime: str, mode: str, precision: str) -> str | None:
    """Why a model of the kind cannot run so; None where it can, and for any other kind of model."""
    own = OWN_KINDS.get(kind)
    if own is None:
        return None
    if runtime not in own.runtimes:
        converted = "; as a torch module, named python:, it runs everywhere" if kind == "onnx" else ""
        return f"{runtime} does not run {kind} files; {' and '.join(own.runtimes)} do{converted}"
    if mode not in own.modes:
        return f"{kind} models offer no {mode}"
    if own.precisions and precision not in own.precisions:
        return f"{kind} files offer no {precision}; they offer {', '.join(own.precisions)}"
    return None
