"""Rules of shapes give what torch gives on the meta device."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from scalebench.model import meta_shapes
from scalebench.model.meta_operators import tensor_leaves

ATEN = torch.ops.aten


def meta(*shape: int) -> torch.Tensor:
    return torch.empty(*shape, device="meta")


X, C = meta(2, 6, 9, 8), meta(6)
CALLS: list[tuple[Any, tuple[Any, ...]]] = [
    (ATEN.silu.default, (X,)),
    (ATEN.add.Tensor, (X, meta(2, 6, 9, 8))),
    (ATEN.mul.Tensor, (meta(2, 6, 1, 1), X)),
    (ATEN.div.Scalar, (X, 3)),
    (ATEN.threshold_backward.default, (X, X, 0)),
    (ATEN.native_batch_norm.default, (X, C, C, C, C, False, 0.1, 1e-5)),
    (ATEN.native_batch_norm.default, (X, C, C, C, C, True, 0.1, 1e-5)),
    (ATEN._native_batch_norm_legit_no_training.default, (X, C, C, C, C, 0.1, 1e-5)),
    (ATEN._native_batch_norm_legit.default, (X, C, C, C, C, True, 0.1, 1e-5)),
    (ATEN.native_batch_norm_backward.default, (X, X, C, C, C, C, C, True, 1e-5, [True, True, True])),
    (ATEN.native_layer_norm.default, (meta(2, 5, 6), [6], C, C, 1e-5)),
    (
        ATEN.native_layer_norm_backward.default,
        (meta(2, 5, 6), meta(2, 5, 6), [6], meta(2, 5, 1), meta(2, 5, 1), C, C, [True, True, False]),
    ),
    (ATEN.convolution.default, (X, meta(4, 6, 3, 3), None, [2, 2], [1, 1], [1, 1], False, [0, 0], 1)),
    (ATEN.convolution.default, (X, meta(6, 1, 5, 5), C, [1, 1], [2, 2], [2, 2], False, [0, 0], 6)),
    (
        ATEN.convolution_backward.default,
        (meta(2, 4, 9, 8), X, meta(4, 6, 1, 1), [4], [1, 1], [0, 0], [1, 1], False, [0, 0], 1, [True, True, False]),
    ),
    (ATEN.cat.default, ([X, meta(2, 3, 9, 8)], 1)),
    (ATEN.mean.dim, (X, [2, 3], True)),
    (ATEN.sum.dim_IntList, (X, [0, -1])),
    (ATEN.mm.default, (meta(4, 3).t(), meta(4, 5))),
    (ATEN.bmm.default, (meta(2, 4, 3), meta(2, 3, 5))),
    (ATEN.addmm.default, (meta(5), meta(4, 3), meta(5, 3).t())),
    (ATEN._softmax.default, (X, -1, False)),
]


@pytest.mark.parametrize(("func", "args"), CALLS, ids=[str(func) for func, _ in CALLS])
def test_a_rule_gives_the_layout_that_torch_gives(func: Any, args: tuple[Any, ...]) -> None:
    by_rule, by_torch = meta_shapes.result(func, args), func(*args)
    assert [(t.shape, t.stride(), t.dtype) for t in tensor_leaves(by_rule)] == [
        (t.shape, t.stride(), t.dtype) for t in tensor_leaves(by_torch)
    ]
    if isinstance(by_torch, tuple):
        assert [part is None for part in by_rule] == [part is None for part in by_torch]


@pytest.mark.parametrize(
    ("func", "args"),
    [
        (ATEN.silu.default, (X.double(),)),
        (ATEN.silu.default, (X.transpose(2, 3),)),
        (ATEN.add.Tensor, (X, meta(2, 5, 9, 8))),
        (ATEN.convolution.default, (X, meta(4, 5, 3, 3), None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1)),
        (ATEN.convolution.default, (X, meta(4, 6, 11, 11), None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1)),
        (ATEN.mm.default, (meta(3, 4), meta(3, 4))),
        (ATEN.cat.default, ([X, meta(2, 3, 9, 7)], 1)),
    ],
)
def test_other_types_layouts_and_shapes_that_do_not_fit_are_left_to_torch(func: Any, args: tuple[Any, ...]) -> None:
    assert meta_shapes.result(func, args) is None
