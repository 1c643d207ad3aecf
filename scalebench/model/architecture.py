"""How a model is built, as far as it can be counted: stages, kernels, kinds of convolution, norms, gates, head.

Kinds go by operator alone: kernel size and groups of a convolution. A linear layer that works on every pixel is a 1x1
convolution, as in ConvNeXt's blocks; on a vector it is fully connected. What belongs to a squeeze-and-excitation
module is counted there and nowhere else. What no kind covers, norms and scales mostly, is ``other``: so the shares of
all kinds sum up to one.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import torch
from timm.models.regnet import RegStage
from torch import nn

from scalebench.model.build import stages
from scalebench.model.complexity import Complexity, count_model

GATES = "squeeze-and-excitation"
_SE = re.compile(r"^(Effective)?(SE(Module|Layer|Block)?$|Squeeze)")
_NORM = re.compile(r"^(?!.*Conv)(\w*?Norm)")


def count_with_structure(model: nn.Module, name: str, resolution: int) -> tuple[Complexity, dict[str, Any]]:
    """Count a model on the meta device and look at how it is built, in one pass.

    Returns: what ``count_model`` returns, and as plain data

        - ``stages``: [blocks, output channels, output side in pixels] each; empty where no stages are known;
        - ``kinds``: kind -> [number, MACs, parameters, activations];
        - ``kernels``: ``3x3`` -> number of convolutions; ``norms``, ``functions``: kind -> number;
        - ``downsampling``: what halves the image, in order; ``head``: what has weights after the last stage.

    Raises:
        BuildError: its forward pass fails at this resolution.
    """
    watch = _Watch(model)
    try:
        counted = count_model(model, name, resolution)
    finally:
        watch.close()
    return counted, watch.found(counted)


class _Watch:
    """Sees every convolution, linear layer, pooling and stage while the model runs."""

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
            module.register_forward_hook(self._ran)
            for module in model.modules()
            if isinstance(module, (nn.Conv2d, nn.Linear)) or "Pool" in type(module).__name__
        ]
        self._handles += [stage.register_forward_hook(self._left) for stage in self._stages]

    def close(self) -> None:
        """Stop looking."""
        for handle in self._handles:
            handle.remove()

    def found(self, counted: Complexity) -> dict[str, Any]:
        """What was seen, as ``count_with_structure`` says; ``other`` is what the whole count has beyond that."""
        gates = {id(p): p.numel() for gate in self._gates for p in gate.parameters()}
        if self._gates:
            row = self._kinds.setdefault(GATES, Counter())
            row["number"], row["params"] = len(self._gates), sum(gates.values())
        total = {"macs": counted.macs, "params": counted.params, "activations": counted.activations}
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
        """Activation functions by name, those of gates left out."""
        return dict(
            Counter(
                type(module).__name__
                for module in self._model.modules()
                if "activation" in type(module).__module__
                and not isinstance(module, nn.MultiheadAttention)
                and id(module) not in self._in_gates
            ).most_common()
        )

    def _left(self, stage: nn.Module, _inputs: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor) and output.dim() == 4:
            self._shapes[id(stage)] = [output.shape[1], output.shape[-1]]

    def _ran(self, module: nn.Module, inputs: Any, output: Any) -> None:
        if not inputs or not all(isinstance(t, torch.Tensor) for t in (inputs[0], output)):
            return
        gate = id(module) in self._in_gates
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            self._count(module, output, GATES if gate else _kind(module, output))
        if not gate and output.dim() == 4 == inputs[0].dim():
            self._step(module, inputs[0].shape[-1], output.shape[-1])

    def _count(self, module: nn.Conv2d | nn.Linear, output: torch.Tensor, kind: str) -> None:
        taps = module.weight[0].numel()
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
            self._head.append(f"{_described(module, kind)}, {module.weight[0].shape[0]} to {module.weight.shape[0]}")

    def _step(self, module: nn.Module, before: int, after: int) -> None:
        """Note the first module that reaches a smaller size; shortcuts come second, and global pooling is no step."""
        if "Adaptive" in type(module).__name__ or after >= before or (self._side and after >= self._side):
            return
        self._side = after
        what = (
            _described(module, _kind(module, None)) if isinstance(module, nn.Conv2d) else _words(type(module).__name__)
        )
        self._downsampling.append(f"{what}, by {round(before / after)}")


def _kind(module: nn.Conv2d | nn.Linear, output: torch.Tensor | None) -> str:
    if isinstance(module, nn.Linear):
        return "1x1" if output is not None and output.dim() > 2 else "fully connected"
    if module.groups > 1:
        return "depthwise" if module.groups == module.in_channels else "grouped"
    return "1x1" if module.kernel_size == (1, 1) else "dense"


def _kernel(module: nn.Conv2d | nn.Linear) -> str:
    return "x".join(map(str, module.kernel_size)) if isinstance(module, nn.Conv2d) else "1x1"


def _described(module: nn.Conv2d | nn.Linear, kind: str) -> str:
    return kind if kind in ("1x1", "fully connected") else f"{kind} {_kernel(module)}"


def _words(name: str) -> str:
    return {"MaxPool2d": "max pooling", "AvgPool2d": "average pooling"}.get(name.removesuffix("Same"), name)


def _norms(model: nn.Module) -> dict[str, int]:
    """Normalisation layers by kind; timm's, which hold an activation too, by the norm in their name."""
    names = [
        match[1]
        for module in model.modules()
        if (match := _NORM.match(type(module).__name__)) and list(module.parameters(recurse=False))
    ]
    return dict(Counter(names).most_common())


def _stages(model: nn.Module) -> list[nn.Module]:
    """Stages of an MBConv model, a ResNet, a RegNet or a ConvNeXt; empty for anything else."""
    found: list[nn.Module] = [*stages(model)] or [m for m in model.children() if isinstance(m, RegStage)]
    held = getattr(model, "stages", None)
    return found or (list(held.children()) if isinstance(held, nn.Sequential) else [])


def _blocks(stage: nn.Module) -> int:
    return len(list(getattr(stage, "blocks", stage).children()))
