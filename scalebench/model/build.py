"""Model name or variant -> nn.Module, by timm's own factories; dense models build on these, see ``dense_heads``."""

from __future__ import annotations

import inspect
import math
import types
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import Any

import timm
import timm.models
import torch
from timm.models._features import FeatureListNet
from timm.models.regnet import RegStage
from timm.models.resnet import BasicBlock, Bottleneck, ResNet, downsample_conv
from torch import nn
from torch.nn import init
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd
from torch.utils._device import DeviceContext

from scalebench.errors import BuildError, UnknownNameError, did_you_mean
from scalebench.model.dense_heads import build_dense
from scalebench.model.fused import fuse
from scalebench.model.own_models import build_own
from scalebench.suite.dense import EFFICIENTDETS
from scalebench.suite.device_kinds import CPU
from scalebench.suite.model_facts import Known
from scalebench.suite.own_kinds import OWN_KINDS
from scalebench.suite.variant import Variant

RESNETS = {
    "resnet18": (2, 2, 2, 2),
    "resnet34": (3, 4, 6, 3),
    "resnet50": (3, 4, 6, 3),
    "resnet101": (3, 4, 23, 3),
    "resnet152": (3, 8, 36, 3),
}
"""Blocks per stage (He et al., arXiv:1512.03385, Table 1)."""
_BLOCKS: dict[str, Any] = {name: BasicBlock if name in ("resnet18", "resnet34") else Bottleneck for name in RESNETS}
_CHANNELS = (64, 128, 256, 512)
_STEM = 64
_DIVISOR = 8
"""Channels are rounded to multiples of this, as in the reference EfficientNet."""
_FILLS = {
    torch.Tensor.normal_, torch.Tensor.uniform_, torch.Tensor.fill_, torch.Tensor.zero_, torch.Tensor.clamp_,
    torch.Tensor.mul_, torch.Tensor.add_, torch.Tensor.erfinv_,
    init.uniform_, init.normal_, init.constant_, init.kaiming_uniform_, init.kaiming_normal_,
}  # fmt: skip
"""What fills weights in place: functions of ``torch.nn.init``, and what the others there call."""
_FILLED: tuple[Any, ...] = (nn.Linear, _ConvNd, _NormBase, nn.LayerNorm, nn.GroupNorm)
"""Layers whose ``reset_parameters`` only fills their weights."""


def build(variant: Variant, resolution: int, device: str = CPU.name) -> nn.Module:
    """Build ``variant`` for square inputs of ``resolution`` pixels, in eval mode; on ``meta`` nothing is allocated.

    Depth rounds up, width to multiples of 8. Only models with position embeddings or windows depend on ``resolution``.

    Raises:
        UnknownNameError: timm, or effdet, has no such model.
        BuildError: the base cannot be scaled, or not be built at this size, or a package is not installed.
    """
    if variant.task in OWN_KINDS:
        return build_own(variant, resolution, device, _on_device, partial(_named_model, resolution)).eval()
    detector = variant.task == "effdet"
    if variant.base not in EFFICIENTDETS if detector else not timm.models.is_model(variant.base):
        names = EFFICIENTDETS if detector else timm.list_models()
        raise UnknownNameError(f"unknown model {variant.base!r}", did_you_mean(variant.base, names))
    try:
        with _on_device(device):
            if variant.task:
                model = build_dense(variant, resolution, lambda **options: _timm_model(variant, resolution, **options))
            else:
                model = _timm_model(variant, resolution)
    except BuildError:
        raise
    except Exception as error:  # timm's 1300 factories raise whatever they like
        raise BuildError(f"{variant.name}@{resolution} cannot be built: {type(error).__name__}: {error}") from error
    if not isinstance(model, nn.Module):
        raise BuildError(f"{variant.name}: timm returned {type(model).__name__}, not a module")
    return model.eval()


def _on_device(device: str) -> AbstractContextManager[Any]:
    return _OnMeta() if device == "meta" else torch.device(device)


