"""Rules that rows of the catalogue are held to: each finds an error that public tables have made."""

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
"""Most that one chip or board gets from each type of memory, GB/s: of the widest bus on sale."""
_TWICE = ("fp16_bf16_tflops", "int8_tops")


@dataclass(frozen=True)
class Objection:
    """What is wrong with a row.

    Attributes:
        key: of the row.
        text: with the numbers.
        hint: what to do.
    """

    key: str
    text: str
    hint: str = ""


def objections(chip: Chip, known: Mapping[str, Chip]) -> list[Objection]:
    """Everything that speaks against a row.

    Args:
        chip: the row.
        known: rows that are trusted, by id; a row of the same chip is held against them.
    """
    excused = [rule(chip) for name, rule in RULES.items() if name not in chip.allow]
    return [found for found in (*excused, sparse(chip, known)) if found is not None]


def int8_over_fp16(chip: Chip) -> Objection | None:
    """Int8 runs at twice the rate of fp16, at four times where FP32 accumulation is halved, at the same on MI210."""
    if chip.int8_tops is None or chip.fp16_bf16_tflops is None:
        return None
    found, wanted = chip.int8_tops / chip.fp16_bf16_tflops, chip.int8_over_fp16
    if abs(found / wanted - 1) <= NEAR:
        return None
    text = f"{chip.int8_tops:g} is {found:.3g} times fp16_bf16_tflops; this row says it should be {wanted} times"
    return Objection("int8_tops", text, "is one of the two with sparsity, or with FP16 accumulation?")


def fp16_over_fp32(chip: Chip) -> Objection | None:
    """Dense half precision is at most 16.5 times fp32."""
    if chip.fp16_bf16_tflops is None or chip.fp32_tflops is None:
        return None
    found = chip.fp16_bf16_tflops / chip.fp32_tflops
    if found <= MOST_FP16_OVER_FP32:
        return None
    text = f"{chip.fp16_bf16_tflops:g} is {found:.3g} times fp32_tflops; dense peaks are at most 16.5 times"
    return Objection("fp16_bf16_tflops", text, "is it the figure with sparsity? the dense one is half of it")


def fp16_per_watt(chip: Chip) -> Objection | None:
    """No shipped row has more than 2.25 dense TFLOP/s per watt."""
    if chip.fp16_bf16_tflops is None or chip.watts is None:
        return None
    found = chip.fp16_bf16_tflops / chip.watts
    if found <= MOST_FP16_PER_WATT:
        return None
    text = f"{chip.fp16_bf16_tflops:g} is {found:.3g} TFLOP/s per watt; dense peaks are at most {MOST_FP16_PER_WATT:g}"
    return Objection("fp16_bf16_tflops", text, "is it the figure with sparsity? the dense one is half of it")


def bandwidth(chip: Chip) -> Objection | None:
    """Bandwidth is within what the type of memory gives."""
    if chip.bandwidth_gb_s is None or chip.memory is None or chip.bandwidth_gb_s <= MOST_GB_S[chip.memory]:
        return None
    text = f"{chip.bandwidth_gb_s:g} GB/s is more than {chip.memory} gives, {MOST_GB_S[chip.memory]}"
    return Objection("bandwidth_gb_s", text, "is it that of another chip?")


def sparse(chip: Chip, known: Mapping[str, Chip]) -> Objection | None:
    """A peak is not twice the dense one that is known of the same chip: that is the figure with sparsity."""
    same = next((row for row in known.values() if row.id == chip.id or set(row.names) & set(chip.names)), None)
    if same is None:
        return None
    for key in _TWICE:
        told, dense = getattr(chip, key), getattr(same, key)
        if told is not None and dense is not None and abs(told / dense / 2 - 1) <= NEAR:
            text = f"{told:g} is twice the dense peak of {same.id}, {dense:g}: with sparsity, or with FP16 accumulation"
            return Objection(key, text, f"write {dense:g}: peaks here are dense, with FP32 accumulation")
    return None


RULES: dict[str, Callable[[Chip], Objection | None]] = {
    "int8_over_fp16": int8_over_fp16,
    "fp16_over_fp32": fp16_over_fp32,
    "fp16_per_watt": fp16_per_watt,
    "bandwidth": bandwidth,
}
"""By the name under which a row may be excused."""
