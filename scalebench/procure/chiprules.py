"""Rules for the rows of the catalogue: each finds an error that public tables have made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scalebench.procure.chip import Chip

NEAR = 0.05
"""Makers round, and rate clocks differently per unit; L40S is listed at 2.025."""
MOST_FP16_OVER_FP32 = 16.5
"""A100 has 16; figures with sparsity are twice the dense ones, so most of them come out above."""
MOST_FP16_PER_WATT = 2.5
"""TFLOP/s per watt: the dense figures of the shipped rows reach 2.25 (B200); with sparsity H100 and L4 pass 2.8."""
MOST_GB_S = {
    "GDDR6": 1100, "GDDR6X": 1100, "GDDR7": 1900, "HBM2": 3700, "HBM2e": 3700, "HBM3": 5400, "HBM3e": 8100,
    "DDR4": 210, "DDR5": 900, "LPDDR5": 300,
}  # fmt: skip
"""Highest bandwidth of one chip or board with each type of memory, GB/s: of the widest bus on sale."""


@dataclass(frozen=True)
class RowProblem:
    """What is wrong with a row.

    Attributes:
        key: of the row.
        text: with the numbers.
        hint: what to do.
    """

    key: str
    text: str
    hint: str = ""


def row_problems(chip: Chip, trusted: Mapping[str, Chip]) -> list[RowProblem]:
    """Everything wrong with a row; ``trusted`` rows of the same chip, by id, are compared with it."""
    problems = [rule(chip) for name, rule in RULES.items() if name not in chip.allow]
    return [problem for problem in (*problems, _sparse(chip, trusted)) if problem is not None]


def _int8_over_fp16(chip: Chip) -> RowProblem | None:
    """Int8 runs at twice the rate of fp16, at four times where FP32 accumulation is halved, at the same on MI210."""
    if chip.int8_tops is None or chip.fp16_bf16_tflops is None:
        return None
    ratio, expected = chip.int8_tops / chip.fp16_bf16_tflops, chip.int8_over_fp16
    if abs(ratio / expected - 1) <= NEAR:
        return None
    text = f"{chip.int8_tops:g} is {ratio:.3g} times fp16_bf16_tflops; this row says it should be {expected} times"
    return RowProblem("int8_tops", text, "is one of the two with sparsity, or with FP16 accumulation?")


def _too_high(value: float | None, base: float | None, most: float, unit: str) -> RowProblem | None:
    """Half precision over something else is at most what dense peaks reach."""
    if value is None or base is None or value / base <= most:
        return None
    text = f"{value:g} is {value / base:.3g} {unit}; dense peaks are at most {most:g}"
    return RowProblem("fp16_bf16_tflops", text, "is it the figure with sparsity? the dense one is half of it")


def _bandwidth(chip: Chip) -> RowProblem | None:
    """Bandwidth is within what the type of memory allows."""
    if chip.bandwidth_gb_s is None or chip.memory is None or chip.bandwidth_gb_s <= MOST_GB_S[chip.memory]:
        return None
    text = f"{chip.bandwidth_gb_s:g} GB/s is more than {chip.memory} gives, {MOST_GB_S[chip.memory]}"
    return RowProblem("bandwidth_gb_s", text, "is it that of another chip?")


def _sparse(chip: Chip, trusted: Mapping[str, Chip]) -> RowProblem | None:
    """A peak twice the dense one in a trusted row of the same chip is the figure with sparsity."""
    same = next((row for row in trusted.values() if row.id == chip.id or set(row.names) & set(chip.names)), None)
    for key in ("fp16_bf16_tflops", "int8_tops"):
        peak, dense = getattr(chip, key), getattr(same, key, None)
        if peak is not None and dense is not None and abs(peak / dense / 2 - 1) <= NEAR:
            text = f"{peak:g} is twice the dense peak of {same.id}, {dense:g}: with sparsity, or with FP16 accumulation"
            return RowProblem(key, text, f"write {dense:g}: peaks here are dense, with FP32 accumulation")
    return None


RULES: dict[str, Callable[[Chip], RowProblem | None]] = {
    "int8_over_fp16": _int8_over_fp16,
    "fp16_over_fp32": lambda chip: _too_high(
        chip.fp16_bf16_tflops, chip.fp32_tflops, MOST_FP16_OVER_FP32, "times fp32_tflops"
    ),
    "fp16_per_watt": lambda chip: _too_high(chip.fp16_bf16_tflops, chip.watts, MOST_FP16_PER_WATT, "TFLOP/s per watt"),
    "bandwidth": _bandwidth,
}
"""By the name under which a row may be excused."""
