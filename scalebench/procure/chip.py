"""Chip: one row of the hardware catalogue, and the rules for rows: each finds an error that public tables have made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from scalebench.suite.device_kinds import CPU
from scalebench.suite.strict import StrictModel

Mark = Literal["V", "A", "U", "X"]
MARKS: dict[Mark, str] = {
    "V": "read in a maintained public table that cites the datasheet, and consistent with own arithmetic",
    "A": "reproduced by arithmetic",
    "U": "unverified",
    "X": "sources conflict",
}
NUMBERS = ("memory_gb", "bandwidth_gb_s", "fp32_tflops", "fp16_bf16_tflops", "int8_tops", "watts")
"""Fields that a row has to give, possibly as null."""
NOT_PUBLISHED, CONFLICT, INSTALLED = "not published", "sources conflict", "as installed"
BASE_CLOCK = "peaks at base clock"
SHIPPED = "scalebench"

Half = Literal["fp16", "bf16"]
Memory = Literal["GDDR6", "GDDR6X", "GDDR7", "HBM2", "HBM2e", "HBM3", "HBM3e", "DDR4", "DDR5", "LPDDR5"]
RuleName = Literal["int8_over_fp16", "fp16_over_fp32", "bandwidth", "fp16_per_watt"]
"""Keys of ``RULES``, from which a row may be excused."""
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

_HALF: dict[str, Half] = {"fp16": "fp16", "amp_fp16": "fp16", "bf16": "bf16", "amp_bf16": "bf16"}
_PEAKS = {"fp32": "fp32_tflops", "int8": "int8_tops"} | dict.fromkeys(_HALF, "fp16_bf16_tflops")


class ChipSource(StrictModel):
    """Where numbers were read."""

    label: str = Field(min_length=1)
    url: str = Field("", pattern=r"^(https://\S+)?$")


class Chip(StrictModel):
    """A chip or board as it is rated; of a processor one socket. Peaks are dense, fp16 and bf16 with FP32 accumulation.

    Numbers are decimal: GB, GB/s, 10^12 operations per second, watts. None is not published, or, with mark X, sources
    conflict.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._+-]*$")]
    kind: Literal["gpu", "cpu", "accelerator"]
    names: tuple[str, ...] = Field((), description="as the driver or /proc/cpuinfo names it")
    cores: PositiveInt | None = Field(None, description="of a processor")
    base_ghz: PositiveFloat | None = Field(None, description="of a processor; its peaks are at this clock")
    memory: Memory | None = Field(description="serves the check of the bandwidth only")
    memory_gb: PositiveFloat | None
    bandwidth_gb_s: PositiveFloat | None
    fp32_tflops: PositiveFloat | None
    fp16_bf16_tflops: PositiveFloat | None
    half: tuple[Half, ...] = Field(("fp16", "bf16"), min_length=1, description="types that fp16_bf16_tflops is for")
    int8_tops: PositiveFloat | None
    int8_over_fp16: Literal[1, 2, 4] = Field(2, description="4 where FP32 accumulation runs at half rate")
    watts: PositiveFloat | None = Field(description="as the maker rates the board; not what a node takes at the wall")
    mark: Mark = Field(description="of every number that marks does not name")
    marks: dict[str, Mark] = Field(default_factory=dict)
    sources: tuple[ChipSource, ...] = ()
    allow: dict[RuleName, Annotated[str, Field(min_length=1)]] = Field(
        default_factory=dict, description="rules that the row is excused from, with the reason"
    )
    note: str = ""
    origin: str = Field(SHIPPED, description="file it was read from")

    @model_validator(mode="after")
    def _marks_fit(self) -> Chip:
        unknown = [name for name in self.marks if name not in NUMBERS]
        if unknown:
            raise ValueError(f"marks: {unknown[0]!r} is no number of a row; the numbers are {', '.join(NUMBERS)}")
        for name in NUMBERS:
            mark, value = self.mark_of(name), getattr(self, name)
            if mark == "X" and value is not None:
                raise ValueError(f"{name}: mark X says that sources conflict; then the number is null")
            if mark == "V" and value is not None and not any(source.url for source in self.sources):
                raise ValueError(f"{name}: mark V needs a source with a url")
        return self

    @model_validator(mode="after")
    def _processor_has_a_clock(self) -> Chip:
        if self.is_processor and (self.cores is None or self.base_ghz is None):
            raise ValueError("a processor needs cores and base_ghz: its peaks are at that clock")
        return self

    @property
    def is_processor(self) -> bool:
        """Whether the row is of a processor, not of a board."""
        return self.kind == CPU.name

    def mark_of(self, name: str) -> Mark:
        """Mark of a number of ``NUMBERS``: how far it can be trusted."""
        return self.marks.get(name, self.mark)

    def cell(self, name: str) -> str:
        """A number of ``NUMBERS`` with its mark for a table, ``121 A``; of a null the reason."""
        value = getattr(self, name)
        if value is None and self.is_processor and name == "memory_gb":
            return INSTALLED
        if value is None:
            return CONFLICT if self.mark_of(name) == "X" else NOT_PUBLISHED
        return f"{value:g} {self.mark_of(name)}"

    def peak(self, precision: str) -> float | None:
        """Dense peak at a case's precision in operations per second, two per multiply-add; None if unknown."""
        if precision not in _PEAKS or _HALF.get(precision, self.half[0]) not in self.half:
            return None
        tera: float | None = getattr(self, _PEAKS[precision])
        return None if tera is None else tera * 1e12

    @property
    def bandwidth(self) -> float | None:
        """Bytes per second; None if unknown."""
        return None if self.bandwidth_gb_s is None else self.bandwidth_gb_s * 1e9

    @property
    def remarks(self) -> str:
        """Remarks on the numbers."""
        clock = f"{BASE_CLOCK}, {self.base_ghz:g} GHz, a lower bound" if self.is_processor else ""
        one_half = len(self.half) == 1 and self.fp16_bf16_tflops is not None
        halves = f"the half-precision peak is for {self.half[0]}" if one_half else ""
        return "; ".join(filter(None, (clock, halves, self.note, *self.allow.values())))


@dataclass(frozen=True)
class RowProblem:
    """What is wrong at a key of a row, with the numbers, and a hint on what to do."""

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
    if same is None:
        return None
    for key in ("fp16_bf16_tflops", "int8_tops"):
        peak, dense = getattr(chip, key), getattr(same, key)
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
