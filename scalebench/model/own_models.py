"""Builds the user's own models. Code of the user's runs for ``python`` alone; other files are read as data."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import timm.models
import torch
from torch import nn

from scalebench.errors import BuildError
from scalebench.model.exported_program import load_program
from scalebench.model.foreign_names import named_as_timm
from scalebench.model.input_images import blank_images, mark
from scalebench.model.meta_operators import tensor_leaves
from scalebench.model.onnx_graph import OnnxGraph
from scalebench.model.own_python import from_factory
from scalebench.suite.device_kinds import CPU
from scalebench.suite.own_files import OwnModel, opened
from scalebench.suite.variant import Variant

_SHOWN = 3
OnDevice = Callable[[str], AbstractContextManager[Any]]
TimmModel = Callable[..., nn.Module]
"""Builds a model of timm's by name, with options of its factory."""


def build_own(variant: Variant, resolution: int, device: str, on_device: OnDevice, timm_model: TimmModel) -> nn.Module:
    """Build one of the user's models for square inputs of ``resolution`` pixels, with its own weights.

    On ``meta`` it is for counting: it has run once, and where it cannot be built or run there it is on real tensors,
    which ``input_images.note_of`` says.

    Args:
        variant, resolution, device: as of ``build``.
        on_device: context in which a model is built on a device.
        timm_model: builds the model that a checkpoint belongs to.

    Raises:
        UnknownNameError: no file is known for the name.
        BuildError: the file has changed, or is not what it is named as.
    """
    if not variant.is_base:
        raise BuildError(f"{variant.name}: own models take no depth or width multipliers", "scale them in their source")
    own = opened(variant.name)
    if own.kind == "onnx":
        return _checked(OnnxGraph(Path(own.path), (1, own.channels, resolution, resolution)), own, resolution)

    def make(where: str) -> nn.Module:
        with on_device(where):
            return mark(_MAKERS[own.kind](own, where, timm_model), own.channels)

    if device != "meta":
        return make(device)
    try:
        return _checked(make("meta"), own, resolution)
    except _OutputsError:
        raise
    except Exception as error:  # whatever the user's code and torch raise on tensors without data
        cause = error.__cause__ or error
        reason = f"{type(cause).__name__}: {cause}".splitlines()[0]
    model = _checked(make(CPU.name), own, resolution)
    return mark(model, own.channels, f"real tensors, because on the meta device: {reason}")


class _OutputsError(BuildError):
    """The model gives another number of outputs than declared."""


def _checked(model: nn.Module, own: OwnModel, resolution: int) -> nn.Module:
    """The model, after one pass.

    Raises:
        BuildError: the pass fails, or gives no tensor, or not as many outputs as declared.
    """
    mark(model.eval(), own.channels)
    images = blank_images(model, resolution)
    try:
        with torch.no_grad():
            outputs = tensor_leaves(model(images))
    except Exception as error:
        size = " x ".join(map(str, images.shape))
        raise BuildError(
            f"{own.name}: its forward pass fails on {size}: {type(error).__name__}: {error}",
            "declare channels: and resolution: as the model takes them",
        ) from error
    if not outputs:
        raise BuildError(f"{own.name}: its forward pass returns no tensor")
    given = outputs[0].numel() // max(1, outputs[0].shape[0] if outputs[0].dim() else 1)
    if own.outputs not in (None, given):
        raise _OutputsError(
            f"{own.name} gives {given} outputs per image, not {own.outputs}", f"declare outputs: {given}"
        )
    return model


def _checkpoint(own: OwnModel, device: str, timm_model: TimmModel) -> nn.Module:
    with torch.device(CPU.name):
        weights = _state_dict(Path(own.path))
    config = timm.models.get_pretrained_cfg(own.timm)
    classifiers = (f"{config.classifier}.weight" if config else "", "_fc.weight")
    head = next((weights[name] for name in classifiers if name in weights), None)
    options = {} if head is None else {"num_classes": head.shape[0]}
    model = timm_model(own.timm, in_chans=own.channels, **options)
    expected = model.state_dict()
    weights = named_as_timm(weights, expected)
    missing, more = [n for n in expected if n not in weights], [n for n in weights if n not in expected]
    other = [n for n in expected if n in weights and expected[n].shape != weights[n].shape]
    problems = [_listed(names, what) for names, what in
                ((missing, "missing"), (more, "not in the model"), (other, "of another shape")) if names]  # fmt: skip
    if problems:
        raise BuildError(
            f"{Path(own.path).name} holds no weights of {own.timm}: {'; '.join(problems)}",
            "name the model that it was saved from under model:",
        )
    if device != "meta":
        model.load_state_dict(weights)
    return model


def _listed(names: list[str], what: str) -> str:
    more = ", ..." if len(names) > _SHOWN else ""
    return f"{len(names)} tensors are {what} ({', '.join(names[:_SHOWN])}{more})"


def _state_dict(path: Path) -> dict[str, torch.Tensor]:
    """Tensors of a checkpoint by name, without the prefixes that wrappers add.

    Raises:
        BuildError: it needs code to be read, or holds something else.
    """
    try:
        weights: Any = timm.models.load_state_dict(str(path), use_ema=False, weights_only=True)
    except Exception as error:  # torch and safetensors raise many kinds
        raise BuildError(
            f"{path.name} cannot be read as weights alone: {str(error).splitlines()[0]}",
            "a pickled model can run any code when it is loaded: save model.state_dict(), or safetensors",
        ) from None
    if not isinstance(weights, dict) or not all(isinstance(value, torch.Tensor) for value in weights.values()):
        raise BuildError(f"{path.name} is not a state dict", "save model.state_dict(), or safetensors")
    lightning = all(name.startswith("model.") for name in weights)
    return {name.removeprefix("model.") if lightning else name: value for name, value in weights.items()}


def _torchscript(own: OwnModel, device: str, _timm_model: TimmModel) -> nn.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch advises against the format, in which the user's file is
            model: nn.Module = torch.jit.load(own.path, map_location=device)
    except RuntimeError as error:
        raise BuildError(
            f"{Path(own.path).name} is not a TorchScript file: {str(error).partition('. ')[0]}",
            "a pickled model can run any code when it is loaded: save it by torch.jit.save",
        ) from None
    return model


def _exported(own: OwnModel, device: str, _timm_model: TimmModel) -> nn.Module:
    with torch.device(CPU.name):
        model = load_program(Path(own.path))
    return model.to(device)


_MAKERS: dict[str, Callable[[OwnModel, str, TimmModel], nn.Module]] = {
    "python": lambda own, _device, _timm_model: from_factory(own),
    "checkpoint": _checkpoint,
    "torchscript": _torchscript,
    "export": _exported,
}