class _OnMeta(DeviceContext):
    """``torch.device("meta")`` without what fills weights, which there changes nothing and takes half of the time."""

    def __init__(self) -> None:
        super().__init__("meta")
        self._resets = [(layer, layer.reset_parameters) for layer in _FILLED]

    def __enter__(self) -> Any:
        for layer in _FILLED:
            layer.reset_parameters = lambda _layer: None
        return super().__enter__()  # type: ignore[no-untyped-call]

    def __exit__(self, *error: object) -> Any:
        for layer, reset in self._resets:
            layer.reset_parameters = reset
        return super().__exit__(*error)  # type: ignore[no-untyped-call]

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in _FILLS:
            tensor = args[0] if args else kwargs["tensor"]
            if tensor.is_meta:
                return tensor
        return super().__torch_function__(func, types, args, kwargs)  # type: ignore[no-untyped-call]


def _named_model(resolution: int, name: str, **options: Any) -> nn.Module:
    """A classifier of timm's by name, with options of its factory."""
    if not timm.models.is_model(name):
        raise UnknownNameError(f"unknown model {name!r}", did_you_mean(name, timm.list_models()), ("model",))
    model: nn.Module = _timm_model(Variant(name), resolution, **options)
    return model


def _timm_model(variant: Variant, resolution: int, **options: Any) -> Any:
    sizes = {"img_size": resolution} if fixed_input(variant.base) else {}
    model = _factory(replace(variant, task=""))(pretrained=False, **sizes, **options)
    fuse(stages(model), variant)
    _trim(model, variant)
    return model


