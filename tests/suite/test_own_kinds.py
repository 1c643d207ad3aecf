"""What can run the user's own models."""

from __future__ import annotations

import pytest

from scalebench.suite.own_kinds import misfit


@pytest.mark.parametrize(
    ("configuration", "reason"),
    [
        (("onnx", "onnxruntime", "inference", "fp32"), None),
        (("onnx", "openvino", "inference", "int8"), None),
        (("onnx", "eager", "inference", "fp32"), "eager does not run onnx files; onnxruntime and openvino do"),
        (("onnx", "compile", "inference", "fp32"), "as a torch module, named python:"),
        (("onnx", "onnxruntime", "inference", "fp16"), "offer no fp16; they offer fp32, tf32, bf16, int8"),
        (("python", "eager", "training", "amp_bf16"), None),
        (("checkpoint", "openvino", "inference", "int8"), None),
        (
            ("torchscript", "compile", "inference", "fp32"),
            "compile does not run torchscript files; eager and cuda_graph do",
        ),
        (("torchscript", "eager", "training", "fp32"), "torchscript models offer no training"),
        (("export", "eager", "blocks", "fp32"), "export models offer no blocks"),
        (("unet", "eager", "training", "fp32"), None),
        (("resnet18", "openvino", "training", "fp32"), None),
    ],
    ids=str,
)
def test_what_runs_where(configuration: tuple[str, str, str, str], reason: str | None) -> None:
    """An ONNX file runs as it is; timm's and dense models are none of this table's business."""
    refusal = misfit(*configuration)
    assert refusal is None if reason is None else reason in (refusal or "")
