"""ONNX files, counted from their graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from onnx import helper

from scalebench.errors import BuildError
from scalebench.model.architecture import count_with_structure
from scalebench.model.complexity import Complexity, count_model
from scalebench.model.lifetimes import Lifetimes
from scalebench.model.onnx_graph import OnnxGraph
from tests.suite.literal_onnx import weight, write_onnx, write_tiny


def _count(path: Path, side: int, channels: int = 3) -> Complexity:
    return count_model(OnnxGraph(path, (1, channels, side, side)), path.name, side)


def _one(tmp_path: Path, node: Any, *weights: Any, side: int = 8) -> Complexity:
    return _count(write_onnx(tmp_path / "x.onnx", [node], weights), side)


def test_a_small_graph_by_hand(tmp_path: Path) -> None:
    """32 x 32 outputs of 8 channels with 27 taps, and 8 x 4 products; every weight once."""
    path = write_tiny(tmp_path / "net.onnx")
    counted = _count(path, 64)
    assert counted.macs == 32 * 32 * 8 * 27 + 8 * 4
    assert counted.params == 8 * 27 + 8 + 4 * 8 + 4
    assert counted.activations == 32 * 32 * 8 + 4
    assert counted.uncounted == ()
    assert counted.weight_bytes == 4 * counted.params
    assert {kind for kind, *_ in counted.operators} == {"dense", "activation", "pooling", "linear"}
    # The convolution's output and ReLU's are live at once, with the image no longer needed.
    graph = OnnxGraph(path, (1, 3, 64, 64))
    lifetimes = Lifetimes([*graph.parameters()])
    _, structure = count_with_structure(graph, "net", 64, lifetimes)
    assert structure["kernels"] == {"3x3": 1}
    assert structure["kinds"]["dense"][:2] == [1, 32 * 32 * 8 * 27]
    assert structure["kinds"]["fully connected"][:2] == [1, 32]
    assert lifetimes.peak == 4 * (counted.params + 3 * 64 * 64 + 2 * 8 * 32 * 32)


@pytest.mark.parametrize(
    ("attributes", "shape", "macs"),
    [
        ({"group": 3, "pads": [1, 1, 1, 1]}, (3, 1, 3, 3), 8 * 8 * 3 * 9),
        ({"strides": [2, 2]}, (4, 3, 1, 1), 4 * 4 * 4 * 3),
        ({"auto_pad": "SAME_UPPER", "strides": [2, 2]}, (4, 3, 3, 3), 4 * 4 * 4 * 27),
        ({"pads": [0, 0, 1, 1], "strides": [2, 2]}, (4, 3, 3, 3), 4 * 4 * 4 * 27),
        ({"dilations": [2, 2]}, (4, 3, 3, 3), 4 * 4 * 4 * 27),
        ({"auto_pad": "VALID"}, (4, 3, 3, 3), 6 * 6 * 4 * 27),
    ],
    ids=str,
)
def test_convolutions(attributes: dict[str, Any], shape: tuple[int, ...], macs: int, tmp_path: Path) -> None:
    """Output elements times taps, by hand, on 8 x 8 pixels."""
    counted = _one(tmp_path, helper.make_node("Conv", ["images", "k"], ["scores"], **attributes), weight("k", *shape))
    assert counted.macs == macs
    assert counted.uncounted == ()


def test_products_without_weights_and_what_has_no_formula(tmp_path: Path) -> None:
    """Images times images is attention's product; a transposed convolution is named as not counted, not left out."""
    product = _one(tmp_path, helper.make_node("MatMul", ["images", "images"], ["scores"]))
    assert product.macs == 3 * 8 * 8 * 8
    assert [kind for kind, *_ in product.operators] == ["attention"]
    transposed = _one(tmp_path, helper.make_node("ConvTranspose", ["images", "k"], ["scores"]), weight("k", 3, 4, 2, 2))
    assert transposed.macs == 0
    assert transposed.uncounted == ("scalebench_onnx.convtranspose",)
    linear = _one(tmp_path, helper.make_node("MatMul", ["images", "m"], ["scores"]), weight("m", 8, 5))
    assert (linear.macs, linear.params) == (3 * 8 * 8 * 5, 40)


def test_shapes_may_be_computed_in_the_graph(tmp_path: Path) -> None:
    """Arithmetic on shapes costs nothing, and what it gives is followed."""
    nodes = [
        helper.make_node("Shape", ["images"], ["whole"], start=0, end=1),
        helper.make_node("Constant", [], ["rest"], value_ints=[-1]),
        helper.make_node("Concat", ["whole", "rest"], ["flat"], axis=0),
        helper.make_node("Reshape", ["images", "flat"], ["vector"]),
        helper.make_node("Gemm", ["vector", "m"], ["scores"]),
    ]
    counted = _count(write_onnx(tmp_path / "x.onnx", nodes, [weight("m", 48, 5)]), 4)
    assert (counted.macs, counted.other_elements) == (48 * 5, 0)


def test_what_cannot_be_run_or_counted(tmp_path: Path) -> None:
    """Channels that do not fit, and control flow."""
    with pytest.raises(BuildError, match=r"net.onnx: ONNX Runtime cannot run it on 1 x 4 x 64 x 64"):
        OnnxGraph(write_tiny(tmp_path / "net.onnx"), (1, 4, 64, 64))
    branch = helper.make_graph(
        [helper.make_node("Relu", ["images"], ["y"])], "b", [], [helper.make_empty_tensor_value_info("y")]
    )
    loop = helper.make_node("If", ["images"], ["scores"], then_branch=branch, else_branch=branch)
    with pytest.raises(BuildError, match=r"it has control flow \(If\)"):
        OnnxGraph(write_onnx(tmp_path / "if.onnx", [loop], []), (1, 3, 8, 8))


def test_an_exported_resnet18_counts_as_the_module_does(tmp_path: Path) -> None:
    """1.814 GMACs at 224 pixels, as He et al., Table 1, print 1.8; timm's module counts the same."""
    timm = pytest.importorskip("timm")
    pytest.importorskip("onnxscript")
    model = timm.create_model("resnet18").eval()
    program = torch.onnx.export(model, (torch.zeros(1, 3, 224, 224),), dynamo=True, verbose=False)
    assert program is not None
    program.save(tmp_path / "resnet18.onnx")
    counted = _count(tmp_path / "resnet18.onnx", 224)
    assert counted.macs == 1_814_073_344
    assert counted.uncounted == ()