def catalogue() -> dict[str, Known]:
    """Every timm classifier with its default input size and stride, in timm's order."""
    models = {}
    for name in timm.list_models():
        config = timm.models.get_pretrained_cfg(name)
        size = default_resolution(name)
        pool = config.pool_size[0] if config and config.pool_size else None
        models[name] = Known(size, max(1, size // pool) if pool else 1, **_weights(config))
    return models


def _weights(config: Any) -> dict[str, str]:
    """Tag, repository and former file of the weights that timm loads by default."""
    hub = str(config.hf_hub_id or "") if config else ""
    if not hub:
        return {}
    name = f"{config.architecture}.{config.tag}" if config.tag else str(config.architecture)
    file = str(config.url or "").rpartition("/")[2]
    return {"tag": config.tag or "", "hub": f"{hub}{name}" if hub.endswith("/") else hub, "file": file}


def default_resolution(base: str) -> int:
    """Input size that timm trains ``base`` at, pixels, often not the paper's; of an EfficientDet its own."""
    if base in EFFICIENTDETS:
        return EFFICIENTDETS[base]
    config = timm.models.get_pretrained_cfg(base)
    return int(config.input_size[-1]) if config and config.input_size else 224


def fixed_input(base: str) -> bool:
    """Whether timm builds ``base`` for one input size, as position embeddings or windows demand."""
    config = timm.models.get_pretrained_cfg(base)
    return bool(config and config.fixed_input_size)


def _factory(variant: Variant) -> Callable[..., Any]:
    if variant.is_base:
        return lambda **kwargs: timm.create_model(variant.base, **kwargs)
    if variant.base in RESNETS:
        return lambda pretrained, **kwargs: _scaled_resnet(variant, **kwargs)  # noqa: ARG005 - timm's signature
    entry = timm.models.model_entrypoint(variant.base)
    generators = _generators(entry)
    if not generators:
        raise BuildError(
            f"{variant.base} cannot be scaled in depth or width",
            "scalable bases: resnet18..152 and every MBConv family of timm",
        )
    scaled = {name: _with_multipliers(function, variant) for name, function in generators.items()}
    # A copy of timm's entry point that sees the scaled generators: timm itself stays untouched.
    return types.FunctionType(
        entry.__code__, {**entry.__globals__, **scaled}, entry.__name__, entry.__defaults__, entry.__closure__
    )


def _generators(entry: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """timm's ``_gen_*`` functions that ``entry`` calls and that take both multipliers."""
    used = set(entry.__code__.co_names)
    candidates = {name: f for name, f in entry.__globals__.items() if name.startswith("_gen_") and name in used}
    multipliers = {"channel_multiplier", "depth_multiplier"}
    return {name: f for name, f in candidates.items() if multipliers <= set(inspect.signature(f).parameters)}


def _with_multipliers(generator: Callable[..., Any], variant: Variant) -> Callable[..., Any]:
    def scaled(*args: Any, **kwargs: Any) -> Any:
        call = inspect.signature(generator).bind(*args, **kwargs)
        call.apply_defaults()
        call.arguments["channel_multiplier"] *= variant.width
        call.arguments["depth_multiplier"] *= variant.depth
        return generator(*call.args, **call.kwargs)

    return scaled


def stages(model: nn.Module) -> list[nn.Sequential]:
    """Stages of an MBConv model or a ResNet, in order; empty for anything else."""
    candidates = getattr(model, "blocks", None) or [getattr(model, f"layer{i}", None) for i in range(1, 5)]
    return [stage for stage in candidates if isinstance(stage, nn.Sequential)]


def block_stages(model: nn.Module) -> list[nn.Module]:
    """Stages of an MBConv model, a ResNet or a RegNet, in order; empty for anything else."""
    return [*stages(model)] or [m for m in model.children() if isinstance(m, RegStage)]


def block_count(model: nn.Module) -> int | None:
    """Blocks in all of ``block_stages``; None where there are none."""
    return sum(len(list(stage.children())) for stage in block_stages(model)) or None


def head_params(model: nn.Module) -> int:
    """Parameters of the classifier, which transferred and dense models do not have; 0 where timm names none."""
    head = getattr(model, "get_classifier", lambda: None)()
    return sum(p.numel() for p in head.parameters()) if isinstance(head, nn.Module) else 0


def _trim(model: nn.Module, variant: Variant) -> None:
    """Remove the last block of the ``trim`` longest stages; it has stride 1, so all shapes still match."""
    longest = sorted(stages(model), key=len, reverse=True)[: variant.trim]
    if len(longest) < variant.trim or any(len(stage) < 2 for stage in longest):
        raise BuildError(f"{variant.name}: there are not {variant.trim} stages to trim a block from")
    for stage in longest:
        del stage[-1]


def _scaled_resnet(
    variant: Variant, features_only: bool = False, out_indices: tuple[int, ...] = (0, 1, 2, 3, 4), **kwargs: Any
) -> nn.Module:
    """ResNet with all channels (stem included) times width, blocks per stage times depth, rounded up."""
    layers = tuple(scaled_blocks(blocks, variant.depth) for blocks in RESNETS[variant.base])
    channels = tuple(scaled_channels(c, variant.width) for c in _CHANNELS)
    model = ResNet(block=_BLOCKS[variant.base], layers=layers, channels=channels, **kwargs)
    stem = scaled_channels(_STEM, variant.width)
    if stem != _STEM:
        _widen_stem(model, _BLOCKS[variant.base], stem, channels[0])
    return FeatureListNet(model, out_indices=out_indices, flatten_sequential=False) if features_only else model


def _widen_stem(model: Any, block: Any, stem: int, planes: int) -> None:
    """timm fixes a plain stem at 64 channels; replace it and the first block, which reads it."""
    model.conv1 = nn.Conv2d(3, stem, kernel_size=7, stride=2, padding=3, bias=False)
    model.bn1 = nn.BatchNorm2d(stem)
    model.feature_info[0]["num_chs"] = stem
    outputs = planes * block.expansion
    downsample = None
    if stem != outputs:
        downsample = downsample_conv(stem, outputs, kernel_size=1, norm_layer=nn.BatchNorm2d)
    model.layer1[0] = block(stem, planes, downsample=downsample)
    model.init_weights()


def scaled_blocks(blocks: int, depth: float) -> int:
    """Blocks of a stage times depth, rounded up (reference EfficientNet, ``round_repeats``)."""
    return math.ceil(blocks * depth)


def scaled_channels(channels: int, width: float) -> int:
    """Channels times width, rounded to 8 but never below 90 % (reference EfficientNet, ``round_filters``)."""
    exact = channels * width
    rounded = max(_DIVISOR, int(exact + _DIVISOR / 2) // _DIVISOR * _DIVISOR)
    return rounded + _DIVISOR if rounded < 0.9 * exact else rounded
