"""Weights and statistics of random networks, set so that verification compares numbers that every layer has a part in.

Constant parameters hide layers: timm starts the last scale of a residual branch at 0 (ResNet) or at 1e-6 (ConvNeXt), so
that a random network is its skip path and its other weights do not matter. Scales of one and biases of zero hide a
runtime that leaves them out. All of these get seeded random values here.

Fresh statistics of batch normalisation normalise nothing: activations then grow or vanish from layer to layer, and two
exact runtimes disagree (EfficientNetV2-S in fp32 differed from fp64 by 54 %, with settled statistics by 0.002 %). A
trained network has statistics of its data; this one gets those of seeded images. The user's own models keep their
weights; those of a factory are settled where all its batch normalisation still has fresh statistics.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from scalebench.measure.artefacts import Example, artefact
from scalebench.measure.failure import describe_error
from scalebench.measure.scenes import scenes
from scalebench.suite.case import Case
from scalebench.suite.device_kinds import CPU
from scalebench.suite.own_files import channels_of

_FILE = "settled.pt"
_IMAGES = 32
"""With 8, EfficientNetV2-S at 96 pixels is off from fp64 by 3 % in fp32, with 32 by 0.02 %."""
_FIRST_SEED = 5000
_SEED = 5
_TINY = 1e-3
"""Parameters that nowhere exceed this hide what they scale; timm's layer scales start between 1e-6 and 1e-4."""
_TINY_BECOMES = 0.25
"""Mean of a scale that was tiny. At 1 a deep residual network amplifies rounding as no trained one does: ResNet-50 in
bf16 is off by 0.21, at 0.25 by 0.03, while another kernel in any layer still changes its outputs by 0.3.
"""
_BIAS_SPREAD = 0.1


def settled_file(case: Case, example: Example) -> Path:
    """Settled parameters and statistics of the case's model at its resolution, made once in a process of its own.

    ``example`` builds the model as timm initialises it. Runtime and precision of the case do not matter. On a device
    that holds the model in half precision only, it is settled on the host.
    """
    eager = Case(case.model, case.resolution, device=case.device, threads=case.threads)
    try:
        return artefact(eager, _settle, example)[0] / _FILE
    except RuntimeError as error:
        if case.kind.on_host or describe_error(error)["kind"] != "oom":
            raise
    return artefact(replace(eager, device=CPU.name), _settle, example)[0] / _FILE


def load_settled(model: nn.Module, file: Path) -> None:
    """Give ``model`` the parameters and statistics in ``file``; all others stay as they are."""
    model.load_state_dict(torch.load(file, weights_only=True, map_location=CPU.name), strict=False)


def _settle(model: nn.Module, images: torch.Tensor, case: Case, folder: Path) -> None:
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if case.variant.task == "python" and not (norms and all(map(_is_fresh, norms))):
        torch.save({}, folder / _FILE)  # the factory may have loaded trained weights
        return
    changed = enliven(model)
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all images
        norm.train()
    if norms:
        with torch.no_grad():
            model(
                torch.from_numpy(scenes(_IMAGES, case.resolution, _FIRST_SEED, channels_of(case.model))).to(
                    images.device
                )
            )
    settled = {name: value.cpu() for name, value in model.state_dict().items() if name in changed or "running_" in name}
    torch.save(settled, folder / _FILE)


def _is_fresh(norm: _BatchNorm) -> bool:
    """Whether it has the statistics that it is built with, so that its network was never trained."""
    mean, variance = norm.running_mean, norm.running_var
    return mean is None or variance is None or bool((mean == 0).all() and (variance == 1).all())


def enliven(model: nn.Module) -> set[str]:
    """Give every parameter that is constant, or tiny throughout, seeded random values; returns their names.

    Biases get a normal distribution around 0, scales half to one and a half times their value (or ``_TINY_BECOMES``),
    matrices and kernels a variance of one over their inputs.
    """
    random = torch.Generator().manual_seed(_SEED)
    constant = {
        name: parameter
        for name, parameter in model.named_parameters()
        if parameter.is_floating_point() and parameter.numel() and _is_constant(parameter.detach())
    }
    with torch.no_grad():
        for name, parameter in constant.items():
            parameter.copy_(_live_values(name, parameter, random))
    return set(constant)


def _is_constant(values: torch.Tensor) -> bool:
    low, high = values.aminmax()
    return bool(low == high) or float(values.abs().max()) <= _TINY


def _live_values(name: str, values: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    if "bias" in name.rpartition(".")[2]:
        return torch.randn(values.shape, generator=random) * _BIAS_SPREAD
    if sum(side > 1 for side in values.shape) > 1:
        return torch.randn(values.shape, generator=random) / math.sqrt(values[0].numel())
    level = float(values.mean())
    return (0.5 + torch.rand(values.shape, generator=random)) * (level if abs(level) > _TINY else _TINY_BECOMES)
