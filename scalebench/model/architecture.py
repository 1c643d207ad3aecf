"""A model's structure: stages, kernels, kinds of convolution, norms, gates, head.

The kind follows from the operator alone: kernel size and groups of a convolution. A linear layer applied to every pixel
is a 1x1 convolution, as in ConvNeXt's blocks; applied to a vector it is fully connected. Operators of a
squeeze-and-excitation module count there only. Everything else, mostly norms and scales, is ``other``, so the shares of
all kinds sum to one.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import torch
from torch import nn

from scalebench.model.build import block_stages
from scalebench.model.complexity import Complexity, count_model
from scalebench.model.lifetimes import Lifetimes

GATES = "squeeze-and-excitation"
_SE = re.compile(r"^(Effective)?(SE(Module|Layer|Block)?$|Squeeze)")
_NORM = re.compile(r"^(?!.*Conv)(\w*?Norm)")


def count_with_structure(
    model: nn.Module, name: str, resolution: int, lifetimes: Lifetimes | None = None
) -> tuple[Complexity, dict[str, Any]]:
    """Count a model on the meta device and record its structure, in one pass; arguments as of ``count_model``.

    Returns: what ``count_model`` returns, and as plain data

        - ``stages``: [blocks, output channels, output side in pixels] each; empty where no stages are known;
        - ``kinds``: kind -> [number, MACs, parameters, activations];
        - ``kernels``: ``3x3`` -> number of convolutions; ``norms``, ``functions``: kind -> number;
        - ``downsampling``: what halves the image, in order; ``head``: what has weights after the last stage.

    Raises:
        BuildError: its forward pass fails at this resolution.
    """
    hooks = _StructureHooks(model)
    try:
        complexity = count_model(model, name, resolution, lifetimes)
    finally:
        hooks.remove()
    return complexity, hooks.structure(complexity)


class _StructureHooks:
    """Forward hooks that record every convolution, linear layer, pooling and stage while the model runs."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._gates = [module for module in model.modules() if _SE.match(type(module).__name__)]
        self._in_gates = {id(inner) for gate in self._gates for inner in gate.modules()}
        self._stages = _stages(model)
        self._shapes: dict[int, list[int]] = {}
        self._kinds: dict[str, Counter[str]] = {}
        self._kernels: Counter[str] = Counter()
        self._downsampling: list[str] = []
        self._head: list[str] = []
        self._side = 0
        self._seen: set[int] = set()
        self._handles = [
            module.register_forward_hook(self._record_module)
            for module in model.modules()
            if isinstance(module, (nn.Conv2d, nn.Linear)) or "Pool" in type(module).__name__
        ]
        self._handles += [stage.register_forward_hook(self._record_stage) for stage in self._stages]

    def remove(self) -> None:
        """Remove the hooks."""
        for handle in self._handles:
            handle.remove()

    def structure(self, complexity: Complexity) -> dict[str, Any]:
        """See ``count_with_structure``; ``other`` is the whole count less all other kinds."""
        gates = {id(p): p.numel() for gate in self._gates for p in gate.parameters()}
        if self._gates:
            row = self._kinds.setdefault(GATES, Counter())
            row["number"], row["params"] = len(self._gates), sum(gates.values())
        total = {key: getattr(complexity, key) for key in ("macs", "params", "activations")}
        rest = {key: n - sum(kind[key] for kind in self._kinds.values()) for key, n in total.items()}
        if any(rest.values()):
            self._kinds["other"] = Counter(rest)
        columns = ("number", "macs", "params", "activations")
        return {
            "stages": [
                [_blocks(stage), *self._shapes[id(stage)]] for stage in self._stages if id(stage) in self._shapes
            ],
            "kinds": {name: [kind[key] for key in columns] for name, kind in self._kinds.items()},
            "kernels": dict(self._kernels.most_common()),
            "norms": _norms(self._model),
            "functions": self._functions(),
            "downsampling": self._downsampling,
            "head": self._head,
        }

    def _functions(self) -> dict[str, int]:
        """Number of activation functions by name, without those of gates."""
        return dict(
            Counter(
                type(module).__name__
                for module in self._model.modules()
                if "activation" in type(module).__module__
                and not isinstance(module, nn.MultiheadAttention)
                and id(module) not in self._in_gates
            ).most_common()
        )

    def _record_stage(self, stage: nn.Module, _inputs: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor) and output.dim() == 4:
            self._shapes[id(stage)] = [output.shape[1], output.shape[-1]]

    def _record_module(self, module: nn.Module, inputs: Any, output: Any) -> None:
        if not inputs or not all(isinstance(t, torch.Tensor) for t in (inputs[0], output)):
            return
        gate = id(module) in self._in_gates
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            self._count(module, output, GATES if gate else _kind(module, output))
        if not gate and output.dim() == 4 == inputs[0].dim():
            self._record_downsampling(module, inputs[0].shape[-1], output.shape[-1])

    def _count(self, module: nn.Conv2d | nn.Linear, output: torch.Tensor, kind: str) -> None:
        taps = module.weight.numel() // module.weight.shape[0]
        row = self._kinds.setdefault(kind, Counter())
        row.update({"macs": output.numel() * taps, "activations": output.numel()})
        if kind == GATES:
            return
        if id(module) not in self._seen:  # a module that runs twice has its weights once
            self._seen.add(id(module))
            row.update({"number": 1, "params": sum(p.numel() for p in module.parameters())})
            if kind != "fully connected":
                self._kernels[_kernel(module)] += 1
        if self._stages and id(self._stages[-1]) in self._shapes:
            self._head.append(f"{_layer_name(module, kind)}, {module.weight.shape[1]} to {module.weight.shape[0]}")

    def _record_downsampling(self, module: nn.Module, before: int, after: int) -> None:
        """Record the first module that reaches a smaller size: shortcuts come second. Global pooling does not count."""
        if "Adaptive" in type(module).__name__ or after >= before or (self._side and after >= self._side):
            return
        self._side = after
        name = _layer_name(module, _kind(module, None)) if isinstance(module, nn.Conv2d) else _pooling_name(module)
        self._downsampling.append(f"{name}, by {round(before / after)}")


