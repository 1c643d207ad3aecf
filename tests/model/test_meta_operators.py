"""Remembered operators give what torch gives."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from scalebench.model import meta_operators
from scalebench.model.footprint import _Observed
from scalebench.model.meta_operators import MetaOperators, address
from scalebench.model.work import Tally

ATEN = torch.ops.aten


class _Ran(TorchDispatchMode):
    """Counts the operators that really run."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.calls += func is not ATEN.empty_strided.default
        return func(*args, **(kwargs or {}))


def meta(*shape: int) -> torch.Tensor:
    return torch.empty(*shape, device="meta")


def test_a_call_met_before_gives_a_new_tensor_of_the_same_layout() -> None:
    operators, ran = MetaOperators(), _Ran()
    x = meta(2, 3, 8, 8).to(memory_format=torch.channels_last)
    with ran:
        first, _ = operators.run(ATEN.relu.default, (x,), {})
        again, met = operators.run(ATEN.relu.default, (x,), {})
    assert ran.calls == 1
    assert met is not None
    assert (again.shape, again.stride(), again.dtype) == (first.shape, first.stride(), first.dtype)
    assert address(again) != address(first)


@pytest.mark.parametrize("other", [meta(2, 3, 8, 9), meta(2, 3, 9, 8).transpose(2, 3), meta(2, 3, 8, 8).double()])
def test_another_shape_layout_or_type_is_another_call(other: torch.Tensor) -> None:
    operators = MetaOperators()
    operators.run(ATEN.relu.default, (meta(2, 3, 8, 8),), {})
    result, _ = operators.run(ATEN.relu.default, (other,), {})
    assert (result.shape, result.dtype) == (other.shape, other.dtype)


def test_equal_numbers_of_other_types_promote_as_in_torch() -> None:
    operators, x = MetaOperators(), torch.empty(3, dtype=torch.int32, device="meta")
    assert operators.run(ATEN.add.Scalar, (x, 1), {})[0].dtype == torch.int32
    assert operators.run(ATEN.add.Scalar, (x, 1.0), {})[0].dtype == torch.float32


def test_operators_in_place_return_their_own_first_argument() -> None:
    operators = MetaOperators()
    for x in (meta(4), meta(4)):
        assert operators.run(ATEN.relu_.default, (x,), {})[0] is x


def test_views_share_the_memory_of_their_own_input() -> None:
    operators = MetaOperators()
    for x in (meta(4, 2), meta(4, 2)):
        view, met = operators.run(ATEN.view.default, (x, [8]), {})
        assert met is None
        assert address(view) == address(x)


def test_several_outputs_are_remembered_together() -> None:
    operators, ran = MetaOperators(), _Ran()
    x, c = meta(2, 3, 4, 4), meta(3)
    call = (x, c, c, c, c, False, 0.1, 1e-5)
    with ran:
        first, _ = operators.run(ATEN.native_batch_norm.default, call, {})
        calls = ran.calls
        again, _ = operators.run(ATEN.native_batch_norm.default, call, {})
    assert ran.calls == calls
    assert [t.shape for t in again] == [t.shape for t in first]


def test_a_call_on_the_cpu_is_not_the_same_call_on_the_meta_device() -> None:
    """Models make small tables on the CPU; their values are needed."""
    operators = MetaOperators()
    operators.run(ATEN.relu.default, (meta(3),), {})
    result, met = operators.run(ATEN.relu.default, (torch.tensor([-1.0, 0.0, 2.0]),), {})
    assert met is None
    assert result.tolist() == [0.0, 0.0, 2.0]


def test_what_is_forgotten_is_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that counts all of timm does not keep every call that it met."""
    monkeypatch.setattr(meta_operators, "_MOST", 2)
    operators = MetaOperators()
    for side in (3, 4, 5, 3, 4, 5):
        assert operators.run(ATEN.relu.default, (meta(side, 2),), {})[0].shape == (side, 2)
        assert len(operators._met) <= 2


@pytest.mark.parametrize("mode", [Tally, _Observed])
def test_no_mode_is_wrapped_to_be_left_out_of_compiling(mode: type[TorchDispatchMode]) -> None:
    """torch's wrapper imports ``torch._dynamo`` in every process that counts."""
    assert not hasattr(mode.__dict__["__torch_dispatch__"], "__wrapped__")


class _Asked(TorchFunctionMode):
    """Functions that a function mode is asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.functions: list[str] = []

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.functions.append(func.__name__)
        return func(*args, **(kwargs or {}))


def test_a_tally_asks_function_modes_nothing() -> None:
    """The attributes of tensors that it reads are not the model's calls."""
    x, asked = meta(2, 3), _Asked()
    with Tally(), asked:
        torch.relu(torch.sigmoid(x))
    assert asked.functions == ["sigmoid", "relu"]
