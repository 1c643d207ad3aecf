"""A module on the meta device that computes what an ONNX file does, for counting.

Shapes are those of one pass of ONNX Runtime over zeros, without its optimisations: they hold for any file that it can
run, dynamic ones included. Convolutions and products with weights become torch's own layers, so that they are counted
as those of any other model; every other operator only reads its inputs and gives outputs of the right shape.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import nn

from scalebench.errors import BuildError
from scalebench.suite.file_shapes import onnx_graph

Shapes = Mapping[str, tuple[int, ...]]
_CONVOLUTIONS: dict[int, Any] = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_VIEWS = {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout"}
_CONTROL = {"If", "Loop", "Scan", "SequenceMap"}
_NAMES = {"Clip": "clamp"}
"""Names by which ``model.operators`` knows a kind, where ONNX has others."""
_META = torch.device("meta")


class OnnxGraph(nn.Module):
    """The graph of an ONNX file on the meta device, for one size of its input.

    Args:
        path: of the file.
        shape: of the input, batch x channels x side x side.

    Raises:
        BuildError: ONNX Runtime cannot run the file on such images, or it has control flow.
    """

    def __init__(self, path: Path, shape: Sequence[int]) -> None:
        super().__init__()
        model = onnx_graph(path)
        nodes, initializers = model.graph.node, model.graph.initializer
        control = sorted({node.op_type for node in nodes} & _CONTROL)
        if control:
            raise BuildError(f"{path.name} cannot be counted: it has control flow ({', '.join(control)})")
        weights = {tensor.name for tensor in initializers}
        self._shapes: Shapes = {**_run(path, model, shape), **{t.name: tuple(t.dims) for t in initializers}}
        self._input = next(value.name for value in model.graph.input if value.name not in weights)
        self._outputs = [value.name for value in model.graph.output]
        self._layers = nn.ModuleDict()
        self._constants: dict[str, nn.Parameter] = {}
        self._weights = weights
        steps = [self._step(at, node) for at, node in enumerate(nodes) if self._computes(node)]
        self._steps = list(_with_last_uses(steps, self._outputs))
        for at, (name, parameter) in enumerate(self._constants.items()):
            if any(name in inputs for _, inputs, _, _ in self._steps):
                self.register_parameter(f"constant_{at}", parameter)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Outputs of the file; values that no later operator reads are freed."""
        values: dict[str, torch.Tensor] = {**self._constants, self._input: images}
        for compute, inputs, outputs, done in self._steps:
            results = compute([values[name] for name in inputs])
            values.update(zip(outputs, results, strict=True))
            for name in done:
                values.pop(name, None)
        return tuple(values[name] for name in self._outputs if name in values)

    def _computes(self, node: Any) -> bool:
        """Whether it gives numbers; constants and arithmetic on shapes do not."""
        return node.op_type != "Constant" and any(name in self._shapes for name in node.output)

    def _step(self, at: int, node: Any) -> tuple[Callable[..., Any], list[str], list[str]]:
        """What a node computes, and the names of its inputs and outputs."""
        inputs = [name for name in node.input if name in self._shapes]
        outputs = [name for name in node.output if name in self._shapes]
        layer = self._layer(node)
        if layer is not None:
            self._layers[f"{node.op_type}_{at}"] = layer
            pads = self._padding(node) if node.op_type == "Conv" else []
            if pads[::2] == pads[1::2]:
                pads = []  # the layer pads by itself
            return _layer_call(layer, pads, self._shapes[outputs[0]]), inputs[:1], outputs
        for name in inputs:
            if name in self._weights:
                self._parameter(name)
        return self._function(node, outputs), inputs, outputs

    def _function(self, node: Any, outputs: list[str]) -> Callable[..., Any]:
        shapes = [self._shapes[name] for name in outputs]
        if node.op_type in _VIEWS:
            return lambda tensors: [tensors[0].reshape(shapes[0])]
        if node.op_type == "MatMul":
            return lambda tensors: [torch.matmul(*tensors)]
        if node.op_type == "Einsum":
            equation = _attributes(node)["equation"].decode()
            return lambda tensors: [torch.einsum(equation, *tensors)]
        operator = _operator(_NAMES.get(node.op_type, node.op_type).lower())
        # What is read counts once, with the first output.
        return lambda tensors: [operator(tensors, shapes[0]), *(torch.empty(s, device=_META) for s in shapes[1:])]

    def _layer(self, node: Any) -> nn.Module | None:
        """Torch's layer for a convolution, or a product with a weight; None for any other node."""
        if len(node.input) < 2 or node.input[1] not in self._weights:
            return None
        shape, bias = self._shapes[node.input[1]], next(iter(node.input[2:3]), "")
        if node.op_type == "Conv" and len(shape) - 2 in _CONVOLUTIONS:
            return self._convolution(node, shape, bias)
        attributes = _attributes(node)
        if (node.op_type == "MatMul" and len(shape) == 2) or (node.op_type == "Gemm" and not attributes.get("transA")):
            inputs, outputs = reversed(shape) if attributes.get("transB") else shape
            return self._linear(node, (inputs, outputs), bias)
        return None

    def _convolution(self, node: Any, shape: tuple[int, ...], bias: str) -> nn.Module:
        attributes, sides = _attributes(node), len(shape) - 2
        groups, pads = attributes.get("group", 1), self._padding(node)
        strides, dilations = (tuple(attributes.get(key, (1,) * sides)) for key in ("strides", "dilations"))
        padding = tuple(pads[-2::-2]) if pads[::2] == pads[1::2] else 0
        layer = _CONVOLUTIONS[sides](
            shape[1] * groups, shape[0], shape[2:], strides, padding, dilations, groups, bias=False, device=_META
        )
        return self._with_weights(layer, node.input[1], shape, bias)

    def _linear(self, node: Any, features: tuple[int, int], bias: str) -> nn.Module:
        layer = nn.Linear(*features, bias=False, device=_META)
        return self._with_weights(layer, node.input[1], features[::-1], bias)

    def _with_weights(self, layer: Any, weight: str, shape: tuple[int, ...], bias: str) -> nn.Module:
        layer.weight = self._parameter(weight, shape)
        layer.bias = self._parameter(bias) if bias in self._weights else None
        module: nn.Module = layer
        return module

    def _parameter(self, name: str, shape: tuple[int, ...] | None = None) -> nn.Parameter:
        """The weight of that name, one object however often it is used."""
        if name not in self._constants:
            values = torch.empty(shape or self._shapes[name], device=_META)
            self._constants[name] = nn.Parameter(values, requires_grad=False)
        return self._constants[name]

    def _padding(self, node: Any) -> list[int]:
        """Zeros around the image as ``torch.nn.functional.pad`` takes them: last side first, before and after."""
        attributes, sides = _attributes(node), len(self._shapes[node.input[1]]) - 2
        if not attributes.get("auto_pad", b"NOTSET").startswith(b"SAME"):
            pads = attributes.get("pads", [0] * 2 * sides)
            return [pads[at + end * sides] for at in reversed(range(sides)) for end in (0, 1)]
        image, kernel, output = (self._shapes[name][2:] for name in (*node.input[:2], node.output[0]))
        strides, dilations = (attributes.get(key, [1] * sides) for key in ("strides", "dilations"))
        padded = [
            (out - 1) * s + (k - 1) * d + 1 for out, s, k, d in zip(output, strides, kernel, dilations, strict=True)
        ]
        missing = [max(0, more - side) for more, side in zip(padded, image, strict=True)]
        return [zeros for total in reversed(missing) for zeros in (total // 2, total - total // 2)]


def _layer_call(layer: nn.Module, pads: list[int], shape: tuple[int, ...]) -> Callable[..., Any]:
    def call(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
        output = layer(F.pad(tensors[0], pads) if any(pads) else tensors[0])
        if tuple(output.shape) != shape:
            raise BuildError(f"an ONNX operator gives {tuple(output.shape)} where ONNX Runtime gives {shape}")
        return [output]

    return call


def _run(path: Path, model: Any, shape: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """Shapes of all floating-point values in one pass over zeros, by name."""
    import onnx
    import onnxruntime

    named = {value.name for value in model.graph.output}
    inner = [name for node in model.graph.node for name in node.output if name and name not in named]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in inner)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(path.parent))
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        values = session.run(None, {name: np.zeros(shape, np.float32)})
    except Exception as error:  # onnxruntime's own errors have no public names
        raise BuildError(f"{path.name}: ONNX Runtime cannot run it on {' x '.join(map(str, shape))}: {error}") from None
    finally:
        del model.graph.output[len(named) :]
    results = zip((output.name for output in session.get_outputs()), values, strict=True)
    return {
        name: tuple(shape),
        **{key: value.shape for key, value in results if isinstance(value, np.ndarray) and value.dtype.kind == "f"},
    }


def _attributes(node: Any) -> dict[str, Any]:
    import onnx

    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


_Step = tuple[Callable[..., Any], list[str], list[str]]


def _with_last_uses(
    steps: list[_Step], kept: Iterable[str]
) -> Iterable[tuple[Callable[..., Any], list[str], list[str], list[str]]]:
    """The steps, each with the values that no later one reads."""
    left = Counter(name for _, inputs, _ in steps for name in inputs)
    left.update(kept)
    for compute, inputs, outputs in steps:
        left.subtract(inputs)
        yield compute, inputs, outputs, [name for name in {*inputs, *outputs} if left[name] <= 0]


@cache
def _operator(name: str) -> Any:
    """An operator that reads tensors and gives a new one; of ONNX operators that torch's layers do not stand for.

    ``model.work`` tells from the name which of them multiply, and reports those as uncounted.
    """
    qualified = f"scalebench_onnx::{name}"
    torch.library.define(qualified, "(Tensor[] inputs, SymInt[] shape) -> Tensor")
    torch.library.impl(qualified, "Meta")(lambda _inputs, shape: torch.empty(shape, device=_META))
    return getattr(torch.ops.scalebench_onnx, name).default