def _kind(module: nn.Conv2d | nn.Linear, output: torch.Tensor | None) -> str:
    if isinstance(module, nn.Linear):
        return "1x1" if output is not None and output.dim() > 2 else "fully connected"
    if module.groups > 1:
        return "depthwise" if module.groups == module.in_channels else "grouped"
    return "1x1" if module.kernel_size == (1, 1) else "dense"


def _kernel(module: nn.Conv2d | nn.Linear) -> str:
    return "x".join(map(str, module.kernel_size)) if isinstance(module, nn.Conv2d) else "1x1"


def _layer_name(module: nn.Conv2d | nn.Linear, kind: str) -> str:
    return kind if kind in ("1x1", "fully connected") else f"{kind} {_kernel(module)}"


def _pooling_name(module: nn.Module) -> str:
    name = type(module).__name__
    return {"MaxPool2d": "max pooling", "AvgPool2d": "average pooling"}.get(name.removesuffix("Same"), name)


def _norms(model: nn.Module) -> dict[str, int]:
    """Number of normalisation layers by kind; timm's layers with a fused activation count by the norm in their name."""
    names = [
        match[1]
        for module in model.modules()
        if (match := _NORM.match(type(module).__name__)) and list(module.parameters(recurse=False))
    ]
    return dict(Counter(names).most_common())


def _stages(model: nn.Module) -> list[nn.Module]:
    """Stages of an MBConv model, a ResNet, a RegNet or a ConvNeXt; empty for anything else."""
    container = getattr(model, "stages", None)
    return block_stages(model) or (list(container.children()) if isinstance(container, nn.Sequential) else [])


def _blocks(stage: nn.Module) -> int:
    return len(list(getattr(stage, "blocks", stage).children()))
