"""Cases that no runtime offers, and the case that others are verified against."""

from dataclasses import replace

import pytest

from scalebench.suite.case import Case
from scalebench.suite.refusals import is_reference, unoffered

CASE = Case("resnet18", 64)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, None),
        ({"precision": "bf16", "layout": "channels_last"}, None),
        ({"runtime": "onnxruntime", "precision": "int8"}, None),
        ({"mode": "training", "precision": "amp_bf16"}, None),
        ({"precision": "int8"}, "eager offers no int8 on cpu; it offers amp_bf16"),
        ({"precision": "tf32"}, "eager offers no tf32 on cpu"),
        ({"precision": "tf32", "device": "cuda:0"}, None),
        ({"runtime": "cuda_graph"}, "cuda_graph does not run on cpu"),
        ({"runtime": "openvino", "device": "cuda:0"}, "openvino does not run on cuda"),
        ({"runtime": "onnxruntime", "layout": "channels_last"}, "chooses the layout itself"),
        ({"runtime": "onnxruntime", "mode": "training"}, "onnxruntime offers no training"),
        ({"mode": "training", "instances": 2}, "one copy at a time"),
    ],
    ids=str,
)
def test_what_is_offered(change: dict[str, object], said: str | None) -> None:
    found = unoffered(replace(CASE, **change))  # type: ignore[arg-type]
    assert found is None if said is None else said in (found or "")


def test_one_configuration_is_the_reference() -> None:
    """Batch, threads and copies do not matter to what is computed."""
    assert is_reference(replace(CASE, batch=8, threads=2, instances=2))
    others = [{"runtime": "onnxruntime"}, {"precision": "bf16"}, {"layout": "channels_last"}]
    assert not any(is_reference(replace(CASE, **other)) for other in others)
