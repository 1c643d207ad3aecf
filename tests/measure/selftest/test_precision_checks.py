"""The ladder of precisions: each in another one's place fails."""

from __future__ import annotations

import math

import pytest
import torch

from scalebench.measure.selftest.bench import Bench
from scalebench.measure.selftest.precision_checks import judge_precisions, precisions, relative_error

HONEST = {"fp32": 2e-7, "tf32": 2.9e-4, "fp16": 3.5e-4, "bf16": 2.8e-3, "amp_fp16": 3.5e-4, "amp_bf16": 2.8e-3}


def test_honest_errors_pass() -> None:
    assert judge_precisions({name: (error, error) for name, error in HONEST.items()}, []).verdict == "pass"


@pytest.mark.parametrize(
    ("precision", "computed_in"),
    [
        ("fp32", "tf32"), ("fp32", "bf16"), ("tf32", "fp32"), ("tf32", "bf16"), ("fp16", "bf16"), ("fp16", "fp32"),
        ("bf16", "fp16"), ("amp_fp16", "fp32"), ("amp_bf16", "fp32"), ("amp_bf16", "fp16"),
    ],
)  # fmt: skip
def test_a_precision_in_anothers_place_fails(precision: str, computed_in: str) -> None:
    result = judge_precisions({precision: (HONEST[computed_in], HONEST[precision])}, [])
    assert result.verdict == "fail"
    assert f"outside the bounds: {precision}" in result.finding


@pytest.mark.parametrize("errors", [{"fp32": (2e-7, math.nan)}, {"fp32": (math.nan, 2e-7)}, {"fp32": (2e-7, 3e-3)}, {}])
def test_wrong_convolutions_and_no_numbers_fail(errors: dict[str, tuple[float, float]]) -> None:
    assert judge_precisions(errors, []).verdict == "fail"


def test_the_cpu_rounds_as_it_should(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real products, without fp16, which a CPU may only emulate; then one whose factors are rounded to bf16."""
    result = precisions(Bench("cpu", 2))
    assert result.verdict == "pass", result.finding
    assert result.figures["fp32"]["product"] < 1e-6
    assert result.figures["bf16"]["product"] == pytest.approx(2.8e-3, rel=0.3)
    assert "fp16" not in result.figures
    product = torch.matmul

    def rounding(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        pair = [x.bfloat16().to(x.dtype) if x.dtype == torch.float32 else x for x in (a, b)]
        return product(*pair)

    monkeypatch.setattr(torch, "matmul", rounding)
    rounded = precisions(Bench("cpu", 2))
    assert rounded.verdict == "fail"
    assert rounded.finding.endswith("outside the bounds: fp32")


def test_relative_error() -> None:
    assert relative_error(torch.tensor([3.0, 4.5]), torch.tensor([3.0, 4.0], dtype=torch.float64)) == 0.1
